"""Read about a container's processes in /proc, for containers whose cgroup tells nothing.

The account owns the container's user namespace, so it can read about every process in it.
"""

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True)
class Usage:
    """Totals of all processes of a container."""

    cpu_seconds: float
    memory: int
    """Bytes. A page shared by several processes counts once in total."""
    pids: int


def has_own_cgroup(first: int, container: str) -> bool:
    """Return whether the container of the process `first` has a cgroup, named after its id.

    If Podman cannot create cgroups, the container stays in Podman's own.
    """
    try:
        return container in (_PROC / str(first) / "cgroup").read_text()
    except OSError:
        return False


def usage(first: int) -> Usage | None:
    """Return the resource use of the container of the process `first`, or None if it ended."""
    try:
        namespace = os.readlink(_PROC / str(first) / "ns/pid")
    except OSError:
        return None
    seconds, memory, count = 0.0, 0, 0
    for process in _PROC.iterdir():
        if not process.name.isdigit():
            continue
        try:
            if os.readlink(process / "ns/pid") != namespace:
                continue
            seconds += _cpu_seconds(process)
            memory += _memory(process)
            count += 1
        except OSError:  # it has just ended, or belongs to somebody else
            continue
    return Usage(seconds, memory, count) if count else None


def network(first: int) -> tuple[int, int] | None:
    """Return received and sent bytes of the container's network namespace, without loopback."""
    try:
        lines = (_PROC / str(first) / "net/dev").read_text().splitlines()[2:]
    except OSError:
        return None
    received, sent = 0, 0
    for line in lines:
        name, _, numbers = line.partition(":")
        if name.strip() != "lo":
            fields = numbers.split()
            received, sent = received + int(fields[0]), sent + int(fields[8])
    return received, sent


def _cpu_seconds(process: Path) -> float:
    # The program's name may contain spaces and parentheses: start after the last parenthesis.
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12]) + int(fields[13]) + int(fields[14])) / _TICKS


def _memory(process: Path) -> int:
    for line in (process / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def open_monitor(container: str) -> int | None:
    """Open a pidfd of the conmon of the container with this id, found by its `--cid`.

    The caller closes it. None means that no conmon runs for the container.
    """
    for place in _PROC.glob("[0-9]*"):
        try:
            pidfd = os.pidfd_open(int(place.name))
        except ProcessLookupError:
            continue
        with suppress(OSError):  # it has just ended
            # Read after the opening: the number cannot be another process's by now.
            words = (place / "cmdline").read_bytes().split(b"\0")
            if b"conmon" in words[0] and container.encode() in words:
                return pidfd
        os.close(pidfd)
    return None


async def wait_for_end(pidfd: int, seconds: float) -> bool:
    """Wait until the process has ended; return False if it still runs after `seconds`."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(pidfd, ended.set)
    try:
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(pidfd)
    return True
