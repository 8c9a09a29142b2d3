"""Convert `ContainerRun` to the JSON of libpod's create call (SpecGenerator).

The command line fills in some defaults before it calls the same code. They are set here too, so
that Berth creates the same container as `podman run`.
"""

import signal
from typing import Any
from uuid import UUID

from engine.schema.containers import OPERATION_LABEL, ContainerRun, HealthCheck, Port, Volume
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg

_CPU_PERIOD = 100_000
_READ_ONLY_TMPFS = ("/run", "/tmp", "/var/tmp")  # noqa: S108 - places in the container
_NAMESPACE_MODES = {"none", "host", "private", "slirp4netns", "pasta", "bridge"}
_REAL_TIME_BASE = {"SIGRTMIN": int(signal.SIGRTMIN), "SIGRTMAX": int(signal.SIGRTMAX)}


def specification(parameters: ContainerRun, operation: UUID, major: int) -> dict[str, Any]:
    """Return the body of POST /containers/create for Podman 4 or 5. Raises EngineError."""
    spec: dict[str, Any] = {
        "image": parameters.image,
        "raw_image_name": parameters.image,
        "env": parameters.environment,
        "labels": {**parameters.labels, OPERATION_LABEL: str(operation)},
        "portmappings": [_port(port) for port in parameters.ports],
        "mounts": [_mount(volume) for volume in parameters.volumes if _is_path(volume)],
        "volumes": [_volume(volume) for volume in parameters.volumes if not _is_path(volume)],
        "terminal": parameters.tty,
        "stdin": parameters.interactive,
        "init": parameters.init,
        "remove": parameters.remove,
        "read_only_filesystem": parameters.read_only,
        "httpproxy": True,
        "systemd": "true",
        "sdnotifyMode": "container",
        "image_volume_mode": "anonymous",
        "containerCreateCommand": parameters.command_in_full(),
        **_network(parameters.network),
    }
    optional: dict[str, Any] = {
        "name": parameters.name,
        # Absent, not empty: only then does the container show the image's own command.
        "command": parameters.command_line or None,
        "user": parameters.user or None,
        "work_dir": parameters.workdir or None,
        "hostname": parameters.hostname or None,
        "stop_timeout": parameters.stop_timeout,
        "stop_signal": signal_number(parameters.stop_signal) if parameters.stop_signal else None,
        "healthconfig": _health(parameters.health) if parameters.health else None,
        "resource_limits": _limits(parameters) or None,
        "restart_policy": parameters.restart if parameters.restart != "no" else None,
        "restart_tries": parameters.restart_tries or None,
    }
    spec |= {name: value for name, value in optional.items() if value is not None}
    if parameters.entrypoint is not None:
        # [""] is what `--entrypoint ""` becomes: no entry point, not even the image's.
        spec["entrypoint"] = parameters.entrypoint or [""]
    if parameters.read_only:
        if major >= 5:
            spec["read_write_tmpfs"] = True
        else:
            spec["mounts"] += _writable_places(parameters)
    return spec


def signal_number(name: str) -> int:
    """Convert SIGTERM, TERM, 15, or RTMIN+3 to a number. Raises EngineError."""
    number = _signal_number(name)
    if not 1 <= number <= _REAL_TIME_BASE["SIGRTMAX"]:
        raise EngineError(ErrorCode.INVALID, msg("There is no signal %(name)s.", name=name))
    return number


def _signal_number(name: str) -> int:
    if name.isdigit():
        return int(name)
    full = name if name.startswith("SIG") else f"SIG{name}"
    for base, number in _REAL_TIME_BASE.items():
        offset = full.removeprefix(base)
        if full.startswith(base) and (not offset or offset.lstrip("+-").isdigit()):
            return number + int(offset or 0)
    try:
        return int(signal.Signals[full])
    except KeyError:
        raise EngineError(
            ErrorCode.INVALID, msg("There is no signal called %(name)s.", name=name)
        ) from None


def _port(port: Port) -> dict[str, Any]:
    return {
        "host_ip": port.host_ip,
        "container_port": port.container_port,
        "host_port": port.host_port or 0,
        "protocol": port.protocol,
        "range": port.length,
    }


def _is_path(volume: Volume) -> bool:
    return volume.source.startswith("/")


def _mount(volume: Volume) -> dict[str, Any]:
    return {
        "type": "bind",
        "source": volume.source,
        "destination": volume.target,
        "options": volume.options(),
    }


def _volume(volume: Volume) -> dict[str, Any]:
    return {"Name": volume.source, "Dest": volume.target, "Options": volume.options()}


def _writable_places(parameters: ContainerRun) -> list[dict[str, Any]]:
    taken = {volume.target.rstrip("/") for volume in parameters.volumes}
    return [
        {
            "type": "tmpfs",
            "source": "tmpfs",
            "destination": place,
            "options": ["rw", "rprivate", "nosuid", "nodev", "tmpcopyup"],
        }
        for place in _READ_ONLY_TMPFS
        if place not in taken
    ]


def _health(check: HealthCheck) -> dict[str, Any]:
    second = 1_000_000_000
    return {
        "Test": ["CMD-SHELL", check.command],
        "Interval": check.interval * second,
        "Timeout": check.timeout * second,
        "StartPeriod": check.start_period * second,
        "Retries": check.retries,
    }


def _limits(parameters: ContainerRun) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if parameters.memory:
        limits["memory"] = {"limit": parameters.memory}
    if parameters.cpus:
        limits["cpu"] = {"period": _CPU_PERIOD, "quota": int(parameters.cpus * _CPU_PERIOD)}
    if parameters.pids:
        limits["pids"] = {"limit": parameters.pids}
    return limits


def _network(network: str) -> dict[str, Any]:
    """Return one of Podman's three forms: a mode, a mode with options, or networks by name."""
    if not network:
        return {}
    name, _, rest = network.partition(":")
    if name == "container":
        return {"netns": {"nsmode": "container", "value": rest}}
    if name in _NAMESPACE_MODES and name != "bridge":
        options = {"network_options": {name: rest.split(",")}} if rest else {}
        return {"netns": {"nsmode": name}, **options}
    if name == "bridge":
        return {
            "netns": {"nsmode": "bridge"},
            **({"Networks": {"podman": _attachment(rest)}} if rest else {}),
        }
    networks = (
        {name: _attachment(rest)}
        if rest
        else {each: {"interface_name": ""} for each in network.split(",")}
    )
    return {"netns": {"nsmode": "bridge"}, "Networks": networks}


def _attachment(options: str) -> dict[str, Any]:
    """Parse `ip=10.0.0.2,alias=db` of one network."""
    settings: dict[str, Any] = {"interface_name": ""}
    for option in filter(None, options.split(",")):
        name, _, value = option.partition("=")
        if name in ("ip", "ip6"):
            settings.setdefault("static_ips", []).append(value)
        elif name == "alias":
            settings.setdefault("aliases", []).append(value)
        elif name == "mac":
            settings["static_mac"] = value
        elif name == "interface_name":
            settings["interface_name"] = value
        else:
            raise EngineError(
                ErrorCode.INVALID, msg("A network has no option called %(name)s.", name=f"{name!r}")
            )
    return settings
