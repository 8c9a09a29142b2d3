"""The system users of the console, and the Linux accounts that containers run as."""

import grp
import os
import pwd
import re
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from launch.refusal import Refusal, say

SERVICE = "berth"
WEB_GROUP = "berth-web"
DEMO_ACCOUNT = "berth-demo"


@dataclass(frozen=True)
class Service:
    """Who the console's processes run as; web has a group of its own, and not the worker's."""

    uid: int
    gid: int
    web_gid: int


@dataclass(frozen=True)
class Account:
    """A Linux account that takes part, and where its engine listens."""

    name: str
    uid: int
    gid: int
    home: Path
    runtime: Path
    socket: Path


def service() -> Service:
    """As root: the system user and groups, made when missing; else whoever runs this."""
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
    """The accounts to serve, with all that rootless Podman needs of the host.

    Raises Refusal for root, for another's account without being root, for missing subuid ranges.
    """
    if os.geteuid() != 0:
        own = pwd.getpwuid(os.getuid()).pw_name
        others = [name for name in names if name != own]
        if others:
            raise Refusal(
                f"Only root can start engines of other accounts ({', '.join(others)}).",
                f"Leave --account away to run containers as {own}, or use sudo.",
            )
        return [_account(own, service)]
    return [_account(name, service) for name in names or (DEMO_ACCOUNT,)]


def _account(name: str, service: Service) -> Account:
    root = os.geteuid() == 0
    if root and not _known(pwd.getpwnam, name):
        if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", name):
            raise Refusal(f"{name!r} cannot be the name of a Linux account.", "Choose another.")
        say(f"making the Linux account {name}")
        _run("useradd", "--create-home", "--shell", "/bin/bash", name)
    found = pwd.getpwnam(name)
    if found.pw_uid == 0:
        raise Refusal("Containers of root are not rootless.", "Name another account.")
    for kind in ("uid", "gid"):
        _need_range(name, found.pw_uid, kind)
    runtime = Path(f"/run/user/{found.pw_uid}")
    _need_runtime(runtime, found.pw_uid, found.pw_gid)
    if root:
        place = Path("/run/berth") / str(found.pw_uid)
        place.mkdir(parents=True, exist_ok=True)
        place.parent.chmod(0o755)
        os.chown(place, found.pw_uid, service.gid)
        place.chmod(0o2750)
    else:
        place = runtime / "berth"
        place.mkdir(mode=0o700, exist_ok=True)
    return Account(
        name, found.pw_uid, found.pw_gid, Path(found.pw_dir), runtime, place / "engine.sock"
    )


def _need_range(name: str, uid: int, kind: str) -> None:
    file = Path(f"/etc/sub{kind}")
    lines = file.read_text().splitlines() if file.exists() else []
    if any(line.split(":")[0] in (name, str(uid)) for line in lines if line.count(":") == 2):
        return
    raise Refusal(
        f"The account {name} has no range in {file}, which rootless Podman needs.",
        f"Run: usermod --add-sub{kind}s 200000-265535 {name} (a range that no one else has)",
    )


def _need_runtime(runtime: Path, uid: int, gid: int) -> None:
    try:
        found = runtime.stat()
        if found.st_uid == uid and stat.S_IMODE(found.st_mode) == 0o700:
            return
    except FileNotFoundError:
        pass  # no login session has made it
    say(f"making {runtime}, which no login session has made")
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    _run(*sudo, "install", "-d", "-m", "0755", "/run/user")
    _run(*sudo, "install", "-d", "-m", "0700", "-o", str(uid), "-g", str(gid), str(runtime))


def _known(look_up: object, name: str) -> bool:
    try:
        look_up(name)  # type: ignore[operator]
    except KeyError:
        return False
    return True


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True)  # noqa: S603 - no shell, own words
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Refusal(f"`{' '.join(argv)}` failed: {said[-1] if said else done.returncode}", "")
