"""Annotations of pods and their controllers. Some act as options of `podman run`."""

from engine.policy.kube.plain_yaml import Value
from engine.policy.kube.reader import Read
from engine.schema.messages import msg

_HARMLESS_ANNOTATIONS = {
    "io.containers.autoupdate", "io.containers.sdnotify", "io.podman.annotations.init",
    "io.podman.annotations.ulimit", "kubectl.kubernetes.io/default-container",
}  # fmt: skip
# Written by `podman kube generate`, mostly with the value false.
_SWITCHES = {
    "io.podman.annotations.privileged", "io.podman.annotations.autoremove",
    "io.podman.annotations.publish-all",
}  # fmt: skip
_SECCOMP = (
    "seccomp.security.alpha.kubernetes.io/", "container.seccomp.security.alpha.kubernetes.io/",
    "io.podman.annotations.seccomp",
)  # fmt: skip
_APPARMOR = ("container.apparmor.security.beta.kubernetes.io/", "io.podman.annotations.apparmor")


def annotations(read: Read, where: str, value: Value) -> None:
    """Read each annotation by its name, with or without the name of its container."""
    if not isinstance(value, dict):
        read.raw(where)
        return
    for key, each in value.items():
        name = key.partition("/")[0]
        description = each if isinstance(each, str) else ""
        if key in _HARMLESS_ANNOTATIONS or name in _HARMLESS_ANNOTATIONS:
            continue
        if name in _SWITCHES:
            if description.lower() != "false":
                read.raw(msg("The annotation %(key)s", key=key[:120]))
        elif name == "io.podman.annotations.userns":
            if description.partition(":")[0] not in ("keep-id", "auto", "nomap", "private"):
                read.namespace("user", f"userns {description[:80]}")
        elif key.startswith(_SECCOMP):
            if description not in ("runtime/default", "docker/default"):
                read.option(f"seccomp={description[:120]}")
        elif key.startswith(_APPARMOR):
            read.option(f"apparmor={description[:120]}")
        elif name == "io.podman.annotations.label":
            read.option(f"label={description[:120]}")
        else:
            read.raw(msg("The annotation %(key)s", key=key[:120]))
