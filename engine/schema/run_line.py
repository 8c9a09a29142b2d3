"""Reads a pasted `docker run` or `podman run` line into the fields of ContainerRun.

Options and their spellings: podman-run(1), docker-run(1). Nothing is expanded or run: what a shell
would have replaced (`$HOME`, `$(pwd)`) is left as it is, and said.
"""

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import Any

PROGRAMS = ("docker", "podman", "nerdctl")
UNITS = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
# Every option of the two programs that takes a value and that ContainerRun has no field for.
# Known, so that one of them never swallows the image's name.
WITH_VALUE = frozenset(
    """
    --add-host --annotation -a --attach --arch --authfile --blkio-weight --blkio-weight-device
    --cap-add --cap-drop --cert-dir --cgroup-conf --cgroup-parent --cgroupns --cgroups --chrootdirs
    --cidfile --conmon-pidfile --cpu-count --cpu-percent --cpu-period --cpu-quota --cpu-rt-period
    --cpu-rt-runtime --cpu-shares -c --cpuset-cpus --cpuset-mems --creds --decryption-key
    --detach-keys --device --device-cgroup-rule --device-read-bps --device-read-iops
    --device-write-bps --device-write-iops --disable-content-trust --dns --dns-opt --dns-option
    --dns-search --domainname --env-file --env-merge --expose --gidmap --gpus --group-add
    --group-entry --health-log-destination --health-max-log-count --health-max-log-size
    --health-on-failure --health-start-interval --health-startup-cmd --health-startup-interval
    --health-startup-retries --health-startup-success --health-startup-timeout --hostuser
    --image-volume --init-ctr --init-path --io-maxbandwidth --io-maxiops --ip --ip6 --ipc
    --isolation --kernel-memory --label-file --link --link-local-ip --log-driver --log-opt
    --mac-address --memory-reservation --memory-swap --memory-swappiness --mount --net-alias
    --network-alias --oom-score-adj --os --passwd-entry --personality --pid --pidfile --platform
    --pod --pod-id-file --preserve-fd --preserve-fds --rdt-class --requires --retry --retry-delay
    --runtime --sdnotify --seccomp-policy --secret --security-opt --shm-size --shm-size-systemd
    --storage-opt --subgidname --subuidname --sysctl --systemd --timeout --tls-verify --tmpfs --tz
    --uidmap --ulimit --umask --unsetenv --userns --use-api-socket --uts --variant --volume-driver
    --volumes-from
    """.split()
)
REASONS = {
    "--env-file": "A file on your machine: paste its lines into Environment.",
    "--privileged": "Berth does not launch privileged containers.",
    "-P": "Publishing all ports: name the ports that you need.",
    "--publish-all": "Publishing all ports: name the ports that you need.",
}
ALIASES = {
    "-e": "--env", "-p": "--publish", "-v": "--volume", "-m": "--memory", "-u": "--user",
    "-w": "--workdir", "-h": "--hostname", "-l": "--label", "--net": "--network", "-d": "--detach",
    "-i": "--interactive", "-t": "--tty", "--pids-limit": "--pids-limit",
    "--healthcheck-command": "--health-cmd", "--healthcheck-interval": "--health-interval",
    "--healthcheck-timeout": "--health-timeout", "--healthcheck-retries": "--health-retries",
    "--healthcheck-start-period": "--health-start-period",
}  # fmt: skip
FLAGS = {
    "--rm": "remove", "--read-only": "read_only", "--init": "init", "--tty": "tty",
    "--interactive": "interactive",
}  # fmt: skip
WORDS = {
    "--name": "name", "--user": "user", "--workdir": "workdir", "--hostname": "hostname",
    "--network": "network", "--stop-signal": "stop_signal", "--pull": "pull",
}  # fmt: skip


class Unreadable(ValueError):
    """Raised for text that is no run line at all; its text says why."""


@dataclass(frozen=True)
class LeftOut:
    """An option that the form has no place for, as it was written, and why."""

    option: str
    reason: str


@dataclass
class RunLine:
    """What was read: values for the fields of ContainerRun, and what was left out."""

    values: dict[str, Any] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)


def read(text: str) -> RunLine:
    """Read one line (continued with backslashes or not). Raises Unreadable, and nothing else."""
    words = _run_words(text)
    line = RunLine()
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word == "--":
            break
        if not word.startswith("-") or word == "-":
            position -= 1
            break
        for option, value in split_option(word):
            if value is None and option_takes_value(option):
                if position >= len(words):
                    raise Unreadable(f"{option} has no value.")
                value = words[position]
                position += 1
            _take(line, option, value)
    if position >= len(words):
        raise Unreadable("There is no image after the options.")
    line.values["image"] = words[position]
    if words[position + 1 :]:
        line.values["command_line"] = words[position + 1 :]
    _warn_of_shell(line, words)
    return line


