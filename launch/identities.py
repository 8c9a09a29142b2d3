"""The console's system users, and the Linux accounts that containers run as."""

import grp
import os
import pwd
import re
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from launch.errors import SetupError, say
from launch.privileges import as_root

SERVICE = "berth"
WEB_GROUP = "berth-web"
DEMO_ACCOUNT = "berth-demo"


@dataclass(frozen=True)
class Service:
    """The users of the console's processes. The web tier has a group of its own."""

    uid: int
    gid: int
    web_gid: int


@dataclass(frozen=True)
class Account:
    """An enrolled Linux account, and its engine's socket."""

    name: str
    uid: int
    gid: int
    home: Path
    runtime: Path
    socket: Path


def service() -> Service:
    """As root, return the system user and groups (created if missing); else the current user."""
    if os.geteuid() != 0:
        return Service(os.getuid(), os.getgid(), os.getgid())
    for group in (SERVICE, WEB_GROUP):
        if not _known(grp.getgrnam, group):
            say(f"making the system group {group}")
            _run("groupadd", "--system", group)
    if not _known(pwd.getpwnam, SERVICE):
        say(f"making the system user {SERVICE}")
        _run(
            *("useradd", "--system", "--gid", SERVICE, "--home-dir", "/var/lib/berth"),
            *("--no-create-home", "--shell", "/usr/sbin/nologin", SERVICE),
        )
    found = pwd.getpwnam(SERVICE)
    return Service(found.pw_uid, grp.getgrnam(SERVICE).gr_gid, grp.getgrnam(WEB_GROUP).gr_gid)


def accounts(names: tuple[str, ...], service: Service) -> list[Account]:
    """Return the accounts to serve, with everything that rootless Podman needs from the host.

    Raises SetupError for root, for another's account without root, and for missing subuid ranges.
    """
    if os.geteuid() != 0:
        own = pwd.getpwuid(os.getuid()).pw_name
        need_own(names, own)
        return [_account(own, service)]
    return [_account(name, service) for name in names or (DEMO_ACCOUNT,)]


def need_own(names: tuple[str, ...], own: str) -> None:
    """Refuse other accounts to an ordinary user."""
    others = [name for name in names if name != own]
    if others:
        raise SetupError(
            f"Only root can start engines of other accounts ({', '.join(others)}).",
            f"Leave --account away to run containers as {own}, or use sudo.",
        )


def _account(name: str, service: Service) -> Account:
    root = os.geteuid() == 0
    if root and not _known(pwd.getpwnam, name):
        check_name(name)
        say(f"making the Linux account {name}")
        _run("useradd", "--create-home", "--shell", "/bin/bash", name)
    found = pwd.getpwnam(name)
    check_name(name)
    need_ranges(name, found.pw_uid)
    if root:
        runtime = Path(f"/run/user/{found.pw_uid}")
        _need_runtime(runtime, found.pw_uid, found.pw_gid)
        place = Path("/run/berth") / str(found.pw_uid)
        place.mkdir(parents=True, exist_ok=True)
        place.parent.chmod(0o755)
        os.chown(place, found.pw_uid, service.gid)
        place.chmod(0o2750)
    else:
        runtime = own_runtime(found.pw_uid, found.pw_gid)
        place = runtime / "berth"
        place.mkdir(mode=0o700, exist_ok=True)
    return Account(
        name, found.pw_uid, found.pw_gid, Path(found.pw_dir), runtime, place / "engine.sock"
    )


def check_name(name: str) -> None:
    """Refuse root, and names that are invalid for a new account."""
    if _known(pwd.getpwnam, name):
        if pwd.getpwnam(name).pw_uid == 0:
            raise SetupError("Containers of root are not rootless.", "Name another account.")
    elif not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", name):
        raise SetupError(f"{name!r} cannot be the name of a Linux account.", "Choose another.")


def need_ranges(name: str, uid: int) -> None:
    """Refuse an account without subordinate ids. The remedy names unused ranges."""
    missing = [kind for kind in ("uid", "gid") if not _has_range(name, uid, kind)]
    if not missing:
        return
    first = _first_free_id()
    words = " ".join(f"--add-sub{kind}s {first}-{first + 65535}" for kind in missing)
    sudo = "" if os.geteuid() == 0 else "sudo "
    files = " and ".join(f"/etc/sub{kind}" for kind in missing)
    raise SetupError(
        f"The account {name} has no range in {files}, which rootless Podman needs.",
        f"Run: {sudo}usermod {words} {name}",
    )


def _has_range(name: str, uid: int, kind: str) -> bool:
    return any(owner in (name, str(uid)) for owner, _ in _ranges(kind))


def _first_free_id() -> int:
    return max([100_000, *(end for kind in ("uid", "gid") for _, end in _ranges(kind))])


def _ranges(kind: str) -> list[tuple[str, int]]:
    """Return the owner of each range in /etc/subuid or /etc/subgid, and the number after it."""
    file = Path(f"/etc/sub{kind}")
    lines = file.read_text(errors="replace").splitlines() if file.exists() else []
    parts = [line.split(":") for line in lines]
    return [
        (each[0], int(each[1]) + int(each[2]))
        for each in parts
        if len(each) == 3 and each[1].isdecimal() and each[2].isdecimal()
    ]


def own_runtime(uid: int, gid: int) -> Path:
    """Return an ordinary user's directory for sockets: the session's, or what a login creates."""
    given = Path(os.environ.get("XDG_RUNTIME_DIR") or "/")
    if given.is_absolute() and _is_private(given, uid):
        return given
    runtime = Path(f"/run/user/{uid}")
    _need_runtime(runtime, uid, gid)
    return runtime


def _need_runtime(runtime: Path, uid: int, gid: int) -> None:
    if _is_private(runtime, uid):
        return
    say(f"making {runtime}, which no login session has made")
    if not runtime.parent.is_dir():
        as_root("install", "-d", "-m", "0755", "/run/user")
    as_root("install", "-d", "-m", "0700", "-o", str(uid), "-g", str(gid), str(runtime))


def _is_private(place: Path, uid: int) -> bool:
    try:
        found = place.stat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode) and found.st_uid == uid and stat.S_IMODE(found.st_mode) == 0o700
    )


def _known(look_up: object, name: str) -> bool:
    try:
        look_up(name)  # type: ignore[operator]
    except KeyError:
        return False
    return True


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True)  # noqa: S603 - no shell, own words
    if done.returncode:
        output = (done.stderr or done.stdout).strip().splitlines()
        raise SetupError(
            f"`{' '.join(argv)}` failed: {output[-1] if output else done.returncode}", ""
        )
