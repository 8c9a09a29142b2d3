"""Prepare the environment that rootless Podman needs if a bare launcher did not."""

import os
import pwd
import stat
from pathlib import Path


def prepare() -> None:
    """Set HOME, XDG_RUNTIME_DIR, and the session bus if they are unset and really exist.

    A login sets these; `su`, `sudo`, and plain launchers omit some. Podman would then keep its
    state in other places than in the account's own shell, and the two would not see each other's
    containers.
    """
    os.umask(0o077)
    account = pwd.getpwuid(os.getuid())
    os.environ.setdefault("HOME", account.pw_dir)
    os.environ.setdefault("USER", account.pw_name)
    os.environ.setdefault("LOGNAME", account.pw_name)
    runtime = Path(f"/run/user/{account.pw_uid}")
    if "XDG_RUNTIME_DIR" not in os.environ and _is_own_directory(runtime):
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    bus = runtime / "bus"
    if "DBUS_SESSION_BUS_ADDRESS" not in os.environ and bus.is_socket():
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={bus}"
    # Podman refuses to run in a directory that the account cannot enter.
    os.chdir(account.pw_dir if os.access(account.pw_dir, os.X_OK) else "/")


def account_name() -> str:
    """Return the Linux account that this process runs as."""
    return pwd.getpwuid(os.getuid()).pw_name


def runtime_directory() -> Path:
    """Return a private directory for sockets that is empty after a reboot."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    return _private(Path(base) / "berth" if base else state_directory() / "run")


def state_directory() -> Path:
    """Return the directory for the engine's state, mode 0700."""
    base = os.environ.get("XDG_STATE_HOME")
    root = Path(base) if base else Path(os.environ["HOME"]) / ".local" / "state"
    return _private(root / "berth")


def has_user_manager() -> bool:
    """Return whether systemd runs for the account (units, health check timers, cgroups)."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    return bool(runtime) and (Path(runtime) / "systemd" / "private").is_socket()


def _private(directory: Path) -> Path:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    return directory


def _is_own_directory(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
