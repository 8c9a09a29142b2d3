"""Convert a container to a Quadlet: each option becomes a key or part of PodmanArgs=.

The source is the command line that created the container (stored by Podman as CreateCommand) or, if
there is none (created through the API), its inspect data. Options that a unit cannot have are
listed with the reason.
"""

import re
import signal
from dataclasses import dataclass, field
from typing import Any

from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.run_line import option_takes_value, split_option
from engine.schema.units import NotCarriedOver
from engine.systemd import create_command, quadlets
from engine.systemd.inspect_data import command_line
from engine.systemd.stop_signals import stop_signal

# Options that Quadlet sets itself, or that only concern the creating terminal.
_SAID_ANYWAY = {
    "--detach", "-d", "--rm", "--replace", "--sig-proxy", "--name", "--restart", "--cidfile",
    "--conmon-pidfile", "--rmi", "--quiet", "-q", "--detach-keys",
}  # fmt: skip
_LOST = {
    "--pod-id-file": msg("The unit of a pod takes its place."),
    "--cgroups": msg("A unit's container lives in the unit's own cgroup (--cgroups=split)."),
    "--cgroup-parent": msg("A unit's container lives in the unit's own cgroup (--cgroups=split)."),
    "--attach": msg("A unit has no terminal to attach to: its output goes to the journal."),
    "-a": msg("A unit has no terminal to attach to: its output goes to the journal."),
    "--preserve-fds": msg("A unit hands on no open files."),
    "--preserve-fd": msg("A unit hands on no open files."),
    "--pidfile": msg("A unit's process ids are kept by systemd."),
}
_SHORT = {
    "-e": "--env", "-p": "--publish", "-v": "--volume", "-l": "--label", "-u": "--user",
    "-w": "--workdir", "-h": "--hostname", "-m": "--memory", "-t": "--tty", "-i": "--interactive",
    "--net": "--network", "-c": "--cpu-shares", "-P": "--publish-all",
}  # fmt: skip
# Keys that every Podman with Quadlet knows. Their values stay unchanged.
_KEYS = {
    "--publish": "PublishPort", "--volume": "Volume", "--network": "Network",
    "--cap-add": "AddCapability", "--cap-drop": "DropCapability",
}  # fmt: skip
# From Podman 5 on (tested with 5.4).
_NEWER_KEYS = {
    "--hostname": "HostName", "--workdir": "WorkingDir", "--pull": "Pull", "--tmpfs": "Tmpfs",
    "--sysctl": "Sysctl", "--ulimit": "Ulimit", "--dns": "DNS", "--ip": "IP", "--ip6": "IP6",
    "--stop-timeout": "StopTimeout", "--shm-size": "ShmSize", "--pids-limit": "PidsLimit",
    "--log-driver": "LogDriver", "--secret": "Secret", "--mount": "Mount",
}  # fmt: skip
_SWITCHES = {"--read-only": "ReadOnly", "--init": "RunInit"}
_WORDY = {"--env": "Environment", "--label": "Label", "--annotation": "Annotation"}
# Words that the generator loses, or passes to systemd as a command separator.
_AS_VARIABLES = {"": "BERTH_EMPTY", ";": "BERTH_SEMICOLON"}
_QUADLET_NAME = re.compile(r"\.(volume|network|image|build|container|pod)(:|$)")


@dataclass
class Quadlet:
    """The text, and the options that it lacks."""

    text: str
    not_carried_over: list[NotCarriedOver] = field(default_factory=list)


@dataclass
class _Made:
    keys: list[tuple[str, str]] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    lost: list[NotCarriedOver] = field(default_factory=list)
    restart: str = "on-failure"


