"""Read the values of options, as Podman does, into the JSON of ContainerRun's fields.

Each reader raises ValueError with a sentence for a value that has no field.
"""

import csv
import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from engine.schema.containers import Port, Volume
from engine.schema.messages import msg
from engine.schema.run_line.options import FALSE, TRUE
from engine.schema.run_line.units import seconds, size

Values = dict[str, Any]
_SPAN = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_NETWORK = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.:=,-]*")
_MODES = ("none", "host", "private", "slirp4netns", "pasta", "bridge", "container", "ns")
_ONE_VALUE = ("name", "user", "workdir", "hostname", "stop_signal")


def switch(text: str | None) -> bool:
    """Read a switch's value as strconv.ParseBool does. Raises ValueError."""
    if text is None or text in TRUE:
        return True
    if text in FALSE:
        return False
    raise ValueError(msg("Podman refuses this: the value of a switch is true or false."))


def fields_of_csv(text: str) -> list[str]:
    """Split at commas, except within quotes. Raises ValueError."""
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error as error:
        raise ValueError(msg("The quotes in the value do not match.")) from error
    return rows[0] if rows else []


def _environment(values: Values, text: str) -> None:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(
            msg("It takes the value from your own shell: fill it in under Environment.")
        )
    if not name or "\n" in name:
        raise ValueError(msg("A variable needs a name."))
    values.setdefault("environment", {})[name] = value


def _label(values: Values, text: str) -> None:
    name, _, value = text.partition("=")
    if not name:
        raise ValueError(msg("A label needs a name."))
    values.setdefault("labels", {})[name] = value


def _port(values: Values, text: str) -> None:
    ports = [_one_port(each) for each in fields_of_csv(text)]
    values.setdefault("ports", []).extend(ports)


def _one_port(text: str) -> Values:
    rest, slash, protocol = text.partition("/")
    protocol = protocol.lower() if slash else "tcp"
    if protocol not in ("tcp", "udp", "sctp"):
        raise ValueError(msg("A port's protocol is tcp, udp or sctp."))
    address, host, inside = _parts_of_port(rest)
    first, length = _span(inside)
    port: Values = {"container_port": first}
    if address:
        port["host_ip"] = address
    if host:
        port["host_port"], host_length = _span(host)
        if host_length != length:
            raise ValueError(msg("The two ranges of ports are not equally long."))
    if length > 1:
        port["length"] = length
    if protocol != "tcp":
        port["protocol"] = protocol
    return _checked(Port, port)


def _parts_of_port(text: str) -> tuple[str, str, str]:
    """Split `[address:][host:]container` into address, host port, and container port."""
    bracketed = re.fullmatch(r"\[([^\[\]]*)\]:([^:]*):([^:]*)", text)
    parts = list(bracketed.groups()) if bracketed else text.split(":")
    if len(parts) > 3 or not parts[-1] or "[" in parts[0]:
        raise ValueError(
            msg("This is no port as Podman understands it: [address:][host:]container.")
        )
    address = parts[0] if len(parts) == 3 else ""
    if address:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            raise ValueError(msg("A port's address is an IP address, such as 127.0.0.1.")) from None
        if "%" in address or (found.version == 6) != bool(bracketed):
            raise ValueError(msg("A port's IPv6 address stands in brackets, without a zone."))
    return address, parts[-2] if len(parts) > 1 else "", parts[-1]


def _span(text: str) -> tuple[int, int]:
    found = _SPAN.fullmatch(text)
    if not found:
        raise ValueError(
            msg("This is no port as Podman understands it: [address:][host:]container.")
        )
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise ValueError(msg("The range of ports ends before it begins."))
    if not 1 <= first <= last <= 65535:
        raise ValueError(msg("A port is a number from 1 to 65535."))
    return first, last - first + 1


