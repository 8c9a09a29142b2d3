"""Plan the files that would keep a container running, in one style. Writes only temporary files."""

import asyncio
import json
import re
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.podman import api
from engine.podman.client import Podman
from engine.process import programs
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.unit_names import QUADLET_FOLDER, UNIT_FOLDER, GeneratedStyle
from engine.schema.units import NotCarriedOver
from engine.systemd import (
    anonymous_volumes,
    create_command,
    from_container,
    inspect_data,
    network_online,
    quadlets,
)
from engine.systemd.anonymous_volumes import Unnamed
from engine.systemd.inventory import UNIT_LABEL

SETTLE_SECONDS = 1.0
"""A container that ends this soon after its start has failed to start."""
CLASSIC_NOTE = msg(
    "The classic style starts this very container: after a crash or a reboot the old one is left "
    "over when the unit does not come up, and a newer image never reaches it."
)
# Options that a unit sets itself, or that make no sense in one.
_OF_A_UNIT = {"--rm", "-d", "--detach", "--replace", "--cgroups", "--restart", "--cidfile"}
_LARGEST_RUNTIME = 4 * 1024 * 1024
_NAME = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,190}")


@dataclass(frozen=True)
class Plan:
    """The files to write, and the resulting unit."""

    style: GeneratedStyle
    unit: str
    files: dict[str, str]
    not_carried_over: list[NotCarriedOver] = field(default_factory=list)
    volumes: list[Unnamed] = field(default_factory=list)
    """Anonymous volumes, whose data must be copied into the volumes that the files mount."""


def default_style() -> GeneratedStyle:
    """Return the style that upstream recommends for this Podman."""
    return "quadlet" if quadlets.generator() else "generate-new"


async def plan(
    podman: Podman, found: dict[str, Any], style: GeneratedStyle, *, of_unit: bool = False
) -> Plan:
    """Return the files for a container. Raises EngineError if it cannot have a unit.

    of_unit: a unit created the container. Options that the unit added to its command are dropped.
    """
    name = str(found["Name"])
    if not _NAME.fullmatch(name):
        raise EngineError(
            ErrorCode.INVALID,
            msg("%(name)s is too long a name for a unit.", name=name),
            msg("Rename the container."),
        )
    if style == "generate-classic":
        return await _classic(found, of_unit=of_unit)
    found, lost, read_off = await _with_command(podman, found)
    volumes = anonymous_volumes.unnamed(found, await _names_of_volumes(podman))
    found = anonymous_volumes.with_names(_by_hand(found) if of_unit else found, volumes)
    if style == "quadlet":
        made = await _quadlet(podman, found)
    elif of_unit or volumes or read_off:  # Podman itself would write the original command
        made = _from_command(found)
    else:
        made = await _generated(found, new=True)
    return replace(made, volumes=volumes, not_carried_over=[*lost, *made.not_carried_over])


async def _with_command(
    podman: Podman, found: dict[str, Any]
) -> tuple[dict[str, Any], list[NotCarriedOver], bool]:
    """Return the container with a creating command.

    Also returns what that command cannot include, and whether it was derived from inspect data
    because the container has none of its own.
    """
    words = [str(each) for each in found["Config"].get("CreateCommand") or []]
    if create_command.place(words) is not None:
        return found, [], False
    lost: list[NotCarriedOver] = []
    try:
        image = await api.inspect_image(podman, found["Image"])
    except EngineError as error:
        if error.report.code is not ErrorCode.NOT_FOUND:
            raise
        image = {}
        reason = msg("The image is gone, so its own settings are written into the unit as well.")
        lost.append(NotCarriedOver(option=str(found["ImageName"]), reason=reason))
    runtime = await asyncio.to_thread(_runtime, str(found.get("OCIConfigPath") or ""))
    words, more = inspect_data.command_line(found, image, runtime)
    config = {**found["Config"], "CreateCommand": words}
    return {**found, "Config": config}, [*lost, *more], True


def _runtime(path: str) -> dict[str, Any] | None:
    """Return the runtime's configuration, which exists once a container has started."""
    try:
        with Path(path).open() as file:
            read = json.loads(file.read(_LARGEST_RUNTIME))
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) else None


async def _names_of_volumes(podman: Podman) -> list[str]:
    return [str(each["Name"]) for each in await api.list_volumes(podman)]


async def _classic(found: dict[str, Any], *, of_unit: bool) -> Plan:
    if of_unit:
        raise EngineError(
            ErrorCode.INVALID,
            msg(
                "A classic unit needs a container that was made by hand, and this one is made "
                "anew at each start of its unit."
            ),
            msg("Launch the container by itself, then keep it running with the classic style."),
        )
    return await _generated(found, new=False)


