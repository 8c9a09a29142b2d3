"""Supervise the socket activator of one account, as the account itself.

bin/serve has given up root and could not start a process as the account again. So each account has
two small processes: this one restarts the activator when it is killed, and an activator whose
supervisor is killed becomes the supervisor itself. Descriptors 3 and 4 are the activator's: the
listening socket, and a pipe that closes when bin/serve is gone. Both processes end then.
"""

import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path

LISTENING, LIFELINE = 3, 4
ACTIVATOR = Path(__file__).with_name("socket_activator.py")
FIRST_PAUSE, LONGEST_PAUSE, CALM = 0.1, 5.0, 10.0
"""Seconds between two starts of an activator: longer each time, unless it ran for CALM."""


def main() -> int:
    """Return exit status 0 when bin/serve is gone."""
    # Ctrl-C reaches every process of the terminal. The pipe tells when it is really time to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with selectors.DefaultSelector() as selector:
        selector.register(LIFELINE, selectors.EVENT_READ)
        selector.register(wake_read, selectors.EVENT_READ)
        pause, due = FIRST_PAUSE, 0.0
        activator: subprocess.Popen[bytes] | None = None
        started = 0.0
        while True:
            now = time.monotonic()
            if activator is not None and activator.poll() is not None:
                print(f"berth: activator ended ({activator.returncode})", flush=True)
                pause = FIRST_PAUSE if now - started > CALM else pause
                due = max(now + FIRST_PAUSE, started + pause)
                activator, pause = None, min(2 * pause, LONGEST_PAUSE)
            if activator is None and now >= due:
                activator, started = _start(), now
            wait = max(0.0, due - now) if activator is None else None
            ready = {key.fd for key, _ in selector.select(wait)}
            if LIFELINE in ready:
                return 0
            if wake_read in ready:
                os.read(wake_read, 4096)


def _start() -> "subprocess.Popen[bytes]":
    """Start an activator that notices by the end of a pipe when this process is gone."""
    theirs, ours = os.pipe()
    activator = subprocess.Popen(  # noqa: S603 - a fixed command
        [sys.executable, str(ACTIVATOR), str(theirs)],
        stdin=subprocess.DEVNULL,
        pass_fds=(LISTENING, LIFELINE, theirs),
    )
    os.close(theirs)
    _held.append(ours)
    for old in _held[:-1]:
        os.close(old)
    del _held[:-1]
    return activator


_held: list[int] = []
"""The writing end of the current activator's pipe, to which nothing is ever written."""

if __name__ == "__main__":
    sys.exit(main())