def _volume(values: Values, text: str) -> None:
    parts = text.split(":")
    if len(parts) > 3:
        raise ValueError(msg("A volume is source:target:options."))
    if len(parts) > 1 and not parts[0]:
        raise ValueError(msg("The volume has no source."))
    source, target, options = ("", parts[0], "") if len(parts) == 1 else (*parts, "")[:3]
    volume: Values = {"source": source, "target": target}
    given = [each for each in options.split(",") if each]
    if {"ro", "rw"} <= set(given) or {"z", "Z"} <= set(given):
        raise ValueError(msg("Two of the volume's options contradict each other."))
    for option in given:
        match option:
            case "ro":
                volume["read_only"] = True
            case "rw":
                pass
            case "z" | "Z":
                volume["selinux"] = option
            case "U":
                volume["chown"] = True
            case _:
                raise ValueError(
                    msg(
                        "The volume's option %(option)s has no place in the form.",
                        option=f"{option!r}",
                    )
                )
    _add_volume(values, volume)


_OF_MOUNT = {
    "source": "source", "src": "source",
    "target": "target", "destination": "target", "dst": "target",
    "readonly": "read_only", "ro": "read_only",
    "U": "chown", "chown": "chown",
}  # fmt: skip


def _mount(values: Values, text: str) -> None:
    volume: Values = {"source": "", "target": ""}
    kind = "volume"
    unknown = []
    for part in fields_of_csv(text):
        key, equals, value = part.partition("=")
        name = _OF_MOUNT.get(key)
        if key == "type":
            kind = value
        elif name in ("source", "target"):
            volume[name] = value
        elif name:
            volume[name] = switch(value if equals else None)
        elif key == "relabel" and value in ("shared", "private"):
            volume["selinux"] = "z" if value == "shared" else "Z"
        else:
            unknown.append(key)
    if kind not in ("bind", "volume"):
        raise ValueError(
            msg("A mount of the type %(kind)s has no place in the form.", kind=f"{kind!r}")
        )
    if unknown:
        raise ValueError(
            msg(
                "The mount's %(unknown)s has no place in the form.",
                unknown=", ".join(sorted(set(unknown))),
            )
        )
    if not volume["target"]:
        raise ValueError(msg("The mount has no target."))
    if kind == "bind" and not volume["source"].startswith("/"):
        raise ValueError(msg("The source of a bind mount must be an absolute path."))
    if kind == "volume" and "/" in volume["source"]:
        raise ValueError(msg("The source of a mount of the type volume is a volume's name."))
    for name in ("read_only", "chown"):
        if not volume.get(name, True):
            del volume[name]
    _add_volume(values, volume)


def _add_volume(values: Values, volume: Values) -> None:
    source = volume["source"]
    if source and not re.fullmatch(r"/.*|[a-zA-Z0-9][a-zA-Z0-9_.-]*", source, re.DOTALL):
        raise ValueError(msg("The source must be an absolute path, or the name of a volume."))
    if not volume["target"].startswith("/"):
        raise ValueError(msg("The target must be an absolute path in the container."))
    values.setdefault("volumes", []).append(_checked(Volume, volume))


def _checked(model: type[Port] | type[Volume], fields: Values) -> Values:
    try:
        model.model_validate(fields)
    except ValidationError:
        raise ValueError(msg("Podman takes no such value here.")) from None
    return fields


def _network(values: Values, text: str) -> None:
    if not _NETWORK.fullmatch(text):
        raise ValueError(msg("The form has no place for this kind of network."))
    earlier = values.get("network", "")
    if not earlier:
        values["network"] = text
        return
    names = [*earlier.split(","), *text.split(",")]
    if ":" in earlier + text or any(name in _MODES for name in names):
        raise ValueError(msg("The form has room for several networks only by their bare names."))
    values["network"] = ",".join(dict.fromkeys(names))


def _pull(values: Values, text: str) -> None:
    if text not in ("missing", "always", "never", "newer"):
        raise ValueError(msg("The image is pulled always, missing, never or newer."))
    values["pull"] = text


def _memory(values: Values, text: str) -> None:
    _set(values, "memory", size(text) or None)  # 0 means no limit


def _cpus(values: Values, text: str) -> None:
    if not re.fullmatch(r"[0-9]{0,9}(\.[0-9]{0,9})?", text) or not re.search(r"[0-9]", text):
        raise ValueError(msg("The number of processors is a number such as 1.5."))
    _set(values, "cpus", float(text) or None)


def _pids(values: Values, text: str) -> None:
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise ValueError(msg("The number of processes must be a whole number."))
    if int(text) <= 0:
        raise ValueError(msg("The form cannot lift Podman's own limit of processes."))
    values["pids"] = int(text)


