"""Extract the requests of a unit file.

Harmless keys pass. Keys that a rule covers become requests. Everything else requests raw unit
files.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from engine.policy import requests as r
from engine.policy.kube import documents
from engine.schema import mounts
from engine.schema.messages import msg
from engine.schema.run_line import size
from engine.schema.unit_names import kind_of, redacted

FIELD = "text"
_LINE = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9-]*)[ \t]*=(.*)")
_SECTION = re.compile(r"[ \t]*\[([A-Za-z]+)\][ \t]*")
# What an image's own name may be, or that of the file that builds it.
_OTHER_FILE = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9_.@-]*\.(image|build|volume|network|pod|container)"
)
_HARMLESS_UNIT = {
    "Description", "Documentation", "After", "Before", "Wants", "Requires", "BindsTo", "PartOf",
    "Conflicts", "OnFailure", "StartLimitIntervalSec", "StartLimitBurst", "ConditionPathExists",
    "RequiresMountsFor",
}  # fmt: skip
_HARMLESS_SERVICE = {
    "Restart", "RestartSec", "TimeoutStartSec", "TimeoutStopSec", "Nice", "RemainAfterExit",
    "SuccessExitStatus",
}  # fmt: skip
_HARMLESS_INSTALL = {"WantedBy", "RequiredBy", "UpheldBy", "Alias", "Also"}
_HARMLESS_CONTAINER = {
    "ContainerName", "Exec", "Entrypoint", "NetworkAlias", "Pod", "StartWithPod", "Environment",
    "Secret", "AutoUpdate", "Pull", "User", "Group", "WorkingDir", "HostName", "AddHost", "DNS",
    "DNSOption", "DNSSearch", "IP", "IP6", "ExposeHostPort", "HealthCmd", "HealthInterval",
    "HealthTimeout", "HealthRetries", "HealthStartPeriod", "HealthOnFailure", "HealthStartupCmd",
    "HealthStartupInterval", "HealthStartupRetries", "HealthStartupSuccess",
    "HealthStartupTimeout", "HealthMaxLogCount", "HealthMaxLogSize", "Notify", "StopSignal",
    "StopTimeout", "ShmSize", "Ulimit", "Sysctl", "ReadOnly", "ReadOnlyTmpfs", "RunInit",
    "NoNewPrivileges", "DropCapability", "Mask", "Label", "Timezone", "ReloadCmd", "ReloadSignal",
    "Retry", "RetryDelay", "Tmpfs", "ServiceName",
}  # fmt: skip
_HARMLESS_POD = {
    "PodName", "NetworkAlias", "AddHost", "DNS", "DNSOption", "DNSSearch", "IP", "IP6", "HostName",
    "Label", "ExitPolicy", "ShmSize", "StopTimeout", "ServiceName",
}  # fmt: skip
_HARMLESS_VOLUME = {"VolumeName", "Label", "Copy", "User", "Group", "ServiceName"}
_HARMLESS_NETWORK = {
    "NetworkName", "Subnet", "Gateway", "IPRange", "IPv6", "Internal", "DNS", "DisableDNS",
    "Label", "NetworkDeleteOnStop", "ServiceName",
}  # fmt: skip
_HARMLESS_IMAGE = {
    "ImageTag", "AllTags", "Arch", "OS", "Variant", "TLSVerify", "Retry", "RetryDelay",
    "ServiceName",
}  # fmt: skip
_SECURITY_LABELS = {
    "SecurityLabelFileType": "filetype",
    "SecurityLabelLevel": "level",
    "SecurityLabelType": "type",
}
_BERTHS_OWN = re.compile(r'"?BERTH_[A-Z]+=(|;)"?')


@dataclass
class _Read:
    """The requests so far, and the limits, which are one request for the whole file."""

    file: str = ""
    requests: list[r.Request] = field(default_factory=list)
    built: bool = True
    """For .kube files: whether Podman may build images that it does not find."""
    yaml: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    pids: list[int] = field(default_factory=list)

    def raw(self, description: str) -> None:
        self.requests.append(r.Raw(description=redacted(description), field=FIELD))


def requests(file: str, text: str, *, new: bool) -> list[r.Request]:
    """Return the requests of a unit file's text. `new`: the file does not exist yet."""
    kind = kind_of(file)
    if kind in ("yaml", "yml") and ".d/" not in file:
        return documents.requests(text)
    read = _Read(file=file)
    if kind not in _SECTIONS or ".d/" in file:
        return [r.Raw(description=msg("A file of the kind .%(kind)s", kind=kind), field=FIELD)]
    for section, key, value in _lines(read, text):
        _take(read, kind, section, key, value)
    if kind == "container":
        read.requests += [r.OneMore(field=FIELD)] if new else []
        read.requests.append(
            r.Limits(
                memory=max(read.memory, default=None),
                cpus=max(read.cpus, default=None),
                pids=max(read.pids, default=None),
                field=FIELD,
            )
        )
    if kind == "kube":
        if len(read.yaml) != 1:
            read.raw(msg("A .kube file without exactly one Yaml="))
        if read.built:
            read.raw(
                msg(
                    "A .kube file without PodmanArgs=--build=false (Podman would build an image "
                    "that it does not find from a folder of its name)"
                )
            )
    return read.requests


