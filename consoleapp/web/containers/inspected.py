"""Convert Podman's inspect data of a container to what the overview shows.

The data is untrusted and differs between versions of Podman. Whatever is missing or has an
unexpected type counts as absent.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from signal import Signals
from typing import Any

from django.utils.translation import gettext as _

from engine.schema.parameters import is_secret


@dataclass(frozen=True)
class Variable:
    """One environment variable. `secret`: its value is hidden by default."""

    name: str
    value: str
    secret: bool


@dataclass(frozen=True)
class Mount:
    """One mount: source, target, and its options in words."""

    kind: str
    source: str
    target: str
    options: list[str]


@dataclass(frozen=True)
class Network:
    """One network of the container."""

    name: str
    address: str
    gateway: str
    aliases: list[str]


@dataclass(frozen=True)
class Probe:
    """One run of the health check."""

    started: str
    ended: str
    exit_code: int | None
    output: str


@dataclass(frozen=True)
class Health:
    """The health check, its current state, and its last runs, newest first."""

    status: str
    failing: int
    command: str
    """As typed in a shell."""
    interval: str
    timeout: str
    start_period: str
    retries: int
    probes: list[Probe]


@dataclass(frozen=True)
class Limits:
    """The container's limits; None or "" for no limit."""

    memory: int | None
    cpus: float | None
    pids: int | None


@dataclass(frozen=True)
class Container:
    """What the overview shows in addition to the row."""

    command: list[str]
    entrypoint: list[str]
    workdir: str
    user: str
    hostname: str
    environment: list[Variable]
    mounts: list[Mount]
    networks: list[Network]
    network_mode: str
    limits: Limits
    restart: str
    restart_tries: int
    restarts: int
    labels: list[tuple[str, str]]
    health: Health | None
    flags: list[str]
    pid: int
    oom_killed: bool
    error: str
    stop_signal: str
    stop_timeout: int
    log_driver: str


def read(data: Mapping[str, Any]) -> Container:
    """Return the overview's facts from inspect data."""
    config, host, state = _map(data, "Config"), _map(data, "HostConfig"), _map(data, "State")
    restart = _map(host, "RestartPolicy")
    return Container(
        command=_texts(config.get("Cmd")),
        entrypoint=_entrypoint(config.get("Entrypoint")),
        workdir=_text(config.get("WorkingDir")),
        user=_text(config.get("User")),
        hostname=_text(config.get("Hostname")),
        environment=_environment(_texts(config.get("Env"))),
        mounts=[_mount(each) for each in _maps(data.get("Mounts"))],
        networks=_networks(_map(_map(data, "NetworkSettings"), "Networks")),
        network_mode=_text(host.get("NetworkMode")),
        limits=_limits(host),
        restart=_text(restart.get("Name")) or "no",
        restart_tries=_number(restart.get("MaximumRetryCount")),
        restarts=_number(data.get("RestartCount")),
        labels=sorted((str(name), _text(value)) for name, value in _map(config, "Labels").items()),
        health=_health(config, state),
        flags=_flags(config, host),
        pid=_number(state.get("Pid")),
        oom_killed=state.get("OOMKilled") is True,
        error=_text(state.get("Error")),
        stop_signal=_signal(config.get("StopSignal")),
        stop_timeout=_number(config.get("StopTimeout")),
        log_driver=_text(_map(host, "LogConfig").get("Type")),
    )


def _environment(pairs: list[str]) -> list[Variable]:
    split = sorted(pair.partition("=")[::2] for pair in pairs)
    return [Variable(name, value, is_secret(name, value)) for name, value in split]


def _mount(data: Mapping[str, Any]) -> Mount:
    options = [_("read-write") if data.get("RW") is True else _("read-only")]
    # Depending on its version, Podman has the SELinux flag in Mode or among the options.
    words = {*_text(data.get("Mode")).split(","), *_texts(data.get("Options"))}
    if "Z" in words:
        options.append(_("SELinux: private label (Z)"))
    elif "z" in words:
        options.append(_("SELinux: shared label (z)"))
    if "U" in words:
        options.append(_("given to the container's user (U)"))
    kind = _text(data.get("Type"))
    source = _text(data.get("Name")) if kind == "volume" else _text(data.get("Source"))
    return Mount(kind, source, _text(data.get("Destination")), options)


def _networks(networks: Mapping[str, Any]) -> list[Network]:
    return [
        Network(
            str(name),
            _text(each.get("IPAddress")),
            _text(each.get("Gateway")),
            _texts(each.get("Aliases")),
        )
        for name, each in networks.items()
        if isinstance(each, Mapping)
    ]


def _limits(host: Mapping[str, Any]) -> Limits:
    nano, quota, period = (_number(host.get(key)) for key in ("NanoCpus", "CpuQuota", "CpuPeriod"))
    cpus = nano / 1e9 if nano else (quota / period if quota > 0 and period > 0 else None)
    pids = _number(host.get("PidsLimit"))
    return Limits(_number(host.get("Memory")) or None, cpus, pids if pids > 0 else None)


def _health(config: Mapping[str, Any], state: Mapping[str, Any]) -> Health | None:
    check = _map(config, "Healthcheck")
    # Podman 4 calls it Healthcheck here, later versions Health.
    now = _map(state, "Health") or _map(state, "Healthcheck")
    command = _texts(check.get("Test"))
    if not command or command == ["NONE"]:
        return None
    probes = [
        Probe(
            _text(each.get("Start")),
            _text(each.get("End")),
            _number(each.get("ExitCode")),
            _text(each.get("Output")),
        )
        for each in _maps(now.get("Log"))
    ]
    return Health(
        status=_text(now.get("Status")),
        failing=_number(now.get("FailingStreak")),
        command=_check_command(command),
        interval=_nanoseconds(check.get("Interval")),
        timeout=_nanoseconds(check.get("Timeout")),
        start_period=_nanoseconds(check.get("StartPeriod")),
        retries=_number(check.get("Retries")),
        probes=probes[::-1],
    )


def _check_command(test: list[str]) -> str:
    """Return the command. CMD-SHELL has one text for a shell, CMD (or nothing) has words."""
    first, *words = test
    if first == "CMD-SHELL":
        return " ".join(words)
    return shlex.join(words if first == "CMD" else test)


def _flags(config: Mapping[str, Any], host: Mapping[str, Any]) -> list[str]:
    switches = {
        _("privileged"): host.get("Privileged"),
        _("read-only file system"): host.get("ReadonlyRootfs"),
        _("init process"): host.get("Init"),
        _("terminal"): config.get("Tty"),
        _("standard input open"): config.get("OpenStdin"),
        _("removed when it ends"): host.get("AutoRemove"),
    }
    return [words for words, on in switches.items() if on is True]


def _nanoseconds(value: object) -> str:
    seconds = _number(value) / 1e9
    return f"{seconds:g} s" if seconds else ""


def _entrypoint(value: object) -> list[str]:
    # Podman 4 has one text, later versions a list.
    return [value] if isinstance(value, str) and value else _texts(value)


def _map(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _maps(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, (Mapping, list)) else str(value)


def _signal(value: object) -> str:
    """Return the signal's name: Podman 4 has a number, 5 a name."""
    try:
        return Signals(value).name if isinstance(value, int) else _text(value)
    except ValueError:
        return _text(value)  # a real-time signal


def _number(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0
