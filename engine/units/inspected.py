"""The command line that would make a container, read off its inspect data.

For containers that were made through the API by a program that left no CreateCommand.
"""

import json
from typing import Any

_SECOND = 1_000_000_000


def command_line(found: dict[str, Any], image: dict[str, Any]) -> list[str]:
    """`podman run …`, with what differs from the image's and Podman's own defaults."""
    config, host = found["Config"], found["HostConfig"]
    own = image.get("Config") or {}
    argv = ["podman", "run", "--name", str(found["Name"])]
    argv += _lists(config, host, own)
    simple: list[tuple[str, Any, Any]] = [
        ("--user", config.get("User"), own.get("User")),
        ("--workdir", config.get("WorkingDir"), own.get("WorkingDir") or "/"),
        ("--memory", host.get("Memory"), 0),
        ("--memory-swap", host.get("MemorySwap"), 2 * (host.get("Memory") or 0)),
        ("--cpu-shares", host.get("CpuShares"), 0),
        ("--cpuset-cpus", host.get("CpusetCpus"), ""),
        ("--oom-score-adj", host.get("OomScoreAdj"), 0),
        ("--stop-timeout", config.get("StopTimeout"), 10),
    ]
    argv += [f"{option}={value}" for option, value, usual in simple if value and value != usual]
    if config.get("Hostname") and not str(found["Id"]).startswith(config["Hostname"]):
        argv += [f"--hostname={config['Hostname']}"]
    if host.get("NanoCpus"):
        argv += [f"--cpus={host['NanoCpus'] / 1e9:g}"]
    switches = {
        "--read-only": host.get("ReadonlyRootfs"),
        "--privileged": host.get("Privileged"),
        "--init": host.get("Init"),
        "--tty": config.get("Tty"),
        "--interactive": config.get("OpenStdin"),
    }
    argv += [option for option, on in switches.items() if on]
    policy = host.get("RestartPolicy") or {}
    if policy.get("Name"):
        argv += [f"--restart={policy['Name']}"]
    argv += _health(config.get("Healthcheck") or config.get("HealthCheck") or {})
    entrypoint = config.get("Entrypoint")
    words = entrypoint.split() if isinstance(entrypoint, str) else list(entrypoint or [])
    if words and words != (own.get("Entrypoint") or []):
        argv += ["--entrypoint", json.dumps(words)]
    command = config.get("Cmd") or []
    return [*argv, "--", str(found["ImageName"]), *(command if command != own.get("Cmd") else [])]


def _lists(config: dict[str, Any], host: dict[str, Any], own: dict[str, Any]) -> list[str]:
    usual = {*(own.get("Env") or []), "container=podman", "TERM=xterm"}
    usual_labels = own.get("Labels") or {}
    argv = [
        f"--env={each}"
        for each in config.get("Env") or []
        if each not in usual and not each.startswith(("HOSTNAME=", "HOME="))
    ]
    argv += [
        f"--label={name}={value}"
        for name, value in (config.get("Labels") or {}).items()
        if usual_labels.get(name) != value
        and not name.startswith(("PODMAN_SYSTEMD", "berth.operation"))
    ]
    for inside, places in (host.get("PortBindings") or {}).items():
        for place in places or []:
            address = f"[{place['HostIp']}]" if ":" in place["HostIp"] else place["HostIp"]
            prefix = f"{address}:" if address not in ("", "0.0.0.0") else ""  # noqa: S104
            argv += [f"--publish={prefix}{place['HostPort']}:{inside.removesuffix('/tcp')}"]
    argv += [f"--volume={each}" for each in host.get("Binds") or []]
    argv += [f"--tmpfs={place}:{said}" for place, said in (host.get("Tmpfs") or {}).items()]
    argv += [f"--cap-add={each}" for each in host.get("CapAdd") or []]
    argv += [f"--cap-drop={each}" for each in host.get("CapDrop") or []]
    argv += [f"--dns={each}" for each in host.get("Dns") or []]
    argv += [f"--add-host={each}" for each in host.get("ExtraHosts") or []]
    argv += [f"--security-opt={each}" for each in host.get("SecurityOpt") or []]
    argv += [
        f"--device={each['PathOnHost']}:{each['PathInContainer']}"
        for each in host.get("Devices") or []
    ]
    mode = str(host.get("NetworkMode") or "")
    if mode in ("host", "none") or mode.startswith("container:"):
        argv += [f"--network={mode}"]
    return argv


def _health(check: dict[str, Any]) -> list[str]:
    test = check.get("Test") or []
    if len(test) < 2:
        return ["--no-healthcheck"] if test == ["NONE"] else []
    command = test[1] if test[0] == "CMD-SHELL" else json.dumps(test[1:])
    argv = [f"--health-cmd={command}"]
    for option, name in (
        ("interval", "Interval"),
        ("timeout", "Timeout"),
        ("start-period", "StartPeriod"),
    ):
        if check.get(name):
            argv += [f"--health-{option}={check[name] // _SECOND}s"]
    return argv + ([f"--health-retries={check['Retries']}"] if check.get("Retries") else [])