def _lines(read: _Read, text: str) -> Iterator[tuple[str, str, str]]:
    section = ""
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.removesuffix("\r")
        if not line.strip(" \t") or line.lstrip(" \t").startswith(("#", ";")):
            if line.endswith("\\"):
                read.raw(msg("Line %(number)s (a comment that goes on)", number=number))
        elif found := _SECTION.fullmatch(line):
            section = found[1]
        elif (found := _LINE.fullmatch(line)) and not line.endswith("\\") and line.isprintable():
            yield section, found[1], found[2].strip(" \t")
        else:
            read.raw(msg("Line %(number)s, which is not a plain Key=value,", number=number))


def _take(read: _Read, kind: str, section: str, key: str, value: str) -> None:
    description = f"{key}={value[:80]}"
    if section == "Unit" and key in _HARMLESS_UNIT:
        return
    if section == "Install" and key in _HARMLESS_INSTALL:
        return
    if section == "Quadlet" and key == "DefaultDependencies":
        return
    if section == "Service":
        _service(read, key, value)
        return
    harmless, judged = _SECTIONS[kind]
    if section.lower() != kind or section != section.capitalize():
        read.raw(f"[{section}] {description}")
    elif key in judged:
        # systemd expands specifiers and variables, so the result cannot be evaluated.
        if re.search(r"[%$]", value):
            read.raw(msg("%(description)s, with %% or $ in it,", description=description))
        if value:
            judged[key](read, key, _unquoted(value))
        else:
            read.raw(msg("%(key)s= without a value, which takes earlier lines back,", key=key))
    elif key not in harmless:
        read.raw(description)


def _service(read: _Read, key: str, value: str) -> None:
    if key in _HARMLESS_SERVICE:
        return
    if key == "Environment" and _BERTHS_OWN.fullmatch(value):
        return
    amount = {"MemoryMax": _memory, "TasksMax": _pids, "CPUQuota": _quota}.get(key)
    if amount:
        amount(read, key, value)
    else:
        read.raw(f"[Service] {key}={value[:80]}")


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value


def _image(read: _Read, key: str, value: str) -> None:
    if not _OTHER_FILE.fullmatch(value):
        read.requests.append(r.Image(name=value, field=FIELD))


def _volume(read: _Read, key: str, value: str) -> None:
    _mounted(read, key, value, mounts.volume)


def _mount(read: _Read, key: str, value: str) -> None:
    _mounted(read, key, value, mounts.mount)


def _mounted(
    read: _Read, key: str, value: str, understood: Callable[[str], mounts.Mounted]
) -> None:
    try:
        found = understood(value)
    except mounts.Unclear as error:
        read.raw(f"{key}={value[:80]} ({error})")
        return
    if found.kind == "bind":
        bind = r.Bind(source=found.source, read_only=not found.writes, field=FIELD)
        read.requests.append(bind)
    elif found.kind == "image":
        _image(read, key, found.source)


