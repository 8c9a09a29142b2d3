"""Keeps an account's socket open and starts its engine at the first knock, as the account itself.

What systemd's socket activation does, for machines without it. Descriptor 3 is the listening
socket, 4 the reading end of a pipe from the supervisor: when that closes, however it came about,
the engine is ended, and then this.
"""

import os
import selectors
import signal
import socket
import subprocess
import sys
import time

LISTENING, LIFELINE = 3, 4
# The engine wants its own pid in LISTEN_PID, which is known only after the fork.
STARTER = (
    "import os, sys; os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1');"
    "os.execv(sys.executable, [sys.executable, '-m', 'engine'])"
)
PAUSE_AFTER_FAILURE = 0.5


def main() -> int:
    """Exit status 0 when the supervisor is gone."""
    # Ctrl-C reaches every process of the terminal; the pipe says when it is really time.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    door = socket.socket(fileno=LISTENING)
    engine: subprocess.Popen[bytes] | None = None
    while True:
        with selectors.DefaultSelector() as selector:
            selector.register(LIFELINE, selectors.EVENT_READ)
            selector.register(wake_read, selectors.EVENT_READ)
            if engine is None:
                selector.register(door, selectors.EVENT_READ)
            ready = {key.fd for key, _ in selector.select()}
        if LIFELINE in ready:
            door.close()
            _end(engine)
            return 0
        if wake_read in ready:
            os.read(wake_read, 4096)
        if engine is not None:
            if engine.poll() is not None:
                failed, engine = engine.returncode != 0, None
                time.sleep(PAUSE_AFTER_FAILURE if failed else 0)
        elif LISTENING in ready:
            engine = subprocess.Popen(  # noqa: S603 - a fixed command
                [sys.executable, "-c", STARTER], stdin=subprocess.DEVNULL, pass_fds=[LISTENING]
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
