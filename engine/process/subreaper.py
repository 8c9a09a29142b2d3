"""Run a program so that everything it starts can be ended, however deep and detached.

    python subreaper.py PARENT PROGRAM ARGUMENT…

A build starts a runtime, which starts the processes of a RUN step, which leave their sessions and
lose their parents. This process is their subreaper: processes without a parent become its children,
so the tree below it is always complete. SIGTERM, or the death of PARENT (a pid), kills the tree.
Exit status: the program's own, or 143 if it was killed.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_WOKEN_BY = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
ENDED = 143
PATIENCE = 20.0


def main() -> int:
    """Run the program, as described above."""
    libc = ctypes.CDLL(None, use_errno=True)
    signal.pthread_sigmask(signal.SIG_BLOCK, _WOKEN_BY)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(sys.argv[1]):  # the parent died before the call
        return ENDED
    child = subprocess.Popen(  # noqa: S603 - no shell
        sys.argv[2:], preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, _WOKEN_BY)
    )
    while True:
        woken = signal.sigwait(_WOKEN_BY)
        if woken != signal.SIGCHLD:
            _kill_all()
            return ENDED
        status = _reap(child.pid)
        if status is not None:
            return os.waitstatus_to_exitcode(status) & 0xFF


def _reap(wanted: int) -> int | None:
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == wanted:
            found = status


def _kill_all() -> None:
    deadline = time.monotonic() + PATIENCE
    while (left := _descendants()) and time.monotonic() < deadline:
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        _reap(0)
        time.sleep(0.01)


def _descendants() -> set[int]:
    """Return the pids below this process, without Podman's pause process, which others need."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                fields = (place / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended
            children.setdefault(int(fields[1]), []).append(int(place.name))
    found: set[int] = set()
    waiting = [os.getpid()]
    while waiting:
        for pid in children.get(waiting.pop(), []):
            found.add(pid)
            waiting.append(pid)
    return found - {_pause_process()}


def _pause_process() -> int:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    try:
        return int((Path(runtime) / "libpod/tmp/pause.pid").read_text())
    except (OSError, ValueError):
        return 0


if __name__ == "__main__":
    sys.exit(main())