def _run_words(text: str) -> list[str]:
    if "\0" in text or len(text) > 100_000:
        raise Unreadable("That is too long, or no text.")
    joined = re.sub(r"\\\r?\n", " ", text.strip())
    joined = re.sub(r"^[$#]\s+", "", joined)
    try:
        words = shlex.split(joined, comments=False)
    except ValueError as error:
        raise Unreadable(f"The quotes do not match: {error}.".replace("..", ".")) from error
    while words and (words[0] == "sudo" or re.fullmatch(r"[A-Za-z_]\w*=.*", words[0])):
        words.pop(0)
    if not words or words[0].rsplit("/", 1)[-1] not in PROGRAMS:
        raise Unreadable("Paste a line that begins with `podman run` or `docker run`.")
    words.pop(0)
    while words and words[0].startswith("-"):  # options of the program itself
        option = words.pop(0)
        if "=" not in option and words and not words[0].startswith("-") and words[0] != "run":
            words.pop(0)
    if words[:1] == ["container"]:
        words.pop(0)
    if words[:1] not in (["run"], ["create"]):
        raise Unreadable("Only `run` (or `create`) lines can be read.")
    return words[1:]


def split_option(word: str) -> list[tuple[str, str | None]]:
    """One word as options: `--a=b`, `--a`, and joined short ones as in `-itp80:80`."""
    if word.startswith("--"):
        option, equals, value = word.partition("=")
        return [(option, value if equals else None)]
    found: list[tuple[str, str | None]] = []
    for at, letter in enumerate(word[1:], start=1):
        option = f"-{letter}"
        if option_takes_value(option):
            rest = word[at + 1 :].removeprefix("=")
            return [*found, (option, rest if word[at + 1 :] else None)]
        found.append((option, None))
    return found


_OWN_VALUES = frozenset(
    {
        "--env", "--publish", "--volume", "--memory", "--cpus", "--pids-limit", "--restart",
        "--label", "--entrypoint", "--stop-timeout", "--health-cmd", "--health-interval",
        "--health-timeout", "--health-retries", "--health-start-period", *WORDS,
    }
)  # fmt: skip


def option_takes_value(option: str) -> bool:
    """Whether the next word is an option's value, unless it has one after an equals sign."""
    option = ALIASES.get(option, option)
    return option in _OWN_VALUES or option in WITH_VALUE


def _take(line: RunLine, written: str, value: str | None) -> None:
    option = ALIASES.get(written, written)
    shown = written if value is None else f"{written} {value}"
    values = line.values
    try:
        if option == "--detach":
            return
        if option in FLAGS:
            if value is None or value.lower() in ("true", "1"):
                values[FLAGS[option]] = True
            return
        if value is not None and option in WORDS:
            values[WORDS[option]] = value
        elif value is not None and option in _READERS:
            _READERS[option](values, value)
        else:
            reason = REASONS.get(written, "The form has no place for this option.")
            line.left_out.append(LeftOut(shown, reason))
    except ValueError as error:
        line.left_out.append(LeftOut(shown, f"{error}"))


def _environment(values: dict[str, Any], text: str) -> None:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError("It takes the value from your own shell: fill it in under Environment.")
    if not name:
        raise ValueError("A variable needs a name.")
    values.setdefault("environment", {})[name] = value


def _label(values: dict[str, Any], text: str) -> None:
    name, _, value = text.partition("=")
    values.setdefault("labels", {})[name] = value


_PORT = re.compile(
    r"^(?:(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<four>\d+(?:\.\d+){3}|localhost)):)?"
    r"(?:(?P<host>\d*(?:-\d+)?):)?(?P<inside>\d+(?:-\d+)?)(?:/(?P<protocol>tcp|udp|sctp))?$"
)


def _port(values: dict[str, Any], text: str) -> None:
    found = _PORT.match(text)
    if not found:
        raise ValueError("This is no port as Berth understands it: [address:][host:]container.")
    inside, inside_length = _span(found["inside"])
    port: dict[str, Any] = {"container_port": inside}
    address = found["six"] or found["four"] or ""
    if address:
        port["host_ip"] = "127.0.0.1" if address == "localhost" else address
    if found["host"]:
        host, host_length = _span(found["host"])
        if host_length != inside_length:
            raise ValueError("The two ranges of ports are not equally long.")
        port["host_port"] = host
    if inside_length > 1:
        port["length"] = inside_length
    if found["protocol"] and found["protocol"] != "tcp":
        port["protocol"] = found["protocol"]
    values.setdefault("ports", []).append(port)


