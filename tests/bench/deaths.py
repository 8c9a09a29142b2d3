"""Measure from a container's death to the server-sent event that updates its row."""

import queue
import threading
import time
import uuid
from statistics import median, quantiles
from urllib.parse import quote

from tests.bench.console import Console
from tests.bench.podman import Podman


def deaths(console: Console, account: str, podman: Podman, image: str, runs: int) -> list[float]:
    """Return the milliseconds from the end of `podman kill` to the event, for each run."""
    arrived: queue.Queue[tuple[str, str, float]] = queue.Queue()

    def read() -> None:
        for event in console.events(f"/live/accounts/{quote(account)}/"):
            arrived.put(event)

    threading.Thread(target=read, daemon=True).start()
    arrived.get(timeout=10)  # hello
    return [_one(podman, image, arrived) for _ in range(runs)]


def _one(podman: Podman, image: str, arrived: "queue.Queue[tuple[str, str, float]]") -> float:
    name = f"bench-{uuid.uuid4().hex[:12]}"
    identity = podman("run", "-d", "--name", name, image, "sleep", "600").strip()
    pid = int(podman("inspect", "--format", "{{.State.Pid}}", name))
    time.sleep(0.7)  # the events of its start have arrived
    while not arrived.empty():
        arrived.get()
    died = time.time()
    _kill(pid)
    try:
        while True:
            event, _, at = arrived.get(timeout=10)
            if event == f"container-{identity[:12]}":
                return (at - died) * 1000
    finally:
        podman("rm", "-f", "-t", "0", name)


def _kill(pid: int) -> None:
    import os
    import signal

    os.kill(pid, signal.SIGKILL)


def report(figures: list[float]) -> list[tuple[str, str]]:
    """Return the lines of the table."""
    p95 = quantiles(figures, n=20)[-1]
    return [
        ("death to its event, p50", f"{median(figures):8.1f} ms"),
        ("death to its event, p95", f"{p95:8.1f} ms   (aim ≤ 250 ms)"),
    ]