def _network(read: _Read, key: str, value: str) -> None:
    read.requests += network(value, FIELD)


def network(value: str, place: str) -> list[r.Request]:
    """Return what a `--network` value requests. Options of pasta and slirp4netns open the host."""
    name, _, options = value.partition(":")
    shares = name in ("container", "ns") or name.endswith(".container")
    opens = name in ("pasta", "slirp4netns") and bool(options)
    if not (shares or opens or "host" in name.split(",")):
        return []
    return [r.Namespace(kind="network", description=f"network {value}", field=place)]


def _port(read: _Read, key: str, value: str) -> None:
    plain = value.partition("/")[0]
    found = re.fullmatch(
        r"(?:(?:\[[0-9a-fA-F:.]*\]|\d+(?:\.\d+){3}|):)?(?:(\d*)(?:-(\d+))?:)?\d+(?:-\d+)?", plain
    )
    if not found:
        read.raw(f"{key}={value[:80]}")
    elif not found[1]:
        read.requests.append(r.Port(first=None, field=FIELD))
    else:
        first, last = int(found[1]), int(found[2] or found[1])
        read.requests.append(r.Port(first=first, last=max(first, last), field=FIELD))


def _capability(read: _Read, key: str, value: str) -> None:
    read.requests += [r.Capability(name=each, field=FIELD) for each in _words(value)]


def _device(read: _Read, key: str, value: str) -> None:
    for each in _words(value):
        path = each.removeprefix("-").partition(":")[0]
        read.requests.append(r.Device(name=path, field=FIELD))


def _words(value: str) -> list[str]:
    return [each.strip("\"'") for each in value.split()]


def _users(read: _Read, key: str, value: str) -> None:
    mode = value.partition(":")[0]
    own = key == "UserNS" and mode in ("keep-id", "auto", "nomap")
    if not own:
        read.requests.append(r.Namespace(kind="user", description=f"{key}={value}", field=FIELD))


def _security(read: _Read, key: str, value: str) -> None:
    description = {
        "SeccompProfile": f"seccomp={value}",
        "SecurityLabelDisable": "label=disable",
        "SecurityLabelNested": "label=nested",
        "Unmask": f"unmask={value}",
    }.get(key) or f"label={_SECURITY_LABELS[key]}:{value}"
    if value.lower() not in ("false", "no", "0", "off"):
        read.requests.append(r.SecurityOption(description=description, field=FIELD))
    if key == "SeccompProfile" and value.startswith("/"):
        read.requests.append(r.Bind(source=value, read_only=True, field=FIELD))


def _environment_file(read: _Read, key: str, value: str) -> None:
    # Podman splits it into words, each of which is a file. A dash is part of a name.
    if re.fullmatch(r"/[A-Za-z0-9_@:,./=+-]*", value):
        read.requests.append(r.Bind(source=value, read_only=True, field=FIELD))
    else:
        read.raw(msg("%(key)s=%(value)s, which is not one plain path,", key=key, value=value[:80]))


def _memory(read: _Read, key: str, value: str) -> None:
    try:
        read.memory.append(size(value))
    except ValueError:
        read.raw(f"{key}={value[:80]}")


def _pids(read: _Read, key: str, value: str) -> None:
    if value.isdecimal() and int(value) > 0:
        read.pids.append(int(value))
    else:
        read.raw(f"{key}={value[:80]}")


def _cpus(read: _Read, key: str, value: str) -> None:
    if re.fullmatch(r"\d+(\.\d+)?", value) and float(value) > 0:
        read.cpus.append(float(value))
    else:
        read.raw(f"{key}={value[:80]}")


def _quota(read: _Read, key: str, value: str) -> None:
    if re.fullmatch(r"[1-9]\d*%", value):
        read.cpus.append(int(value[:-1]) / 100)
    else:
        read.raw(f"{key}={value[:80]}")


