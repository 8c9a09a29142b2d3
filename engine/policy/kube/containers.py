"""The containers of a pod."""

import re

from engine.policy import requests as r
from engine.policy.kube import security
from engine.policy.kube.plain_yaml import Value
from engine.policy.kube.reader import FIELD, Read, Table, anything, each_of, line, take, true
from engine.schema.messages import msg

NUMBER = re.compile(r"0|[1-9]\d{0,9}")
_MEMORY = re.compile(r"(0|[1-9]\d{0,12})([kMGT]|[KMGT]i)?")
_CPUS = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)|(\d{1,9})m")
_SIZES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
          "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}  # fmt: skip
_DEVICE = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+=(.+)")


def containers(read: Read, where: str, value: Value) -> None:
    """Read the containers or init containers of a pod."""
    for container in each_of(read, where, value):
        read.count += read.replicas
        take(read, where, container, _CONTAINER)
        image = container.get("image")
        read.requests.append(
            r.Image(name=image if isinstance(image, str) and image else "none", field=FIELD)
        )
        _limits(read, where, container.get("resources"))


def _limits(read: Read, where: str, resources: Value) -> None:
    limits = resources.get("limits") if isinstance(resources, dict) else None
    found = limits if isinstance(limits, dict) else {}
    memory, cpus = found.get("memory"), found.get("cpu")
    most: dict[str, float] = {}
    if memory is not None:
        # Podman misreads fractions (1.5Gi becomes ten times as much).
        if isinstance(memory, str) and (description := _MEMORY.fullmatch(memory)):
            most["memory"] = int(description[1]) * _SIZES[description[2] or ""]
        else:
            read.raw(
                msg(
                    "%(where)s.resources.limits.memory (a whole number such as 512Mi is expected)",
                    where=where,
                )
            )
    if cpus is not None:
        if isinstance(cpus, str) and (description := _CPUS.fullmatch(cpus)):
            most["cpus"] = float(description[1]) if description[1] else int(description[2]) / 1000
        else:
            read.raw(f"{where}.resources.limits.cpu")
    read.requests.append(
        r.Limits(
            memory=int(most["memory"]) if most.get("memory") else None,
            cpus=most.get("cpus") or None,
            field=FIELD,
        )
    )


def _amounts(read: Read, where: str, value: Value) -> None:
    if not isinstance(value, dict):
        read.raw(where)
        return
    for key in value:
        if found := _DEVICE.fullmatch(key):
            own = key.startswith("podman.io/device=")
            read.requests.append(r.Device(name=found[1] if own else key, field=FIELD))
        elif key not in ("memory", "cpu", "ephemeral-storage"):
            read.raw(f"{where}.{key[:60]}")


def _resources(read: Read, where: str, value: Value) -> None:
    take(read, where, value, {"limits": _amounts, "requests": _amounts})


def _ports(read: Read, where: str, value: Value) -> None:
    for port in each_of(read, where, value):
        known = {"name", "protocol", "hostIP", "hostPort", "containerPort"}
        if not set(port) <= known:
            read.raw(f"{where}.{min(set(port) - known)[:60]}")
        # Podman before 4.8 publishes a port without a host port under its own number.
        description = port.get("hostPort") or port.get("containerPort")
        if description == "0":
            description = port.get("containerPort")
        if not isinstance(description, str) or not NUMBER.fullmatch(description):
            read.raw(where)
        elif int(description):
            read.requests.append(r.Port(first=int(description), last=int(description), field=FIELD))


def _mounts(read: Read, where: str, value: Value) -> None:
    for mount in each_of(read, where, value):
        take(read, where, mount, {"name": line, "mountPath": _mount_path, "readOnly": true})


def _mount_path(read: Read, where: str, value: Value) -> None:
    # Podman accepts options after a colon.
    if ":" in line(read, where, value):
        read.raw(msg("%(where)s with options", where=where))


_CONTAINER: Table = {
    **dict.fromkeys(
        (
            "name", "command", "args", "workingDir", "env", "envFrom", "stdin", "stdinOnce", "tty",
            "imagePullPolicy", "livenessProbe", "readinessProbe", "startupProbe",
            "terminationMessagePath", "terminationMessagePolicy",
        ),
        anything,
    ),
    "image": line,
    "ports": _ports,
    "resources": _resources,
    "securityContext": security.of_container,
    "volumeMounts": _mounts,
}  # fmt: skip
