"""The doctor: what rootless Podman and the account's units require, with a remedy per finding."""

import os
import shutil
import stat
from pathlib import Path
from typing import Any, Literal

from engine.podman import api
from engine.podman.client import Podman
from engine.process.environment import account_name
from engine.schema.errors import EngineError
from engine.schema.messages import joined, msg
from engine.schema.unit_queries import Finding
from engine.systemd import network_online, quadlets, selinux
from engine.systemd.inventory import lingers
from engine.systemd.user_manager import Systemd, absent

_FEW_KEYS = 40
_WANTED = ("cpu", "memory", "pids")


async def findings(podman: Podman, systemd: Systemd) -> list[Finding]:
    """Return all findings, in the order in which to fix them."""
    answer = await api.info(podman)
    host, store = answer["host"], answer["store"]
    found = [_lingering(), *await _manager(systemd), _runtime_directory(), _bus()]
    found += [_range("subuid"), _range("subgid"), _mapper()]
    found += [_cgroup(host), _storage(store), _runtime(host), _podman(answer), _ports(), _keys()]
    found.append(_selinux())
    if not absent():
        found.append(await _network(systemd))
    return found


def _finding(
    name: str, ok: bool, text: str, remedy: str = "", bad: Literal["warning", "problem"] = "problem"
) -> Finding:
    return Finding(name=name, state="ok" if ok else bad, text=text, remedy="" if ok else remedy)


def _lingering() -> Finding:
    on = lingers()
    text = (
        msg("Lingering is on: units start at boot and outlive logins.")
        if on
        else msg(
            "Lingering is off: units start at the account's first login, and end with its last."
        )
    )
    return _finding("lingering", on, text, f"loginctl enable-linger {account_name()}")


async def _manager(systemd: Systemd) -> list[Finding]:
    if reason := absent():
        remedy = msg("Units cannot be offered here; everything else works.")
        return [Finding(name="user-manager", state="problem", text=reason, remedy=remedy)]
    try:
        state = str(await systemd.manager("SystemState"))
        failed = await systemd.names("failed")
    except EngineError as error:
        return [
            Finding(name="user-manager", state="problem", text=error.report.message,
                    remedy=f"systemctl restart user@{os.getuid()}.service")
        ]  # fmt: skip
    text = (
        msg(
            "The user manager is %(state)s. Failed: %(failed)s.",
            state=state,
            failed=", ".join(failed),
        )
        if failed
        else msg("The user manager is %(state)s.", state=state)
    )
    return [
        _finding(
            "user-manager", not failed, text, msg("Look at the failed units' journals."), "warning"
        )
    ]


def _runtime_directory() -> Finding:
    place = os.environ.get("XDG_RUNTIME_DIR", "")
    try:
        facts = Path(place or "/nonexistent").stat()
        ok = facts.st_uid == os.getuid() and not facts.st_mode & (stat.S_IRWXO | stat.S_IRWXG)
        text = (
            msg("XDG_RUNTIME_DIR is %(place)s.", place=place)
            if ok
            else msg("XDG_RUNTIME_DIR is %(place)s, which others may enter.", place=place)
        )
    except OSError:
        ok, text = False, msg("XDG_RUNTIME_DIR (%(place)s) is not there.", place=place or "not set")
    remedy = msg("logind makes it at a login or with lingering; su and sudo do not.")
    return _finding("runtime-directory", ok, text, remedy)


def _bus() -> Finding:
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    path = Path(address.removeprefix("unix:path=").partition(",")[0] or "/nonexistent")
    ok = path.is_socket()
    text = (
        msg("The session bus is %(path)s.", path=path)
        if ok
        else msg("The account has no session bus.")
    )
    return _finding("bus", ok, text, msg("Install the package dbus-user-session."), "warning")


def _range(name: str) -> Finding:
    account, count = account_name(), 0
    try:
        lines = Path(f"/etc/{name}").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        parts = line.split(":")
        if len(parts) == 3 and parts[0] in (account, str(os.getuid())) and parts[2].isdigit():
            count += int(parts[2])
    text = (
        msg("%(count)s %(name)ss belong to the account.", count=count, name=name)
        if count
        else msg("No %(name)ss for the account.", name=name)
    )
    option = "--add-subuids" if name == "subuid" else "--add-subgids"
    return _finding(
        name,
        count >= 65536,
        text,
        f"usermod {option} 200000-265535 {account}, then podman system migrate",
        "warning" if count else "problem",
    )


def _mapper() -> Finding:
    found = {name: shutil.which(name) for name in ("newuidmap", "newgidmap")}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        text = msg("%(missing)s missing.", missing=" and ".join(missing))
        return _finding("newuidmap", False, text, msg("Install the package uidmap."))
    powerless = [path for path in found.values() if path and not _is_privileged(path)]
    text = msg("newuidmap and newgidmap may map ids.")
    if powerless:
        text = msg(
            "%(powerless)s may not map ids: neither setuid nor with a capability.",
            powerless=", ".join(powerless),
        )
    return _finding("newuidmap", not powerless, text, msg("Install the package uidmap again."))


def _is_privileged(path: str) -> bool:
    facts = os.stat(path)
    try:
        return bool(facts.st_mode & stat.S_ISUID or os.getxattr(path, "security.capability"))
    except OSError:
        return False


