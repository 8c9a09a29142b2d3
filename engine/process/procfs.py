"""What the kernel tells about a container's processes in /proc, where its cgroups tell nothing.

The account owns the container's user namespace, so it may look at every process in it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True)
class Usage:
    """Sums over all processes of a container."""

    cpu_seconds: float
    memory: int
    """Bytes; a page shared by several processes counts once in all."""
    pids: int


def has_own_cgroup(first: int, container: str) -> bool:
    """Whether the container whose first process is `first` has a cgroup, which bears its id.

    Where Podman may not make any, the container stays in the cgroup that Podman itself is in.
    """
    try:
        return container in (_PROC / str(first) / "cgroup").read_text()
    except OSError:
        return False


def usage(first: int) -> Usage | None:
    """What the container whose first process is `first` uses; None when it has ended."""
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
        except OSError:  # it has just ended, or is somebody else's
            continue
    return Usage(seconds, memory, count) if count else None


def network(first: int) -> tuple[int, int] | None:
    """Bytes in and out of the container's network namespace, without its loopback."""
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
    # The program's name may hold spaces and brackets: count from its last bracket.
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12]) + int(fields[13]) + int(fields[14])) / _TICKS


def _memory(process: Path) -> int:
    for line in (process / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def has_monitor(container: str) -> bool:
    """Whether a conmon runs for the container with this id, as its `--cid` says."""
    for place in _PROC.glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if b"conmon" in words[0] and container.encode() in words:
            return True
    return False