async def _quadlet(podman: Podman, found: dict[str, Any]) -> Plan:
    if not quadlets.generator():
        raise EngineError(
            ErrorCode.UNAVAILABLE,
            msg("This host's Podman is older than 4.4 and has no Quadlets."),
            msg("Use `generate systemd --new`."),
        )
    name = str(found["Name"])
    made = from_container.quadlet(found, {}, podman.major)
    file = f"{QUADLET_FOLDER}/{name}.container"
    services, complaints = await quadlets.generate({f"{name}.container": made.text})
    text = await _without_wait(made.text, services.get(f"{name}.service", ""), name)
    if complaints:
        raise EngineError(
            ErrorCode.INTERNAL,
            msg(
                "Podman's generator refuses the Quadlet of %(name)s: %(complaints)s",
                name=name,
                complaints=complaints[0],
            ),
            msg("Choose another style, and tell Berth's makers."),
        )
    return Plan("quadlet", f"{name}.service", {file: text}, made.not_carried_over)


async def _without_wait(text: str, service: str, name: str) -> str:
    """Return the Quadlet's text, without a wait for a target that this host never reaches.

    Only Podman 5.4 and later can do without the wait.
    """
    if not await network_online.waits_in_vain(service):
        return text
    hurried = network_online.without_wait(text)
    services, complaints = await quadlets.generate({f"{name}.container": hurried})
    can = not complaints and network_online.WAITER not in services.get(
        f"{name}.service", network_online.WAITER
    )
    return hurried if can else text


async def _generated(found: dict[str, Any], *, new: bool) -> Plan:
    """Return the output of `podman generate systemd --files --name`, run in a folder of its own."""
    name = str(found["Name"])
    with tempfile.TemporaryDirectory(prefix="berth-generate-") as place:
        done = await programs.run(
            *("podman", "generate", "systemd", "--files", "--name"),
            *(["--new"] if new else []),
            *("--", name),
            place=place,
        )
        if done.status:
            raise EngineError(ErrorCode.INVALID, done.last_words.removeprefix("Error: "))
        made = {path.name: path.read_text() for path in sorted(Path(place).iterdir())}
    unit = next((each for each in made if each.endswith(f"-{name}.service")), "")
    if not unit:
        raise EngineError(
            ErrorCode.INTERNAL, msg("Podman generated no unit for %(name)s.", name=name)
        )
    lost = [
        NotCarriedOver(
            option=f"--restart {policy}", reason=msg("systemd restarts it: Restart=on-failure.")
        )
        for policy in [((found["HostConfig"].get("RestartPolicy") or {}).get("Name") or "no")]
        if policy not in ("no", "on-failure")
    ]
    return Plan(
        "generate-new" if new else "generate-classic",
        unit,
        {f"{UNIT_FOLDER}/{each}": text for each, text in made.items()},
        lost,
    )


def _by_hand(found: dict[str, Any]) -> dict[str, Any]:
    """Return the container as if created by hand: without what its unit's command added."""
    words = [str(each) for each in found["Config"].get("CreateCommand") or []]
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in ("--cidfile", "--sdnotify", "--cgroups", "--conmon-pidfile", "--pod-id-file"):
            skip = True
        elif not word.startswith(
            ("--cidfile=", "--sdnotify=conmon", "--cgroups=", "--pod-id-file=", "--conmon-pidfile=")
        ):
            kept.append(word)
    labels = dict(found["Config"].get("Labels") or {})
    labels.pop(UNIT_LABEL, None)
    config = {**found["Config"], "CreateCommand": kept, "Labels": labels}
    return {**found, "Config": config}


def _from_command(found: dict[str, Any]) -> Plan:
    """Return a unit like that of `generate systemd --new`.

    For containers that Podman refuses ("containers managed by systemd are not supported") or that
    get named volumes, which Podman does not know about.
    """
    name = str(found["Name"])
    _, options, rest = create_command.split(
        [str(each) for each in found["Config"]["CreateCommand"]]
    )
    given = [
        word
        for each in options
        for word in (each.switches if each.option in _OF_A_UNIT else each.words)
    ]
    if all(each.option != "--name" for each in options):
        given = [f"--name={name}", *given]
    added = ["--cidfile=%t/%n.ctr-id", "--cgroups=no-conmon", "--rm", "--sdnotify=conmon", "-d"]
    words = [*added, "--replace", *(quadlets.word(each) for each in [*given, *rest])]
    start = " \\\n\t".join(["/usr/bin/podman run", *words])
    policy = str((found["HostConfig"].get("RestartPolicy") or {}).get("Name") or "")
    restart = "always" if policy in ("always", "unless-stopped") else "on-failure"
    ends = "\n".join(from_container.ends(found))
    text = f"""# autogenerated by Podman and Berth, in the manner of podman generate systemd --new
[Unit]
Description=Podman container-{name}.service
Documentation=man:podman-generate-systemd(1)
RequiresMountsFor=%t/containers

[Service]
Environment=PODMAN_SYSTEMD_UNIT=%n
Restart={restart}
{ends}
TimeoutStopSec=70
TimeoutStartSec=900
ExecStart={start}
ExecStop=/usr/bin/podman stop --ignore -t 10 --cidfile=%t/%n.ctr-id
ExecStopPost=/usr/bin/podman rm -f --ignore -t 10 --cidfile=%t/%n.ctr-id
Type=notify
NotifyAccess=all

[Install]
WantedBy=default.target
"""
    unit = f"container-{name}.service"
    return Plan("generate-new", unit, {f"{UNIT_FOLDER}/{unit}": text})