def _cgroup(host: dict[str, Any]) -> Finding:
    version = str(host.get("cgroupVersion") or "")
    delegated = [str(each) for each in host.get("cgroupControllers") or []]
    missing = [each for each in _WANTED if each not in delegated] if version == "v2" else _WANTED
    text: str = msg(
        "cgroup %(version)s; delegated to the account: %(delegated)s.",
        version=version,
        delegated=", ".join(delegated) or "none",
    )
    if version != "v2":
        return _finding(
            "cgroup", False,
            msg("cgroup %(version)s: nothing can be limited without root.", version=version),
            msg("Boot with cgroup v2 (systemd.unified_cgroup_hierarchy=1)."), "warning",
        )  # fmt: skip
    if missing:
        kept = msg("Limits on %(missing)s cannot be kept.", missing=", ".join(missing))
        text = joined([text, kept])
    remedy = "/etc/systemd/system/user@.service.d/delegate.conf: [Service] Delegate=cpu memory pids"
    return _finding("cgroup", not missing, text, remedy, "warning")


def _storage(store: dict[str, Any]) -> Finding:
    driver = str(store.get("graphDriverName"))
    text = msg(
        "Images and containers are stored with %(driver)s in %(get)s.",
        driver=driver,
        get=store.get("graphRoot"),
    )
    remedy = msg("Install fuse-overlayfs before the first image: vfs copies every layer.")
    return _finding("storage", driver != "vfs", text, remedy, "warning")


def _runtime(host: dict[str, Any]) -> Finding:
    name = str((host.get("ociRuntime") or {}).get("name") or "")
    return _finding("runtime", bool(name), msg(
        "The OCI runtime is %(name)s.", name=name or 'missing'),
                    msg("Install crun or runc."))  # fmt: skip


def _podman(info: dict[str, Any]) -> Finding:
    version = str(info["version"]["Version"])
    able = bool(quadlets.generator())
    text = (
        msg("Podman %(version)s, with Quadlets.", version=version)
        if able
        else msg("Podman %(version)s, without Quadlets.", version=version)
    )
    remedy = msg("Quadlets come with Podman 4.4; here `generate systemd --new` is offered.")
    return _finding("podman", able, text, remedy, "warning")


def _ports() -> Finding:
    try:
        first = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    except OSError:
        first = 1024
    return Finding(
        name="ports",
        state="ok",
        text=msg("The account may publish ports from %(first)s on.", first=first),
        remedy=""
        if first <= 80
        else msg("For lower ones: sysctl net.ipv4.ip_unprivileged_port_start"),
    )


def _keys() -> Finding:
    """Check the kernel's keys: each running container needs one, and an account has few."""
    try:
        taken, most = key_quota(Path("/proc/key-users").read_text(), os.getuid())
    except OSError:
        taken, most = 0, 0
    if not most:
        return Finding(
            name="keys", state="ok", text=msg("The kernel does not count the account's keys.")
        )
    return _finding(
        "keys",
        most - taken > _FEW_KEYS,
        msg(
            "%(taken)s of the account's %(most)s kernel keys are taken. Each running container "
            "takes one.",
            taken=taken,
            most=most,
        ),
        msg(
            "sysctl kernel.keys.maxkeys=2000 kernel.keys.maxbytes=200000, or keyring=false under "
            "[containers] in ~/.config/containers/containers.conf"
        ),
        "warning",
    )


def key_quota(listed: str, uid: int) -> tuple[int, int]:
    """Return how many keys an account uses and may use, from the text of /proc/key-users.

    0, 0 if the text does not include the account. Format: proc(5).
    """
    for line in listed.splitlines():
        owner, _, rest = line.partition(":")
        if owner.strip() == str(uid) and len(quotas := rest.split()) >= 4:
            keys, bytes_ = (each.partition("/")[::2] for each in quotas[2:4])
            taken, most = int(keys[0]), int(keys[1])
            # The size counts as well: convert the remaining bytes to keys of the current average
            # size.
            size = max(1, int(bytes_[0]) // max(1, taken))
            return taken, min(most, taken + (int(bytes_[1]) - int(bytes_[0])) // size)
    return 0, 0


def _selinux() -> Finding:
    on = selinux.is_on()
    if on and not shutil.which("restorecon"):
        return _finding("selinux", False, msg("SELinux is on, but restorecon is not installed."),
                        msg("Install policycoreutils."), "warning")  # fmt: skip
    text = (
        msg("SELinux is on: labels of written files are restored.")
        if on
        else msg("SELinux is off.")
    )
    return Finding(name="selinux", state="ok", text=text)


async def _network(systemd: Systemd) -> Finding:
    """Check the host's network-online.target, for which Quadlets wait up to 90 s."""
    facts = await systemd.properties(network_online.WAITER)
    if facts.get("LoadState") != "loaded":
        return Finding(
            name="network-online", state="ok", text=msg("No unit waits for the network.")
        )
    if await network_online.is_reached():
        text = msg(
            "The host reached network-online.target: Quadlets that wait for it start at once."
        )
        return Finding(name="network-online", state="ok", text=text)
    return Finding(
        name="network-online",
        state="warning",
        text=msg(
            "Nothing on this host reaches network-online.target: Quadlets that wait for it start "
            "90 s late at boot. Those that Berth writes from a container do not wait."
        ),
        remedy=msg(
            "systemctl enable systemd-networkd-wait-online (or NetworkManager-wait-online), or "
            "something that starts the target: systemctl add-wants multi-user.target "
            "network-online.target. Or, in each file: DefaultDependencies=false under [Quadlet]"
        ),
    )
