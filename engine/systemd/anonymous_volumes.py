"""Give names to anonymous volumes, which would not outlive a unit's container.

When a unit stops, its container is removed together with its anonymous volumes (`--rm`, and `podman
rm --volumes` in a Quadlet's service), even if the unit mounts one by its long name. So their data
is copied into named volumes, which are mounted instead.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.schema.messages import msg
from engine.systemd import create_command

_GIVEN_BY_PODMAN = re.compile(r"[0-9a-f]{64}")
_LONGEST_PLACE = 60


@dataclass(frozen=True)
class Unnamed:
    """An anonymous volume, its path in the container, and the name of its copy."""

    volume: str
    target: str
    name: str

    @property
    def note(self) -> str:
        """Return a note about what happens to it."""
        return msg(
            "The volume without a name at %(target)s would go with the container at the unit's "
            "first stop: its data is copied into the volume %(name)s, which the unit mounts "
            "there. The volume %(volume)s itself stays until you remove it.",
            target=self.target,
            name=self.name,
            volume=self.volume[:12],
        )


def unnamed(found: dict[str, Any], taken: Iterable[str]) -> list[Unnamed]:
    """Return the anonymous volumes of a container from its inspect data. `taken`: names in use."""
    used = set(taken)
    made = []
    for mount in found.get("Mounts") or []:
        volume, target = str(mount.get("Name") or ""), str(mount.get("Destination") or "")
        if mount.get("Type") != "volume" or not _GIVEN_BY_PODMAN.fullmatch(volume):
            continue
        if _is_of_another(found, target):
            continue
        name = _free_name(str(found["Name"]), target, used)
        used.add(name)
        made.append(Unnamed(volume, target, name))
    return made


def with_names(found: dict[str, Any], volumes: list[Unnamed]) -> dict[str, Any]:
    """Return the inspect data as if the container had been created with the named volumes."""
    config, host = found["Config"], found["HostConfig"]
    words = [str(each) for each in config.get("CreateCommand") or []]
    if words:
        return {**found, "Config": {**config, "CreateCommand": _command(words, volumes)}}
    names = {each.volume: each.name for each in volumes}
    binds = [str(each).partition(":") for each in host.get("Binds") or []]
    named = [f"{names.get(source, source)}:{rest}" for source, _, rest in binds]
    return {**found, "HostConfig": {**host, "Binds": named}}


def _is_of_another(found: dict[str, Any], target: str) -> bool:
    """Return whether it belongs to another container (`--volumes-from`)."""
    words = [str(each) for each in found["Config"].get("CreateCommand") or []]
    options = create_command.split(words)[1]
    shares = any(each.option == "--volumes-from" for each in options)
    return shares and all(each.target != target for each in options)


def _command(words: list[str], volumes: list[Unnamed]) -> list[str]:
    """Return the command with the names.

    They replace the source in options that request the volumes, and become new options for volumes
    that the image requests.
    """
    names = {each.target: each.name for each in volumes}
    before, options, after = create_command.split(words)
    made = list(before)
    for each in options:
        made += each.with_source(names.pop(each.target)) if each.target in names else each.words
    return [*made, *(f"--volume={name}:{target}" for target, name in names.items()), *after]


def _free_name(container: str, target: str, used: set[str]) -> str:
    """Return `CONTAINER-PATH`, with a number if that name is in use."""
    place = re.sub(r"[^a-zA-Z0-9_.]+", "-", target).strip("-.")[:_LONGEST_PLACE] or "data"
    name, number = f"{container}-{place}", 2
    while name in used:
        name, number = f"{container}-{place}-{number}", number + 1
    return name
