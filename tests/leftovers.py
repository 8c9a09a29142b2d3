"""End and remove what a killed run left behind, so that the next run finds a clean machine."""

import os
import pwd
import signal
import subprocess
import time
from pathlib import Path

from tests.machine import PREFIX, remove_user
from tests.policies.host_file import restore

MARK = "TESTS_OF_BERTH"
"""A variable in the environment of everything that tests start."""
FOLDERS = (f"/var/tmp/{PREFIX}", "/var/tmp/berth-postgresql-", "/tmp/berth-data-")
"""The data of tests' consoles, lab hosts, and servers."""


def remove() -> None:
    """Remove leftovers. Requires root, and that no other run is active."""
    for pid in _marked():
        _kill(pid)
    while _marked():
        time.sleep(0.02)
    for entry in pwd.getpwall():
        if entry.pw_name.startswith(PREFIX):
            remove_user(entry.pw_name)
    found = [
        str(path)
        for each in FOLDERS
        for path in Path(each).parent.glob(f"{Path(each).name}*")
        if path.is_dir()
    ]
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in reversed(mounts):
        if any(mount == path or mount.startswith(f"{path}/") for path in found):
            subprocess.run(["umount", "--lazy", mount], check=True)
    subprocess.run(["rm", "-rf", "--one-file-system", "--", *found], check=True)
    restore()


def _marked() -> list[int]:
    line = own_line()
    return [
        pid
        for pid in (int(place.name) for place in Path("/proc").glob("[0-9]*"))
        if pid not in line and is_left(pid)
    ]


def is_left(pid: int) -> bool:
    """Return whether tests started it, or it serves their data; only in our own pid namespace."""
    try:
        if os.readlink(f"/proc/{pid}/ns/pid") != os.readlink("/proc/self/ns/pid"):
            return False
        place = Path(f"/proc/{pid}")
        given = (place / "environ").read_bytes()
        # Redis overwrites its environment.
        answer = (place / "cmdline").read_bytes()
        return any(each.encode() in given for each in (f"{MARK}=", *FOLDERS)) or any(
            f"unixsocket:{each}".encode() in answer for each in FOLDERS
        )
    except (FileNotFoundError, ProcessLookupError):
        return False  # it has just ended


def own_line() -> set[int]:
    """Return this process and its ancestors."""
    found, pid = set(), os.getpid()
    while pid > 0:
        found.add(pid)
        status = Path(f"/proc/{pid}/status").read_text()
        pid = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))
    return found


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it has just ended
