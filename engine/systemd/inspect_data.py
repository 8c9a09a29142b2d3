"""Derive the command line that would create a container from its inspect data.

For containers without a command line of their own: created through the API (Podman before 5.4
records the service's own command then), by `podman kube play`, or by `podman container clone`. What
inspect omits (kernel settings, devices of rootless containers) is in the runtime's configuration,
once the container has started.
"""

import json
import os
import resource
from typing import Any

from engine.schema.messages import msg
from engine.schema.units import NotCarriedOver
from engine.systemd.stop_signals import stop_signal

_SECOND = 1_000_000_000
_DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DEFAULT_SHM = (65_536_000, 67_108_864)
_DEFAULT_PIDS = (0, 2048)
_DEFAULT_SYSCTLS = {"net.ipv4.ping_group_range"}
_DEFAULT_STOP = 10
# Mount options that Podman adds itself and that have no meaning here.
_USUAL_OF_MOUNTS = {"rw", "rprivate", "nosuid", "nodev", "exec", "rbind", "tmpcopyup"}
_OWN_ANNOTATIONS = (
    "io.podman.", "io.kubernetes.cri-o.", "io.container.manager", "org.opencontainers.image.",
    "org.systemd.", "run.oci.",
)  # fmt: skip
_OWN_LABELS = ("PODMAN_SYSTEMD", "berth.operation")
_LOST: list[tuple[str, str, str]] = [
    # Key of HostConfig, the option, the reason.
    ("Links", "--link", msg("Podman has no links; containers of one network find each other.")),
    ("CgroupConf", "--cgroup-conf", msg("The unit sets up its own cgroup.")),
    ("CgroupParent", "--cgroup-parent", msg("A unit's container lives in the unit's own cgroup.")),
    ("BlkioWeightDevice", "--blkio-weight-device", msg("Podman's data does not give its value.")),
    ("BlkioDeviceReadBps", "--device-read-bps", msg("Podman's data does not give its value.")),
    ("BlkioDeviceWriteBps", "--device-write-bps", msg("Podman's data does not give its value.")),
    ("BlkioDeviceReadIOps", "--device-read-iops", msg("Podman's data does not give its value.")),
    ("BlkioDeviceWriteIOps", "--device-write-iops", msg("Podman's data does not give its value.")),
]


def command_line(
    found: dict[str, Any], image: dict[str, Any], runtime: dict[str, Any] | None = None
) -> tuple[list[str], list[NotCarriedOver]]:
    """Return `podman run …` without default values, and the options that are not carried over.

    The defaults are those of the image and of Podman. `runtime`: the OCI configuration, or None if
    it cannot be read.
    """
    config, host = found["Config"], found["HostConfig"]
    own = image.get("Config") or {}
    argv = ["podman", "run", "--name", str(found["Name"])]
    argv += _environment(config, own)
    argv += _lists(config, host)
    argv += _ports(host, config, own)
    argv += _mounts(host)
    argv += _networks(found)
    argv += _namespaces(config, host, str(found["Id"]))
    argv += _limits(host)
    argv += _of_process(config, host, own)
    argv += _health(config, own)
    argv += _log(host.get("LogConfig") or {})
    argv += _of_runtime(runtime or {})
    entrypoint, command = _command(found, own)
    argv += entrypoint
    return [*argv, "--", str(found["ImageName"]), *command], _lost(found, runtime)


def _environment(config: dict[str, Any], own: dict[str, Any]) -> list[str]:
    theirs = {str(each) for each in own.get("Env") or []}
    has_path = any(each.startswith("PATH=") for each in theirs)
    usual = theirs | {"container=podman", "container=oci", "TERM=xterm"}
    usual |= set() if has_path else {_DEFAULT_PATH}
    here = [str(each) for each in config.get("Env") or []]
    argv = [
        f"--env={each}"
        for each in here
        if each not in usual and not each.startswith(("HOSTNAME=", "HOME="))
    ]
    names = {each.partition("=")[0] for each in here}
    argv += [f"--unsetenv={name}" for name in sorted({_name(each) for each in theirs} - names)]
    labels = own.get("Labels") or {}
    argv += [
        f"--label={name}={value}"
        for name, value in (config.get("Labels") or {}).items()
        if labels.get(name) != value and not name.startswith(_OWN_LABELS)
    ]
    return argv + [
        f"--annotation={name}={value}"
        for name, value in (config.get("Annotations") or {}).items()
        if not name.startswith(_OWN_ANNOTATIONS)
    ]


def _name(assignment: str) -> str:
    return assignment.partition("=")[0]