def quadlet(found: dict[str, Any], image: dict[str, Any], major: int) -> Quadlet:
    """Return a .container file for the inspect data. `image` is its image's inspect data.

    Raises EngineError for a container that no .container file can describe.
    """
    if found.get("Pod") or found.get("IsInfra"):
        raise EngineError(
            ErrorCode.INVALID,
            msg("The container is part of a pod, which is started as a whole."),
            msg(
                "Use `generate systemd` for the pod, or write a .pod file and its .container files."
            ),
        )
    name = str(found["Name"])
    made = _Made()
    options, image_name, command = _options(found, image, made)
    for option, value in options:
        _take(made, option, value, found, major)
    _compare(made, options, found)
    lines = ["# Made by Berth from the container.", "[Unit]"]
    lines += [f"Description={name} (a container kept by Podman)", "", "[Container]"]
    lines += [f"ContainerName={name}", f"Image={_image(image_name)}"]
    lines += [f"{key}={value}" for key, value in made.keys]
    lines += [f"PodmanArgs={quadlets.word(argument)}" for argument in made.arguments]
    if command:
        lines.append(f"Exec={' '.join(_argument(word) for word in command)}")
    lines += ["", "[Service]", f"Restart={made.restart}", *ends(found), "TimeoutStartSec=900"]
    lines += [f'Environment="{name}={word}"' for word, name in _AS_VARIABLES.items()
              if word in command]  # fmt: skip
    lines += ["", "[Install]", "WantedBy=default.target"]
    return Quadlet("\n".join(lines) + "\n", made.lost)


def ends(found: dict[str, Any]) -> list[str]:
    """Return lines for [Service]: a stopped container that ends by a signal is not a failed unit.

    systemd treats a service's own death by SIGTERM as a clean exit, but sees a container's as the
    exit status 128 + 15. A program that ignores its stop signal ends by SIGKILL. A container that
    dies of these signals by itself (out of memory) must still restart, so RestartForceExitStatus=
    lists them, too. It has no effect when the unit is stopped.
    """
    own = stop_signal(found["Config"].get("StopSignal"))
    signals = {int(signal.SIGTERM), int(signal.SIGKILL)} | ({own} if own else set())
    statuses = " ".join(str(128 + each) for each in sorted(signals))
    return [f"SuccessExitStatus={statuses}", f"RestartForceExitStatus={statuses}"]


def _options(
    found: dict[str, Any], image: dict[str, Any], made: _Made
) -> tuple[list[tuple[str, str | None]], str, list[str]]:
    """Return the options of the creating command, the image, and the words after it."""
    words = [str(each) for each in found["Config"].get("CreateCommand") or []]
    at = create_command.place(words)
    if at is None:
        words, lost = command_line(found, image)
        made.lost += lost
        at = 1
    options: list[tuple[str, str | None]] = []
    at += 1
    while at < len(words):
        text = words[at]
        if text == "--":
            at += 1
            break
        if not text.startswith("-") or text == "-":
            break
        at += 1
        for option, value in split_option(text):
            if value is None and option_takes_value(option):
                value, at = (words[at] if at < len(words) else ""), at + 1
            options.append((_SHORT.get(option, option), value))
    if at >= len(words):
        return options, str(found["ImageName"]), []
    return options, words[at], words[at + 1 :]


def _take(made: _Made, option: str, value: str | None, found: dict[str, Any], major: int) -> None:
    if option == "--restart":
        _restart(made, value or "")
    elif option in _SAID_ANYWAY:
        return
    elif option == "--pod":
        made.lost.append(NotCarriedOver(option=f"--pod {value}", reason=_LOST["--pod-id-file"]))
    elif option in _LOST:
        shown = option if value is None else f"{option} {value}"
        made.lost.append(NotCarriedOver(option=shown, reason=_LOST[option]))
    elif option in ("--env-file", "--env-host", "--label-file"):
        _from_files(made, option, found)
    elif option == "--sdnotify":
        if value == "container":
            made.keys.append(("Notify", "true"))
    elif option in _WORDY and value is not None:
        made.keys.append((_WORDY[option], quadlets.word(_assigned(option, value, found))))
    elif option in _SWITCHES and value in (None, "true"):
        made.keys.append((_SWITCHES[option], "true"))
    elif key := _key(option, value, major):
        made.keys.append((key, str(value)))
    elif option == "--volume" and value and value.startswith((".", "~")):
        made.arguments.append(f"--volume={_absolute(value, found)}")
    else:
        made.arguments.append(option if value is None else f"{option}={value}")


