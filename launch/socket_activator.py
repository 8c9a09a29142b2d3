"""Keep an account's socket open and start its engine on the first connection, as the account.

This replaces systemd's socket activation on machines without it. Descriptor 3 is the listening
socket, 4 the reading end of a pipe from bin/serve: when that closes, for whatever reason, the
engine is ended, and then this process. The argument is the reading end of a pipe from
activation.py: when only that closes, this process replaces it. An engine ends with its activator,
so that the next activator finds the socket and the account free.
"""

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

LISTENING, LIFELINE = 3, 4
ACTIVATION = Path(__file__).with_name("activation.py")
# The engine expects its own pid in LISTEN_PID, which is known only after the fork. 1 is
# PR_SET_PDEATHSIG (linux/prctl.h), 9 is SIGKILL: two engines must not run at once.
STARTER = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9);"
    "os.getppid() == int(sys.argv[1]) or sys.exit(1);"
    "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1');"
    "os.execv(sys.executable, [sys.executable, '-m', 'engine'])"
)
FIRST_PAUSE, LONGEST_PAUSE, CALM = 0.1, 2.0, 10.0
"""Seconds between two starts of an engine that fails: longer each time, unless it ran for CALM."""


def main() -> int:
    """Return exit status 0 when the supervisor is gone."""
    # Ctrl-C reaches every process of the terminal. The pipe tells when it is really time to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    supervisor = int(sys.argv[1])
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    listener = socket.socket(fileno=LISTENING)
    engine: subprocess.Popen[bytes] | None = None
    started = due = 0.0
    pause = FIRST_PAUSE
    while True:
        wait = max(0.0, due - time.monotonic()) if engine is None else 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(LIFELINE, selectors.EVENT_READ)
            selector.register(wake_read, selectors.EVENT_READ)
            selector.register(supervisor, selectors.EVENT_READ)
            if engine is None and not wait:
                selector.register(listener, selectors.EVENT_READ)
            ready = {key.fd for key, _ in selector.select(wait or None)}
        if LIFELINE in ready:
            listener.close()
            _end(engine)
            return 0
        if supervisor in ready:
            print("berth: the activator's supervisor ended; it is started again", flush=True)
            _end(engine)
            os.close(supervisor)
            for kept in (LISTENING, LIFELINE):
                os.set_inheritable(kept, True)
            os.execv(sys.executable, [sys.executable, str(ACTIVATION)])  # noqa: S606
        if wake_read in ready:
            os.read(wake_read, 4096)
        if engine is not None:
            if engine.poll() is not None:
                failed, engine = engine.returncode != 0, None
                now = time.monotonic()
                if not failed or now - started > CALM:
                    pause = FIRST_PAUSE
                if failed:
                    due = max(now + FIRST_PAUSE, started + pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
        elif LISTENING in ready:
            started = time.monotonic()
            engine = subprocess.Popen(  # noqa: S603 - a fixed command
                [sys.executable, "-c", STARTER, str(os.getpid())],
                stdin=subprocess.DEVNULL,
                pass_fds=[LISTENING],
            )


def _end(engine: "subprocess.Popen[bytes] | None") -> None:
    if engine is None:
        return
    engine.terminate()
    try:
        engine.wait(5)
    except subprocess.TimeoutExpired:
        engine.kill()


if __name__ == "__main__":
    sys.exit(main())