def _lists(config: dict[str, Any], host: dict[str, Any]) -> list[str]:
    keys = [
        ("--dns", "Dns"), ("--dns-option", "DnsOptions"), ("--dns-search", "DnsSearch"),
        ("--add-host", "ExtraHosts"), ("--security-opt", "SecurityOpt"),
        ("--group-add", "GroupAdd"), ("--volumes-from", "VolumesFrom"),
    ]  # fmt: skip
    if not host.get("Privileged"):
        keys += [("--cap-add", "CapAdd"), ("--cap-drop", "CapDrop")]
    argv = [f"{option}={each}" for option, key in keys for each in host.get(key) or []]
    if (config.get("Annotations") or {}).get("run.oci.keep_original_groups"):
        argv.append("--group-add=keep-groups")
    for each in config.get("Secrets") or []:
        owner = f",uid={each.get('UID') or 0},gid={each.get('GID') or 0}"
        mode = f",mode={int(each['Mode']):o}" if each.get("Mode") else ""
        argv.append(f"--secret={each['Name']},type=mount{owner}{mode}")
    argv += [
        f"--device={each['PathOnHost']}:{each['PathInContainer']}"
        for each in host.get("Devices") or []
    ]
    return argv


def _ports(host: dict[str, Any], config: dict[str, Any], own: dict[str, Any]) -> list[str]:
    argv = []
    exposed = own.get("ExposedPorts") or {}
    # Ports without a host port: Podman 5 lists them here, Podman 4 among the bindings.
    bindings = dict.fromkeys(config.get("ExposedPorts") or {}) | (host.get("PortBindings") or {})
    for inside, places in bindings.items():
        if not places and inside not in exposed:
            argv.append(f"--expose={inside}")
        for place in places or []:
            address = str(place.get("HostIp") or "")
            address = f"[{address}]" if ":" in address else address
            prefix = f"{address}:" if address not in ("", "0.0.0.0") else ""  # noqa: S104
            argv.append(f"--publish={prefix}{place.get('HostPort') or ''}:{inside}")
    return [each.removesuffix("/tcp") for each in argv]


def _mounts(host: dict[str, Any]) -> list[str]:
    argv = []
    for each in host.get("Binds") or []:
        source, _, rest = str(each).partition(":")
        target, _, options = rest.partition(":")
        argv.append(f"--volume={source}:{target}{_unusual_options(options)}")
    for target, options in (host.get("Tmpfs") or {}).items():
        argv.append(f"--tmpfs={target}{_unusual_options(str(options))}")
    return argv


def _unusual_options(options: str) -> str:
    unusual = [each for each in options.split(",") if each and each not in _USUAL_OF_MOUNTS]
    return f":{','.join(unusual)}" if unusual else ""


def _networks(found: dict[str, Any]) -> list[str]:
    mode = str(found["HostConfig"].get("NetworkMode") or "")
    if mode != "bridge":
        return [f"--network={mode}"] if mode and mode != "default" else []
    argv = []
    for name, facts in ((found.get("NetworkSettings") or {}).get("Networks") or {}).items():
        aliases = [
            f"alias={each}"
            for each in (facts or {}).get("Aliases") or []
            if not str(found["Id"]).startswith(each) and each != found["Name"]
        ]
        argv.append(f"--network={name}" + (f":{','.join(aliases)}" if aliases else ""))
    return argv


def _namespaces(config: dict[str, Any], host: dict[str, Any], identity: str) -> list[str]:
    argv = []
    for option, key, usual in (
        ("--ipc", "IpcMode", ("", "shareable")),
        ("--pid", "PidMode", ("", "private")),
        ("--uts", "UTSMode", ("", "private")),
        ("--cgroupns", "CgroupMode", ("", "private")),
    ):
        mode = str(host.get(key) or "")
        argv += [f"{option}={mode}"] if mode not in usual else []
    if host.get("HostsFile"):  # since Podman 5.4, which also has the option
        argv.append(f"--hosts-file={host['HostsFile']}")
    name = str(config.get("Hostname") or "")
    shared = host.get("UTSMode") == "host" or host.get("NetworkMode") == "host"
    if name and not identity.startswith(name) and not shared:
        argv.append(f"--hostname={name}")
    return argv + _users(host)


def _users(host: dict[str, Any]) -> list[str]:
    """Return the id mapping. Inspect data has its lines; `keep-id` has one for the account."""
    mode = str(host.get("UsernsMode") or "")
    lines = host.get("IDMappings") or {}
    users, groups = lines.get("UidMap") or [], lines.get("GidMap") or []
    if mode not in ("", "private"):
        return [f"--userns={mode}"]
    kept_user, kept_group = _kept(users), _kept(groups)
    if (kept_user, kept_group) == (os.getuid(), os.getgid()):
        return ["--userns=keep-id"]
    if kept_user is not None and kept_group is not None:
        return [f"--userns=keep-id:uid={kept_user},gid={kept_group}"]
    return [*(f"--uidmap={each}" for each in users), *(f"--gidmap={each}" for each in groups)]


