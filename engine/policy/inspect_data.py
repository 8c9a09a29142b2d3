"""Extract the requests of a container from its inspect data, for a unit that recreates it."""

from typing import Any

from engine.policy import requests as r
from engine.policy.quadlet import network

_MODES = (("pid", "PidMode"), ("ipc", "IpcMode"), ("uts", "UTSMode"), ("user", "UsernsMode"))


def requests(found: dict[str, Any]) -> list[r.Request]:
    """Return the requests of another container like this one."""
    host = found.get("HostConfig") or {}
    wanted: list[r.Request] = [r.Image(name=str(found.get("ImageName") or ""))]
    if host.get("Privileged"):
        wanted.append(r.Privileged(description="--privileged"))
    wanted += [r.Capability(name=str(each)) for each in host.get("CapAdd") or []]
    wanted += [r.Device(name=str(each["PathOnHost"])) for each in host.get("Devices") or []]
    wanted += [r.SecurityOption(description=str(each)) for each in host.get("SecurityOpt") or []]
    wanted += network(str(host.get("NetworkMode") or ""), "")
    for kind, key in _MODES:
        mode = str(host.get(key) or "")
        if mode.partition(":")[0] in ("host", "container", "ns"):
            wanted.append(r.Namespace(kind=kind, description=f"{kind} {mode}"))  # type: ignore[arg-type]
    for mount in found.get("Mounts") or []:
        if mount.get("Type") == "bind":
            source = str(mount.get("Source") or "")
            wanted.append(r.Bind(source=source, read_only=not mount.get("RW")))
    for bindings in (host.get("PortBindings") or {}).values():
        for binding in bindings or []:
            port = str(binding.get("HostPort") or "")
            first = int(port) if port.isdecimal() and int(port) else None
            wanted.append(r.Port(first=first))
    memory, pids = int(host.get("Memory") or 0), int(host.get("PidsLimit") or 0)
    quota, period = int(host.get("CpuQuota") or 0), int(host.get("CpuPeriod") or 0)
    cpus = quota / period if quota > 0 and period else int(host.get("NanoCpus") or 0) / 1e9
    limits = r.Limits(
        memory=memory if memory > 0 else None,
        cpus=cpus or None,
        pids=pids if pids > 0 else None,
    )
    return [*wanted, limits]
