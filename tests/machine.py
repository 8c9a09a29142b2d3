"""What a test worker has to itself on this machine: names, ports, and turns at what is shared.

Workers of pytest-xdist run at the same time. A Linux account, a port or a folder outside of
`tmp_path` gets its name here, so that no two workers want the same one.
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
"""gw0, gw1, …; empty where tests run one after the other."""
PREFIX = "berth-test-"
"""Begins the names of all Linux accounts of tests: `tests.leftovers` removes them."""
SYSTEMD = Path("/run/systemd/system").is_dir()
TURNS = Path("/run/lock")

# Below the kernel's own choice (32768 and up) and below the catalog's range (20000 and up).
_FIRST, _EACH = 10_000, 1_000
_ports = itertools.count(random.randrange(_EACH))


def own(name: str) -> str:
    """The name of an account, folder or network of this worker's own: berth-test-NAME-gw0."""
    return f"{PREFIX}{name}-{WORKER}" if WORKER else f"{PREFIX}{name}"


def free_port() -> int:
    """A TCP port that nobody uses now, and that no other worker is given."""
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
    """Have something of the machine to oneself; other workers wait."""
    TURNS.mkdir(parents=True, exist_ok=True)
    with (TURNS / f"berth-test-{what}").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def add_user(name: str, *options: str) -> pwd.struct_passwd:
    """As root: a fresh Linux account; one of that name from an earlier run goes first."""
    remove_user(name)
    with turn("accounts"):
        subprocess.run(["useradd", "--create-home", *options, name], check=True)
    return pwd.getpwnam(name)


def make_runtime(entry: pwd.struct_passwd) -> Path:
    """The runtime directory that a login would have made."""
    runtime = Path(f"/run/user/{entry.pw_uid}")
    runtime.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.chown(runtime, entry.pw_uid, entry.pw_gid)
    return runtime


def remove_user(name: str) -> None:
    """With all that runs as it, and all that it has."""
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
        subprocess.run(["userdel", "--force", name], capture_output=True, check=True)
    # Its files belong to the account's subordinate ids as well, which only root can remove.
    shutil.rmtree(entry.pw_dir, ignore_errors=True)


def end_processes(uid: int) -> None:
    """Kill all that runs with the uid, and what it starts meanwhile, until nothing does."""
    while found := _processes(uid):
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.02)


def _processes(uid: int) -> list[int]:
    """Of a uid, on this host and in its containers; zombies left out."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            state = (place / "stat").read_text().rpartition(")")[2].split()[0]
            if place.stat().st_uid == uid and state not in ("Z", "X"):
                found.append(int(place.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended just now
    return found


@contextmanager
def open_folder(name: str) -> Iterator[Path]:
    """A folder that other accounts may read; those of pytest are for root, and are closed again."""
    place = Path("/var/tmp") / own(name)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o755)
    try:
        yield place
    finally:
        shutil.rmtree(place)


def open_devices() -> None:
    """Let every account use what containers need for storage and networks."""
    for device in (Path("/dev/fuse"), Path("/dev/net/tun")):
        if device.exists() and device.stat().st_mode & 0o666 != 0o666:
            device.chmod(0o666)
