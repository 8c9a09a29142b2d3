"""Measure operations per second through the whole pipeline, with ones that are cheap for Podman."""

import threading
import time
from typing import Any

from tests.bench.console import Console

CALLERS = 4


def throughput(console: Console, account: str, image: str, count: int) -> dict[str, float]:
    """Tag an image `count` times from several callers. Return seconds and operations per second."""
    failures: list[BaseException] = []
    per_caller = count // CALLERS

    def caller(number: int) -> None:
        own = Console(console.url, console.token)
        try:
            query = [
                own.submit(
                    account, "image.tag", image=image, tag=f"localhost/bench-{number}:{turn}"
                )
                for turn in range(per_caller)
            ]
            for operation in query:
                own.ended(operation)
        except Exception as error:
            failures.append(error)

    began = time.perf_counter()
    threads = [threading.Thread(target=caller, args=(number,)) for number in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    seconds = time.perf_counter() - began
    tags = [f"localhost/bench-{n}:{turn}" for n in range(CALLERS) for turn in range(per_caller)]
    for start in range(0, len(tags), 100):
        console.ended(
            console.submit(account, "image.untag", image=image, tags=tags[start : start + 100])
        )
    done = per_caller * CALLERS
    return {"count": done, "seconds": seconds, "rate": done / seconds}


def report(figures: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the lines of the table."""
    return [
        (
            f"{figures['count']} × image.tag, {CALLERS} callers",
            f"{figures['rate']:8.1f} a second, each queued, audited and watched to its end",
        )
    ]