def _kept(lines: list[str]) -> int | None:
    """Return the container id of the account's own id: `1000:0:1`, where 0 is the account."""
    for line in lines:
        inside, outside, length = (int(part) for part in str(line).split(":"))
        if (outside, length) == (0, 1) and inside:
            return inside
    return None


def _limits(host: dict[str, Any]) -> list[str]:
    memory = host.get("Memory") or 0
    simple: list[tuple[str, Any, Any]] = [
        ("--memory", f"{memory}b", "0b"),
        ("--memory-swap", f"{host.get('MemorySwap') or 0}b", f"{2 * memory}b"),
        ("--memory-reservation", f"{host.get('MemoryReservation') or 0}b", "0b"),
        ("--cpu-shares", host.get("CpuShares"), 0),
        ("--cpuset-cpus", host.get("CpusetCpus"), ""),
        ("--cpuset-mems", host.get("CpusetMems"), ""),
        ("--blkio-weight", host.get("BlkioWeight"), 0),
        ("--oom-score-adj", host.get("OomScoreAdj"), 0),
        ("--cpu-rt-period", host.get("CpuRealtimePeriod"), 0),
        ("--cpu-rt-runtime", host.get("CpuRealtimeRuntime"), 0),
    ]
    argv = [f"{option}={value}" for option, value, usual in simple if value and value != usual]
    if host.get("MemorySwap") == -1:
        argv = [each for each in argv if not each.startswith("--memory-swap=")]
        argv.append("--memory-swap=-1")
    elif not host.get("MemorySwap"):
        argv = [each for each in argv if not each.startswith("--memory-swap=")]
    if host.get("NanoCpus"):
        argv.append(f"--cpus={host['NanoCpus'] / 1e9:g}")
    elif (host.get("CpuQuota") or 0) > 0:
        argv += [f"--cpu-quota={host['CpuQuota']}"]
        argv += [f"--cpu-period={host['CpuPeriod']}"] if host.get("CpuPeriod") else []
    if (host.get("PidsLimit") or 0) not in _DEFAULT_PIDS:
        argv.append(f"--pids-limit={host['PidsLimit']}")
    if host.get("OomKillDisable"):
        argv.append("--oom-kill-disable")
    if (host.get("ShmSize") or 0) not in (0, *_DEFAULT_SHM):
        argv.append(f"--shm-size={host['ShmSize']}b")
    for each in host.get("Ulimits") or []:
        name = str(each["Name"]).removeprefix("RLIMIT_").lower()
        soft, hard = int(each["Soft"]), int(each["Hard"])
        if not _is_default(name, soft, hard):
            argv.append(f"--ulimit={name}={soft}:{hard}")
    return argv


def _is_default(name: str, soft: int, hard: int) -> bool:
    """Return whether Podman set it: rootless containers get the account's maximum of both."""
    kinds = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
    if name not in kinds or soft != hard:
        return False
    return hard in (1_048_576, 4_194_304, resource.getrlimit(kinds[name])[1])


def _of_process(config: dict[str, Any], host: dict[str, Any], own: dict[str, Any]) -> list[str]:
    argv = []
    for option, value, usual in (
        ("--user", config.get("User"), own.get("User")),
        ("--workdir", config.get("WorkingDir"), own.get("WorkingDir") or "/"),
        ("--umask", config.get("Umask"), "0022"),
        ("--timeout", config.get("Timeout"), 0),
    ):
        argv += [f"{option}={value}"] if value and value != usual else []
    if config.get("StopTimeout") is not None and config["StopTimeout"] != _DEFAULT_STOP:
        argv.append(f"--stop-timeout={config['StopTimeout']}")
    sent = stop_signal(config.get("StopSignal"))
    if sent and sent != (stop_signal(own.get("StopSignal")) or 15):
        argv.append(f"--stop-signal={sent}")
    switches = {
        "--read-only": host.get("ReadonlyRootfs"),
        "--privileged": host.get("Privileged"),
        "--init": host.get("Init"),
        "--tty": config.get("Tty"),
        "--interactive": config.get("OpenStdin"),
        "--passwd=false": config.get("Passwd") is False,
    }
    argv += [option for option, on in switches.items() if on]
    policy = host.get("RestartPolicy") or {}
    if policy.get("Name") and policy["Name"] != "no":
        tries = policy.get("MaximumRetryCount") or 0
        argv.append(f"--restart={policy['Name']}" + (f":{tries}" if tries else ""))
    return argv