def _span(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    length = int(last or first) - int(first) + 1
    if length < 1:
        raise ValueError("The range of ports ends before it begins.")
    return int(first), length


def _volume(values: dict[str, Any], text: str) -> None:
    parts = text.split(":")
    if len(parts) > 3:
        raise ValueError("A volume is source:target:options.")
    source, target, options = ("", parts[0], "") if len(parts) == 1 else (*parts, "")[:3]
    volume: dict[str, Any] = {"source": source, "target": target}
    for option in filter(None, options.split(",")):
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
                raise ValueError(f"The volume's option {option!r} has no place in the form.")
    if source and not source.startswith("/") and source.startswith((".", "~", "$")):
        raise ValueError("The source must be an absolute path, or the name of a volume.")
    values.setdefault("volumes", []).append(volume)


def _mount(values: dict[str, Any], text: str) -> None:
    parts = dict(part.partition("=")[::2] for part in text.split(","))
    kind = parts.pop("type", "volume")
    if kind not in ("bind", "volume"):
        raise ValueError(f"A mount of the type {kind!r} has no place in the form.")
    source = next((parts.pop(k) for k in ("source", "src") if k in parts), "")
    target = next((parts.pop(k) for k in ("target", "destination", "dst") if k in parts), "")
    volume: dict[str, Any] = {"source": source, "target": target}
    read_only = [parts.pop(k) for k in ("readonly", "ro") if k in parts]
    if read_only and read_only[0] in ("", "true", "1"):
        volume["read_only"] = True
    if parts:
        raise ValueError(f"The mount's {', '.join(sorted(parts))} has no place in the form.")
    if not target:
        raise ValueError("The mount has no target.")
    values.setdefault("volumes", []).append(volume)


def size(text: str) -> int:
    """Bytes of `512m`, `1.5g`, `1073741824b`. Raises ValueError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?", text.strip().lower())
    if not found:
        raise ValueError(f"{text!r} is no size: a number with b, k, m or g.")
    return int(float(found[1]) * UNITS[found[2]])


def _memory(values: dict[str, Any], text: str) -> None:
    values["memory"] = size(text)


def _cpus(values: dict[str, Any], text: str) -> None:
    values["cpus"] = float(text)


def _pids(values: dict[str, Any], text: str) -> None:
    if int(text) > 0:  # 0 and -1 mean no limit
        values["pids"] = int(text)


def _restart(values: dict[str, Any], text: str) -> None:
    policy, colon, tries = text.partition(":")
    if policy not in ("no", "on-failure", "always", "unless-stopped"):
        raise ValueError(f"There is no restart policy {policy!r}.")
    values["restart"] = policy
    if colon:
        values["restart_tries"] = int(tries)


def _entrypoint(values: dict[str, Any], text: str) -> None:
    if text.startswith("["):
        try:
            words = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError("The entrypoint is no JSON list.") from error
        if not all(isinstance(word, str) for word in words):
            raise ValueError("The entrypoint is no list of words.")
        values["entrypoint"] = words
    else:
        values["entrypoint"] = [text] if text else []


def _stop_timeout(values: dict[str, Any], text: str) -> None:
    values["stop_timeout"] = int(text)


def seconds(text: str) -> int:
    """Whole seconds of Go's durations: `30s`, `1m30s`, `1h`. Raises ValueError."""
    if re.fullmatch(r"\d+", text):
        return int(text)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|h|m|s)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"{text!r} is no duration such as 30s or 1m30s.")
    factors = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    return int(sum(float(number) * factors[unit] for number, unit in parts))


def _health(name: str) -> Any:
    def take(values: dict[str, Any], text: str) -> None:
        health = values.setdefault("health", {})
        if name == "command":
            health[name] = text.removeprefix("CMD-SHELL ")
        else:
            health[name] = int(text) if name == "retries" else seconds(text)

    return take


_READERS: dict[str, Any] = {
    "--env": _environment, "--label": _label, "--publish": _port, "--volume": _volume,
    "--mount": _mount, "--memory": _memory, "--cpus": _cpus, "--pids-limit": _pids,
    "--restart": _restart, "--entrypoint": _entrypoint, "--stop-timeout": _stop_timeout,
    "--health-cmd": _health("command"), "--health-interval": _health("interval"),
    "--health-timeout": _health("timeout"), "--health-retries": _health("retries"),
    "--health-start-period": _health("start_period"),
}  # fmt: skip


def _warn_of_shell(line: RunLine, words: list[str]) -> None:
    for word in words:
        found = re.search(r"\$\(|`|\$\{?[A-Za-z_]", word)
        if found:
            reason = "Your shell would have replaced a part of this; here it stays as it is."
            line.left_out.append(LeftOut(word[:200], reason))
