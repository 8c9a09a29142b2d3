"""Measure the memory of Berth's processes, with the kernel's proportional share of pages (PSS)."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PLAIN = """
import django.core.handlers.asgi, django.db.models, django.template
print(flush=True)
input()
"""


@dataclass(frozen=True)
class Process:
    """One of Berth's processes; sizes in MiB."""

    pid: int
    name: str
    pss: float
    rss: float


def processes_of(root: int) -> list[Process]:
    """Return `root` and its descendants."""
    parents: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = status.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        parents.setdefault(int(after_name[1]), []).append(int(status.parent.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        waiting += parents.get(pid, [])
        found += _process(pid)
    return sorted(found, key=lambda process: -process.pss)


def _process(pid: int) -> list[Process]:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        sizes = {
            line.split(":")[0]: int(line.split()[1]) / 1024
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        }
    except OSError:  # it has just ended
        return []
    return [Process(pid, _name(words), sizes.get("Pss", 0), sizes.get("Rss", 0))] if sizes else []


def _name(words: list[str]) -> str:
    known = ("gunicorn", "celery", "observe", "engine", "redis-server", "podman", "launch")
    return next((k for k in known if any(k in word for word in words[:6])), words[0][-30:])


def plain_django() -> float:
    """Return the MiB of an interpreter that has loaded Django and no application."""
    with subprocess.Popen(
        [sys.executable, "-c", PLAIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as plain:
        plain.stdout.readline()  # type: ignore[union-attr]
        [process] = _process(plain.pid)
        plain.communicate(b"\n")
        return process.pss


def report(processes: list[Process], title: str, plain: float) -> list[tuple[str, str]]:
    """Return the lines of the table. `plain` is an interpreter with Django alone."""
    names = sorted({process.name for process in processes})
    lines = [
        (
            title,
            f"{sum(p.pss for p in processes):8.1f} MiB PSS, "
            f"{sum(p.rss for p in processes):.1f} MiB RSS, {len(processes)} processes",
        )
    ]
    for name in names:
        group = [process for process in processes if process.name == name]
        pss = sum(p.pss for p in group)
        lines.append((f"  {name} ×{len(group)}", f"{pss:8.1f} MiB PSS   ratio {pss / plain:.1f}"))
    lines.append(("  an interpreter with Django alone", f"{plain:8.1f} MiB PSS"))
    return lines