def _restart(values: Values, text: str) -> None:
    policy, colon, tries = text.partition(":")
    if policy not in ("", "no", "on-failure", "always", "unless-stopped"):
        raise ValueError(msg("There is no restart policy %(policy)s.", policy=f"{policy!r}"))
    if colon and (policy != "on-failure" or not re.fullmatch(r"[0-9]{1,9}", tries)):
        raise ValueError(msg("A number of tries belongs to on-failure alone."))
    _set(values, "restart", policy or None)
    _set(values, "restart_tries", int(tries) if colon else None)


def _entrypoint(values: Values, text: str) -> None:
    if not text.startswith("["):
        values["entrypoint"] = [text] if text else []
        return
    try:
        words = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(msg("The entrypoint is no JSON list.")) from error
    if not all(isinstance(word, str) for word in words):
        raise ValueError(msg("The entrypoint is no list of words."))
    values["entrypoint"] = words


def _stop_timeout(values: Values, text: str) -> None:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError(msg("The time to stop must be a whole number of seconds."))
    values["stop_timeout"] = int(text)


def _health_command(values: Values, text: str) -> None:
    values.get("health", {}).pop("command", None)
    command = health_command(text)
    if command:
        values.setdefault("health", {})["command"] = command


def health_command(text: str) -> str:
    """Return the shell command of a `--health-cmd` by Podman's rules; "" for none.

    Podman accepts a JSON list, `CMD …`, `CMD-SHELL …`, `NONE`, or a plain shell command.
    """
    words = _json_list(text)
    if words is not None and len(words) > 1:
        if words[0] == "CMD-SHELL" and len(words) == 2:
            return words[1]
        raise ValueError(msg("A health check without a shell has no place in the form."))
    if words == []:
        raise ValueError(msg("The health check has no command."))
    first, _, rest = (words[0] if words else text).partition(" ")
    if first.upper() == "NONE":
        raise ValueError(msg("The form cannot turn off a health check that the image has."))
    if first.upper() == "CMD":
        raise ValueError(msg("A health check without a shell has no place in the form."))
    if first.upper() == "CMD-SHELL":
        if first != "CMD-SHELL" or not rest or words:
            raise ValueError(msg("Podman would not run this health check."))
        return rest
    return words[0] if words else text


def _json_list(text: str) -> list[str] | None:
    if not text.lstrip().startswith("["):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_list = isinstance(found, list) and all(isinstance(word, str) for word in found)
    return found if is_list else None


def _health_time(name: str) -> Callable[[Values, str], None]:
    def take(values: Values, text: str) -> None:
        if name == "interval" and text == "disable":
            text = "0s"
        if re.fullmatch(r"[1-9][0-9]*", text):
            raise ValueError(msg("Podman wants a unit here, as in 30s."))
        values.setdefault("health", {})[name] = seconds(text)

    return take


def _health_retries(values: Values, text: str) -> None:
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise ValueError(msg("The number of failures must be a whole number above 0."))
    values.setdefault("health", {})["retries"] = int(text)


def _one_value(name: str) -> Callable[[Values, str], None]:
    def take(values: Values, text: str) -> None:
        _set(values, name, text or None)

    return take


def _set(values: Values, name: str, value: Any) -> None:
    """Set a value. The last use of an option wins, and a default value reverts an earlier use."""
    if value is None:
        values.pop(name, None)
    else:
        values[name] = value


def take_switch(values: Values, name: str, text: str | None) -> None:
    """Read `--tty` or `--tty=false`. Raises ValueError."""
    _set(values, name, True if switch(text) else None)


READERS: dict[str, Callable[[Values, str], None]] = {
    "environment": _environment,
    "label": _label,
    "port": _port,
    "volume": _volume,
    "mount": _mount,
    "network": _network,
    "pull": _pull,
    "memory": _memory,
    "cpus": _cpus,
    "pids": _pids,
    "restart": _restart,
    "entrypoint": _entrypoint,
    "stop_timeout": _stop_timeout,
    "health_command": _health_command,
    "health_interval": _health_time("interval"),
    "health_timeout": _health_time("timeout"),
    "health_start_period": _health_time("start_period"),
    "health_retries": _health_retries,
    **{name: _one_value(name) for name in _ONE_VALUE},
}