def _podman_args(read: _Read, key: str, value: str) -> None:
    """Accept limits, for which older Podmans have no key. Anything else could be anything."""
    found = re.fullmatch(r"--(memory|cpus|pids-limit)[= ]([0-9.]+[bkmgBKMG]?)", value)
    if not found:
        read.raw(f"{key}={value[:80]}")
        return
    {"memory": _memory, "cpus": _cpus, "pids-limit": _pids}[found[1]](read, key, found[2])


def _yaml(read: _Read, key: str, value: str) -> None:
    """Require a file beside the unit: no bind leads there, so no container can change it."""
    read.yaml.append(value)
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,190}\.ya?ml", value) and ".." not in value:
        read.requests.append(
            r.KubeFile(file=f"{read.file.rpartition('/')[0]}/{value}", field=FIELD)
        )
    else:
        read.raw(
            msg(
                "%(key)s=%(value)s, which is no file beside the unit (NAME.yaml),",
                key=key,
                value=value[:80],
            )
        )


def _no_build(read: _Read, key: str, value: str) -> None:
    if value == "--build=false":
        read.built = False
    else:
        read.raw(f"{key}={value[:80]}")


def _plain_driver(read: _Read, key: str, value: str) -> None:
    if value not in ("local", "bridge"):
        read.raw(f"{key}={value[:80]}")


def _volume_device(read: _Read, key: str, value: str) -> None:
    if value != "tmpfs":
        read.requests.append(r.Bind(source=value, field=FIELD))


def _volume_type(read: _Read, key: str, value: str) -> None:
    if value not in ("tmpfs", "none", "bind"):
        read.raw(f"{key}={value[:80]}")


def _volume_mount_options(read: _Read, key: str, value: str) -> None:
    known = r"(size=\d+[kmg]?|mode=[0-7]+|uid=\d+|gid=\d+|bind|ro|rw|nosuid|nodev|noexec)"
    if not all(re.fullmatch(known, each) for each in value.split(",")):
        read.raw(f"{key}={value[:80]}")


_Take = Callable[[_Read, str, str], None]
_CONTAINER: dict[str, _Take] = {
    "Image": _image,
    "Volume": _volume,
    "Mount": _mount,
    "Network": _network,
    "PublishPort": _port,
    "AddCapability": _capability,
    "AddDevice": _device,
    "UserNS": _users,
    "UIDMap": _users,
    "GIDMap": _users,
    "SubUIDMap": _users,
    "SubGIDMap": _users,
    "SeccompProfile": _security,
    "SecurityLabelDisable": _security,
    "SecurityLabelNested": _security,
    "SecurityLabelFileType": _security,
    "SecurityLabelLevel": _security,
    "SecurityLabelType": _security,
    "Unmask": _security,
    "EnvironmentFile": _environment_file,
    "Memory": _memory,
    "PidsLimit": _pids,
    "PodmanArgs": _podman_args,
}
_POD: dict[str, _Take] = {
    each: _CONTAINER[each]
    for each in (
        "PublishPort", "Network", "Volume", "UserNS", "UIDMap", "GIDMap", "SubUIDMap", "SubGIDMap",
    )
}  # fmt: skip
_KUBE: dict[str, _Take] = {
    "Yaml": _yaml,
    "PodmanArgs": _no_build,
    **{each: _CONTAINER[each] for each in ("PublishPort", "Network", "UserNS")},
}
_VOLUME: dict[str, _Take] = {
    "Driver": _plain_driver,
    "Device": _volume_device,
    "Type": _volume_type,
    "Options": _volume_mount_options,
}
_SECTIONS: dict[str, tuple[set[str], dict[str, _Take]]] = {
    "container": (_HARMLESS_CONTAINER, _CONTAINER),
    "pod": (_HARMLESS_POD, _POD),
    "kube": ({"AutoUpdate", "ExitCodePropagation", "KubeDownForce", "ServiceName"}, _KUBE),
    "volume": (_HARMLESS_VOLUME, _VOLUME),
    "network": (_HARMLESS_NETWORK, {"Driver": _plain_driver}),
    "image": (_HARMLESS_IMAGE, {"Image": _image}),
}
"""Per type of file: keys that pass, and keys that are evaluated. Other types are entirely raw."""
