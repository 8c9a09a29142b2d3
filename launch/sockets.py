"""Open each account's socket and start its activator."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from launch.errors import SetupError
from launch.identities import Account, Service

LONGEST_PATH = 107  # bytes of a Unix socket's path
ENDING = 7.0  # seconds: slightly more than an activator gives its engine
ACTIVATION = Path(__file__).parent / "activation.py"


def open_sockets(accounts: list[Account], service: Service, code: Path, logs: Path) -> int:
    """Start an activator for each account. Return the end of a pipe to keep open."""
    lifeline, keep = os.pipe()
    for account in accounts:
        _open_socket(account, service, code, logs, lifeline)
    os.close(lifeline)
    return keep


def _open_socket(account: Account, service: Service, code: Path, logs: Path, lifeline: int) -> None:
    path = account.socket
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise SetupError(f"{path} is too long for a Unix socket.", "Set a shorter XDG_RUNTIME_DIR.")
    _need_nobody_behind(path, account)
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    root = os.geteuid() == 0
    if root:
        os.chown(path, account.uid, service.gid)
    path.chmod(0o660 if root else 0o600)
    groups = os.getgrouplist(account.name, account.gid) if root else []

    def become() -> None:
        # Move them to 3 and 4 through numbers that cannot be either of them.
        kept = [os.dup(listener.fileno()), os.dup(lifeline)]
        os.dup2(kept[0], 3)
        os.dup2(kept[1], 4)
        if root:
            os.setgroups(groups)
            os.setresgid(account.gid, account.gid, account.gid)
            os.setresuid(account.uid, account.uid, account.uid)
        # As the account: the kernel reports the listening user to clients, even before an engine.
        listener.listen(128)

    log = os.open(
        logs / f"engine-{account.name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
    )
    if root:
        os.fchown(log, service.uid, service.gid)
    subprocess.Popen(  # noqa: S603 - a fixed command
        [sys.executable, str(ACTIVATION)],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env=_environment(account, service, code),
        cwd="/",
        pass_fds=(3, 4),
        preexec_fn=become,
        start_new_session=True,
    )
    os.close(log)
    listener.close()


def _need_nobody_behind(path: Path, account: Account) -> None:
    """Refuse a socket that a running Berth uses. Waits for one that is ending."""
    deadline = time.monotonic() + ENDING
    while True:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
            try:
                knock.connect(str(path))
            except (FileNotFoundError, ConnectionRefusedError):
                return
        if time.monotonic() > deadline:
            raise SetupError(
                f"Another Berth serves the account {account.name}.",
                "End it (Ctrl-C there, or bin/enroll ACCOUNT --remove), or name another --account.",
            )
        time.sleep(0.1)


def _environment(account: Account, service: Service, code: Path) -> dict[str, str]:
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(account.home),
        "USER": account.name,
        "LOGNAME": account.name,
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "XDG_RUNTIME_DIR": str(account.runtime),
        "PYTHONPATH": str(code),
        "PYTHONDONTWRITEBYTECODE": "1",
        "BERTH_ENGINE_PEER_UIDS": str(service.uid),
    }
    if "BERTH_BUILD_FROM_GIT" in os.environ:
        environment["BERTH_BUILD_FROM_GIT"] = os.environ["BERTH_BUILD_FROM_GIT"]
    bus = account.runtime / "bus"
    if bus.is_socket():
        environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bus}"
    return environment