def _key(option: str, value: str | None, major: int) -> str:
    """Return the key for an option whose value can stay unchanged; "" if PodmanArgs= takes it."""
    if not value or not quadlets.is_plain(value) or _QUADLET_NAME.search(value):
        return ""
    if option == "--volume" and not value.startswith("/") and value.startswith((".", "~")):
        return ""
    return _KEYS.get(option, "") or (_NEWER_KEYS.get(option, "") if major >= 5 else "")


def _restart(made: _Made, policy: str) -> None:
    """Let systemd restart it: a container with --rm has no restart policy of its own."""
    name, _, tries = policy.partition(":")
    made.restart = {"always": "always", "unless-stopped": "always"}.get(name, "on-failure")
    if tries and tries != "0":
        made.lost.append(
            NotCarriedOver(
                option=f"--restart {policy}",
                reason=msg(
                    "systemd counts starts in a time, not in all: Restart=on-failure, and "
                    "StartLimitBurst= under [Unit] limits how often."
                ),
            )
        )


def _assigned(option: str, value: str, found: dict[str, Any]) -> str:
    """Return NAME=VALUE. `--env NAME` took its value from the shell that created the container."""
    if option != "--env" or "=" in value:
        return value
    here = dict(each.partition("=")[::2] for each in found["Config"].get("Env") or [])
    return f"{value}={here.get(value, '')}"


def _from_files(made: _Made, option: str, found: dict[str, Any]) -> None:
    """Take values that came from a file or shell from the container: the file may be gone."""
    if option == "--label-file":
        given = {f"{name}={value}" for name, value in (found["Config"].get("Labels") or {}).items()}
        made.keys += [("Label", quadlets.word(each)) for each in sorted(given)]
        return
    given = set(found["Config"].get("Env") or [])
    made.keys += [
        ("Environment", quadlets.word(each))
        for each in sorted(given)
        if not each.startswith(("PATH=", "HOSTNAME=", "HOME=", "container="))
    ]


def _absolute(volume: str, found: dict[str, Any]) -> str:
    """Make a relative volume source absolute, based on the command's working directory."""
    source, _, rest = volume.partition(":")
    target = rest.partition(":")[0]
    for mount in found.get("Mounts") or []:
        if mount.get("Destination") == target.rstrip("/") and mount.get("Type") == "bind":
            return f"{mount['Source']}:{rest}"
    return f"{source}:{rest}"


def _argument(word: str) -> str:
    variable = _AS_VARIABLES.get(word)
    return f"${{{variable}}}" if variable else quadlets.word(word)


def _image(name: str) -> str:
    escaped = name.replace("%", "%%").replace("$", "$$")
    if not quadlets.is_plain(name):
        raise EngineError(
            ErrorCode.INVALID,
            msg("%(name)s is not an image's name for a Quadlet.", name=f"{name!r}"),
        )
    return escaped


def _compare(made: _Made, options: list[tuple[str, str | None]], found: dict[str, Any]) -> None:
    """Add what changed after the container was created: its networks, its limits."""
    networks = " ".join(value or "" for option, value in options if option == "--network")
    for network in (found.get("NetworkSettings") or {}).get("Networks") or {}:
        if network not in networks and network not in ("podman", "pasta", "slirp4netns"):
            made.lost.append(
                NotCarriedOver(
                    option=f"podman network connect {network}",
                    reason=msg(
                        "It was connected after it was made: add Network= if it is to stay."
                    ),
                )
            )
    memory = found["HostConfig"].get("Memory") or 0
    if memory and not any(option == "--memory" for option, _ in options):
        made.arguments.append(f"--memory={memory}b")
