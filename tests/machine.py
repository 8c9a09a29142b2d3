"""Resources of this machine for one test worker: names, ports, and turns at shared things.

Workers of pytest-xdist run at the same time. Linux accounts, ports, and folders outside of
`tmp_path` get their names here, so that no two workers use the same one.
"""

import fcntl
import itertools
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
"""gw0, gw1, …; empty if tests run one after the other."""
PREFIX = "berth-test-"
"""The prefix of all Linux accounts of tests, which `tests.leftovers` removes."""
SYSTEMD = Path("/run/systemd/system").is_dir()
TURNS = Path("/run/lock")

# Below the kernel's own range (32768 and up) and the catalog's (20000 and up).
_FIRST, _EACH = 10_000, 1_000
_ports = itertools.count(random.randrange(_EACH))


def own(name: str) -> str:
    """Return the name of this worker's own account, folder, or network: berth-test-NAME-gw0."""
    return f"{PREFIX}{name}-{WORKER}" if WORKER else f"{PREFIX}{name}"


def free_port() -> int:
    """Return a TCP port that is free, and that no other worker gets."""
    first = _FIRST + _EACH * (int(WORKER.removeprefix("gw") or 0) % 10)
    for number in itertools.islice(_ports, _EACH):
        port = first + number % _EACH
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"all ports from {first} to {first + _EACH} are in use")


@contextmanager
def turn(what: str) -> Iterator[None]:
    """Reserve a shared part of the machine. Other workers wait."""
    TURNS.mkdir(parents=True, exist_ok=True)
    with (TURNS / f"berth-test-{what}").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def add_user(name: str, *options: str) -> pwd.struct_passwd:
    """Create a Linux account, as root. Removes one of that name from an earlier run."""
    remove_user(name)
    with turn("accounts"):
        subprocess.run(["useradd", "--create-home", *options, name], check=True)
    return pwd.getpwnam(name)


def make_runtime(entry: pwd.struct_passwd) -> Path:
    """Create the runtime directory that a login would have created."""
    runtime = Path(f"/run/user/{entry.pw_uid}")
    runtime.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.chown(runtime, entry.pw_uid, entry.pw_gid)
    return runtime


def remove_user(name: str) -> None:
    """Remove an account with its processes and files."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return
    with turn("accounts"):
        if SYSTEMD:
            subprocess.run(["loginctl", "disable-linger", name], capture_output=True)
            unit = f"user@{entry.pw_uid}.service"
            subprocess.run(["systemctl", "kill", "--signal=KILL", unit], capture_output=True)
            subprocess.run(["systemctl", "stop", unit], capture_output=True)
        end_processes(entry.pw_uid)
        # Before the account: the next one may get its uid.
        for place in (f"/run/user/{entry.pw_uid}", f"/run/berth/{entry.pw_uid}"):
            shutil.rmtree(place, ignore_errors=True)
        # It counts containers, which are gone: after 2048 of them Podman makes no more.
        Path(f"/dev/shm/libpod_rootless_lock_{entry.pw_uid}").unlink(missing_ok=True)
        subprocess.run(["userdel", "--force", name], capture_output=True, check=True)
    # Its files also belong to the account's subordinate ids, and only root can remove them.
    shutil.rmtree(entry.pw_dir, ignore_errors=True)


def end_processes(uid: int) -> None:
    """Kill all processes of the uid, including those they start in the meantime."""
    while found := _processes(uid):
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.02)


def _processes(uid: int) -> list[int]:
    """Return the uid's processes, on this host and in its containers, without zombies."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            state = (place / "stat").read_text().rpartition(")")[2].split()[0]
            if place.stat().st_uid == uid and state not in ("Z", "X"):
                found.append(int(place.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
    return found


@contextmanager
def open_folder(name: str) -> Iterator[Path]:
    """Yield a folder that other accounts can read. pytest's own are only for root."""
    place = Path("/var/tmp") / own(name)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o755)
    try:
        yield place
    finally:
        shutil.rmtree(place)


def open_devices() -> None:
    """Give every account access to the devices that containers need for storage and networks."""
    for device in (Path("/dev/fuse"), Path("/dev/net/tun")):
        if device.exists() and device.stat().st_mode & 0o666 != 0o666:
            device.chmod(0o666)
