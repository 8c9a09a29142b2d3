"""Pods, and what they share with the host.

Volumes of ConfigMaps and Secrets count as raw: Podman writes their files into a named volume as the
account, with `..` in their names and through links that a container left there (CVE-2025-9566).
"""

import re

from engine.policy import requests as r
from engine.policy.kube import security
from engine.policy.kube.containers import containers
from engine.policy.kube.plain_yaml import Value
from engine.policy.kube.reader import FIELD, Read, Table, anything, each_of, line, take, true
from engine.schema.messages import msg

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,250}")


def _host_network(read: Read, where: str, value: Value) -> None:
    if true(read, where, value):
        read.namespace("network", "hostNetwork")
        read.namespace("uts", msg("hostNetwork, with the host's name,"))


def _host_pid(read: Read, where: str, value: Value) -> None:
    if true(read, where, value):
        read.namespace("pid", "hostPID")


def _host_ipc(read: Read, where: str, value: Value) -> None:
    if true(read, where, value):
        read.namespace("ipc", "hostIPC")


def pod(read: Read, where: str, value: Value) -> None:
    """Read the spec of a pod."""
    take(read, where, value, _POD)
    if isinstance(value, dict):
        _volumes(read, where, value)


def _volumes(read: Read, where: str, spec: dict[str, Value]) -> None:
    """Read volumes. A host path is writable if any container may write to it."""
    writable: set[str] = set()
    mounted: set[str] = set()
    for part in ("containers", "initContainers"):
        for container in each_of(read, where, spec.get(part) or []):
            mounts = container.get("volumeMounts") or []
            for mount in each_of(read, f"{where}.volumeMounts", mounts):
                name = str(mount.get("name"))
                mounted.add(name)
                if mount.get("readOnly") != "true":
                    writable.add(name)
    for volume in each_of(read, f"{where}.volumes", spec.get("volumes") or []):
        name = line(read, f"{where}.volumes.name", volume.get("name"))
        kinds = set(volume) - {"name"}
        if len(kinds) != 1 or not NAME.fullmatch(name):
            read.raw(msg("%(where)s.volumes (a name and one source are expected)", where=where))
            continue
        (kind,) = kinds
        source = volume[kind]
        if kind == "hostPath":
            _host_path(read, f"{where}.volumes", source, name in mounted - writable)
        elif kind == "persistentVolumeClaim":
            claim = source.get("claimName") if isinstance(source, dict) else None
            if not isinstance(claim, str) or not NAME.fullmatch(claim):
                read.raw(f"{where}.volumes.persistentVolumeClaim")
            take(read, f"{where}.volumes", source, {"claimName": anything, "readOnly": anything})
        elif kind != "emptyDir":
            read.raw(f"{where}.volumes.{kind[:60]}")


def _host_path(read: Read, where: str, source: Value, read_only: bool) -> None:
    take(read, where, source, {"path": anything, "type": anything})
    found = source if isinstance(source, dict) else {}
    path = line(read, f"{where}.hostPath.path", found.get("path"))
    kind = found.get("type") or ""
    if kind in ("BlockDevice", "CharDevice"):
        if ":" in path:
            read.raw(f"{where}.hostPath.path")
        read.requests.append(r.Device(name=path, field=FIELD))
    elif kind in ("", "Directory", "File", "Socket", "DirectoryOrCreate", "FileOrCreate"):
        # Creating something missing is writing.
        closed = read_only and not str(kind).endswith("OrCreate")
        read.requests.append(r.Bind(source=path, read_only=closed, field=FIELD))
    else:
        read.raw(f"{where}.hostPath.type")


_POD: Table = {
    **dict.fromkeys(
        (
            "restartPolicy", "terminationGracePeriodSeconds", "dnsPolicy", "dnsConfig", "hostname",
            "hostAliases", "enableServiceLinks", "automountServiceAccountToken", "nodeSelector",
            "serviceAccountName", "imagePullSecrets",
            # Shared among the pod's own containers only.
            "shareProcessNamespace",
            # false excludes the account's ids; true is Podman's default.
            "hostUsers",
            "volumes",
        ),
        anything,
    ),
    "containers": containers,
    "initContainers": containers,
    "hostNetwork": _host_network,
    "hostPID": _host_pid,
    "hostIPC": _host_ipc,
    "securityContext": security.of_pod,
}  # fmt: skip
