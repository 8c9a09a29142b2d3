"""Run the console's processes, restart those that die, and end them together."""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from launch.errors import SetupError, say
from launch.pdeathsig import end_with_parent

GRACE = 5.0
# While something starts: the first and further messages, and when to give up.
FIRST_WORD, NEXT_WORD, STANDSTILL = 5.0, 10.0, 60.0
FIRST_PAUSE, LONGEST_PAUSE, CALM = 0.1, 5.0, 10.0


@dataclass
class Process:
    """One process to keep running."""

    name: str
    argv: list[str]
    environment: dict[str, str]
    log: Path
    cwd: Path
    gid: int | None = None
    """A group to change to, without any other."""
    popen: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    pause: float = field(default=FIRST_PAUSE)
    due: float = 0.0

    def start(self) -> None:
        """Start it, with its output appended to its log."""
        gid = self.gid

        def set_up() -> None:
            if gid is not None:
                os.setresgid(gid, gid, gid)
            # After the change of group, which would revert it: however the supervisor dies, this
            # process ends too, and leaves the port and the database to the next start.
            end_with_parent(signal.SIGTERM)

        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(  # noqa: S603 - fixed commands
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=self.cwd,
                # Ctrl-C is for the supervisor, which then ends them in order.
                start_new_session=True,
                preexec_fn=set_up,
            )
        self.started = time.monotonic()

    def plan_restart(self, now: float) -> None:
        """Set when it is due after it has ended: at once if it was started a while ago.

        The pause limits how often it is started, and grows while it keeps ending soon.
        """
        if now - self.started > CALM:
            self.pause = FIRST_PAUSE
        self.popen = None
        self.due = max(now + FIRST_PAUSE, self.started + self.pause)
        self.pause = min(self.pause * 2, LONGEST_PAUSE)


class Stopped(Exception):
    """Raised in the main flow by Ctrl-C or SIGTERM."""


def stop_on_signals() -> None:
    """Make SIGINT and SIGTERM raise Stopped from now on."""

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Stopped

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)


def wait_until(answers: Callable[[], bool], processes: list[Process], what: str) -> None:
    """Wait for `answers()` as long as the processes live and make progress. Report occasionally.

    Raises SetupError with the log's last line if one has ended, or if they neither used the
    processor nor wrote anything for a whole minute.
    """
    started = moved = time.monotonic()
    due, progress = started + FIRST_WORD, [_work_done(each) for each in processes]
    while not answers():
        now = time.monotonic()
        dead = [p for p in processes if p.popen is not None and p.popen.poll() is not None]
        if (done := [_work_done(each) for each in processes]) != progress:
            progress, moved = done, now
        if dead or now - moved > STANDSTILL:
            fault = f"{dead[0].name} has ended" if dead else f"{what} does not answer"
            log = (dead or processes)[0].log
            raise SetupError(
                f"{fault}: {_last_line(log) or 'it said nothing'}",
                f"The whole story is in {log}.",
            )
        if now > due:
            due = now + NEXT_WORD
            say(f"waiting for {what}, which is starting ({now - started:.0f} s so far)")
        time.sleep(0.03)


def _work_done(process: Process) -> tuple[int, int]:
    """Return what grows while a process makes progress: its family's CPU time, and its log."""
    ticks = sum(_ticks(pid) for pid in _family(process.popen.pid)) if process.popen else 0
    return ticks, process.log.stat().st_size if process.log.exists() else 0


def _family(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        with contextlib.suppress(OSError):  # it has just ended
            children = Path(f"/proc/{each}/task/{each}/children").read_text()
            found += [int(child) for child in children.split()]
    return found


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0  # it has just ended
    return int(fields[11]) + int(fields[12])  # proc(5): utime, stime


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else ""


def keep_running(processes: list[Process]) -> None:
    """Restart processes that end, after growing pauses, until Stopped is raised."""
    ended, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        now = time.monotonic()
        for process in processes:
            if process.popen is None:
                if now >= process.due:
                    process.start()
            elif process.popen.poll() is not None:
                say(f"{process.name} ended ({process.popen.returncode}); it is started again")
                process.plan_restart(now)
        due = [process.due for process in processes if process.popen is None]
        wait = max(0.0, min(due) - time.monotonic()) if due else None
        if select.select([ended], [], [], wait)[0]:
            os.read(ended, 4096)


def end(processes: list[Process]) -> None:
    """End them in the reverse order of their start, first by SIGTERM."""
    for process in reversed(processes):
        if process.popen is not None and process.popen.poll() is None:
            process.popen.terminate()
    deadline = time.monotonic() + GRACE
    for process in reversed(processes):
        if process.popen is None:
            continue
        try:
            process.popen.wait(max(0.05, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.popen.pid, signal.SIGKILL)
            process.popen.wait()
