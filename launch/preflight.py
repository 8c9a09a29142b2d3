"""Checks of `bin/serve` before anything is installed, for errors that would otherwise come late.

Runs with the system's own Python, so it only uses the standard library.
"""

import errno
import fcntl
import os
import pwd
import socket
import sys
from pathlib import Path

from launch import options
from launch.errors import SetupError
from launch.identities import DEMO_ACCOUNT, check_name, need_own, need_ranges, own_runtime
from launch.privileges import open_devices


def main() -> int:
    """Return exit status 0, 1 after printing one line with a remedy, or 2 for wrong usage."""
    given = options.read(sys.argv[1:])
    try:
        need_free_data(given.data)
        need_free_port(given.bind, given.port)
        if os.geteuid() == 0:
            for name in given.accounts or (DEMO_ACCOUNT,):
                check_name(name)
                if (found := _known(name)) is not None:
                    need_ranges(found.pw_name, found.pw_uid)
        else:
            own = pwd.getpwuid(os.getuid())
            need_own(given.accounts, own.pw_name)
            need_ranges(own.pw_name, own.pw_uid)
            # Both may need sudo, which then asks for its password now.
            own_runtime(own.pw_uid, own.pw_gid)
            open_devices()
    except SetupError as refusal:
        print(f"berth: {refusal}".strip(), file=sys.stderr)
        return 1
    return 0


def need_free_data(data: Path) -> None:
    """Refuse data that another bin/serve is using. Creates nothing."""
    try:
        lock = os.open(data / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return
    try:
        take(lock, data)
    finally:
        os.close(lock)


def take(lock: int, data: Path) -> None:
    """Lock a data directory through its open lock file, until that is closed."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SetupError(
            f"Another bin/serve uses {data}.",
            "End it first (Ctrl-C where it runs), or give another --data DIR.",
        ) from None


def need_free_port(bind: str, port: int) -> None:
    """Refuse an address on which the server cannot listen."""
    problem = _why_not(bind, port)
    if not problem:
        return
    others = range(port + 1, min(port + 20, 65535) + 1)
    free = next((str(other) for other in others if not _why_not(bind, other)), "N")
    raise SetupError(
        f"Port {port} on {bind} {problem}.", f"Choose another with --port {free} or --bind ADDRESS."
    )


def _why_not(bind: str, port: int) -> str:
    try:
        family = socket.AF_INET6 if ":" in bind else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((bind, port))
    except OSError as error:
        return "is in use" if error.errno == errno.EADDRINUSE else f"fails: {error.strerror}"
    return ""


def _known(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


if __name__ == "__main__":
    sys.exit(main())
