"""Security contexts of pods and containers."""

from engine.policy import requests as r
from engine.policy.kube.plain_yaml import Value
from engine.policy.kube.reader import FIELD, Read, Take, anything, line, take, true


def _privileged(read: Read, where: str, value: Value) -> None:
    if true(read, where, value):
        read.requests.append(r.Privileged(description="privileged: true", field=FIELD))


def _capabilities(read: Read, where: str, value: Value) -> None:
    take(read, where, value, {"add": _add_capabilities, "drop": anything})


def _add_capabilities(read: Read, where: str, value: Value) -> None:
    for each in value if isinstance(value, list) else [value]:
        read.requests.append(r.Capability(name=line(read, where, each), field=FIELD))


def _selinux(read: Read, where: str, value: Value) -> None:
    def label(read: Read, where: str, value: Value) -> None:
        word = where.rpartition(".")[2].lower()
        read.option(f"label={word}:{line(read, where, value)}")

    words = ("user", "role", "type", "level", "filetype")
    take(read, where, value, dict.fromkeys(words, label))


def _profile(read: Read, where: str, value: Value) -> None:
    """Request raw: current Podman ignores these, but a later one may not."""
    found = value if isinstance(value, dict) else {}
    if set(found) - {"type", "localhostProfile"} or not found:
        read.raw(where)
    elif found.get("type") != "RuntimeDefault":
        kind = "seccomp" if "seccomp" in where else "apparmor"
        description = found.get("localhostProfile") or found.get("type")
        read.option(
            f"{kind}={str(description).lower() if description == 'Unconfined' else description}"
        )


def _proc_mount(read: Read, where: str, value: Value) -> None:
    if value != "Default":
        read.option("unmask=ALL")


_SECURITY: dict[str, Take] = {
    "runAsUser": anything, "runAsGroup": anything, "runAsNonRoot": anything,
    "seLinuxOptions": _selinux, "seccompProfile": _profile, "appArmorProfile": _profile,
}  # fmt: skip


def of_container(read: Read, where: str, value: Value) -> None:
    """Read the securityContext of a container."""
    take(read, where, value, _SECURITY | {
        "privileged": _privileged, "capabilities": _capabilities, "procMount": _proc_mount,
        # Podman's default, too.
        "allowPrivilegeEscalation": true, "readOnlyRootFilesystem": anything,
    })  # fmt: skip


def of_pod(read: Read, where: str, value: Value) -> None:
    """Read the securityContext of a pod."""
    own = {"fsGroup": anything, "fsGroupChangePolicy": anything, "supplementalGroups": anything,
           "sysctls": anything}  # fmt: skip
    take(read, where, value, {**_SECURITY, **own})
