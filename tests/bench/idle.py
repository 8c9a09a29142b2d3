"""Measure the CPU time of each of Berth's processes, idle and with open pages."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.memory import Process, processes_of
from tests.bench.podman import Podman


@dataclass(frozen=True)
class Used:
    """The CPU time of one process: seconds per minute."""

    process: Process
    seconds: float


def used(processes: Callable[[], list[Process]], seconds: float) -> list[Used]:
    """Return the CPU time per minute of each process that exists throughout `seconds`."""
    began, before = time.monotonic(), {each.pid: _nanoseconds(each.pid) for each in processes()}
    time.sleep(seconds)
    minutes = (time.monotonic() - began) / 60
    return [
        Used(each, (_nanoseconds(each.pid) - before[each.pid]) / 1e9 / minutes)
        for each in processes()
        if each.pid in before
    ]


def idle(root: int, seconds: float) -> list[Used]:
    """Return `used` for `root` and its descendants."""
    return used(lambda: processes_of(root), seconds)


def until_unwatched(root: int, within: float = 600.0) -> None:
    """Wait until idle engines have exited. Raises TimeoutError."""
    until = time.monotonic() + within
    while any(each.name in ("engine", "podman") for each in processes_of(root)):
        if time.monotonic() > until:
            raise TimeoutError("an engine does not end although nobody looks")
        time.sleep(1.0)


@contextmanager
def starts_and_stops(podman: Podman, image: str, every: float = 2.0) -> Iterator[None]:
    """Start and stop a container in a shell every two seconds during the block."""
    name, over = "bench-busy", threading.Event()
    podman("create", "--name", name, image, "sleep", "100000")

    def context() -> None:
        while not over.wait(every):
            podman("start", name)
            podman("stop", "-t", "0", name)

    worker = threading.Thread(target=context)
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()
        podman("rm", "-f", "-t", "0", name)


def _nanoseconds(pid: int) -> int:
    """Return the time of all its threads, more precise than the ticks of /proc/PID/stat."""
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(task.read_text().split()[0])
        except OSError:  # the thread has just ended
            continue
    return total


def report(found: list[Used], title: str) -> list[tuple[str, str]]:
    """Return the lines of the table."""
    total = sum(each.seconds for each in found)
    memory = sum(each.process.pss for each in found)
    lines = [(title, f"{total:8.3f} s of CPU a minute, {memory:.0f} MiB PSS")]
    for name in sorted({each.process.name for each in found}):
        group = [each for each in found if each.process.name == name]
        lines.append(
            (
                f"  {name} ×{len(group)}",
                f"{sum(each.seconds for each in group):8.3f} s   "
                f"{sum(each.process.pss for each in group):.0f} MiB",
            )
        )
    return lines