def _health(config: dict[str, Any], own: dict[str, Any]) -> list[str]:
    check = config.get("Healthcheck") or config.get("HealthCheck") or {}
    test = check.get("Test") or []
    theirs = own.get("Healthcheck") or own.get("HealthCheck") or {}
    argv = []
    action = str(config.get("HealthcheckOnFailureAction") or "none")
    if test and action != "none":
        argv.append(f"--health-on-failure={action}")
    if test == ["NONE"] or (not test and theirs.get("Test")):
        return ["--no-healthcheck"]
    if len(test) < 2 or check == theirs:
        return argv
    argv.append(f"--health-cmd={_health_command([str(each) for each in test])}")
    for option, name in (
        ("interval", "Interval"),
        ("timeout", "Timeout"),
        ("start-period", "StartPeriod"),
    ):
        if check.get(name):
            argv.append(f"--health-{option}={_duration(int(check[name]))}")
    return argv + ([f"--health-retries={check['Retries']}"] if check.get("Retries") else [])


def _health_command(test: list[str]) -> str:
    """Return the command as Podman's command line reads it.

    That is a shell command, or a JSON list. A list of one word would again be a shell command.
    """
    kind, *words = test
    if kind == "CMD-SHELL":
        first = words[0].partition(" ")[0].upper()
        odd = words[0].lstrip().startswith("[") or first in ("NONE", "CMD", "CMD-SHELL")
        return json.dumps(test) if odd or len(words) > 1 else words[0]
    return f"CMD {words[0]}" if len(words) == 1 else json.dumps(words)


def _duration(nanoseconds: int) -> str:
    whole, rest = divmod(nanoseconds, _SECOND)
    return f"{nanoseconds}ns" if rest else f"{whole}s"


def _log(log: dict[str, Any]) -> list[str]:
    argv = [f"--log-driver={log['Type']}"] if log.get("Type") else []
    argv += [f"--log-opt=tag={log['Tag']}"] if log.get("Tag") else []
    if log.get("Size") not in (None, "", "0B"):
        argv.append(f"--log-opt=max-size={str(log['Size']).replace(' ', '')}")
    return argv


def _of_runtime(runtime: dict[str, Any]) -> list[str]:
    """Return the options that only the runtime's configuration contains."""
    settings = (runtime.get("linux") or {}).get("sysctl") or {}
    argv = [
        f"--sysctl={name}={value}"
        for name, value in settings.items()
        if name not in _DEFAULT_SYSCTLS
    ]
    for mount in runtime.get("mounts") or []:
        source, target = str(mount.get("source") or ""), str(mount.get("destination") or "")
        if source.startswith("/dev/") and target.startswith("/dev/") and mount["type"] == "bind":
            argv.append(f"--device={source}" + (f":{target}" if target != source else ""))
    return argv


def _command(found: dict[str, Any], own: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the option for its own entry point, and the words after the image.

    Podman 4 has the entry point as one text. Path and Args show where its words begin and end.
    """
    config = found["Config"]
    command = [str(each) for each in config.get("Cmd") or []]
    theirs = [str(each) for each in own.get("Entrypoint") or []]
    program = config.get("Entrypoint")
    if isinstance(program, str) and program:
        words = [str(found.get("Path") or ""), *(str(each) for each in found.get("Args") or [])]
        if found["HostConfig"].get("Init") and "--" in words[:2]:
            words = words[words.index("--") + 1 :]
        program = words[: len(words) - len(command)] if command else words
    entrypoint = [str(each) for each in program or []]
    if entrypoint == theirs:
        return [], command if command != (own.get("Cmd") or []) else []
    if not entrypoint:  # the image's entry point was removed
        return ["--entrypoint="], command
    return [f"--entrypoint={json.dumps(entrypoint)}"], command


def _lost(found: dict[str, Any], runtime: dict[str, Any] | None) -> list[NotCarriedOver]:
    host, config = found["HostConfig"], found["Config"]
    lost = [
        NotCarriedOver(option=option, reason=reason)
        for key, option, reason in _LOST
        if host.get(key)
    ]
    if config.get("StartupHealthCheck"):
        reason = msg("Podman's data does not give the startup check: add it by hand.")
        lost.append(NotCarriedOver(option="--health-startup-cmd", reason=reason))
    if found.get("Dependencies") and not str(host.get("NetworkMode")).startswith("container:"):
        reason = msg("A unit names what it needs with After= and Requires=.")
        lost.append(NotCarriedOver(option="--requires", reason=reason))
    if runtime is None:
        reason = msg(
            "The container has no command line and was never started, so Podman's data does not "
            "give these: start it once, then look here again."
        )
        lost.append(NotCarriedOver(option="--sysctl, --ulimit, --device", reason=reason))
    return lost
