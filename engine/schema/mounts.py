"""Parse values of `--mount` and `--volume` as Podman does.

Based on pkg/specgenutil/volumes.go of Podman 4.3 to 5.4. Keys have synonyms, and of a repeated key
Podman takes the last (`source=/a,src=/b` mounts /b). `options` returns exactly that. `mount` and
`volume` are for policy evaluation: they refuse repeated keys and ambiguous values.
"""

import re
from dataclasses import dataclass
from typing import Literal

from engine.schema.messages import msg

Kind = Literal["bind", "volume", "tmpfs", "image"]
CANONICAL = {
    "src": "source",
    "dst": "target",
    "destination": "target",
    "readonly": "ro",
    "chown": "U",
}
"""Synonyms of keys, and the canonical name that replaces them."""
# Per type of mount: keys that have no effect outside of the container, and keys that are evaluated.
_KEYS: dict[str, set[str]] = {
    "bind": {"type", "source", "target", "ro", "rw", "U", "relabel", "bind-propagation"},
    "volume": {"type", "source", "target", "ro", "rw", "U"},
    "tmpfs": {"type", "target", "ro", "rw", "U", "tmpfs-size", "tmpfs-mode"},
    "image": {"type", "source", "target"},
}
_VALUES = {
    "relabel": {"private", "shared"},
    "bind-propagation": {"private", "rprivate", "slave", "rslave"},
}
_VOLUME_OPTIONS = {
    "ro", "rw", "z", "Z", "U", "nosuid", "nodev", "noexec", "copy", "nocopy", "rbind", "bind",
    "private", "rprivate", "slave", "rslave",
}  # fmt: skip
# Options of which Podman accepts only one, or of which the last would win.
_EITHER = [{"ro", "rw"}, {"z", "Z"}, {"copy", "nocopy"}, {"rbind", "bind"},
           {"private", "rprivate", "slave", "rslave"}]  # fmt: skip
_VOLUME_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
# Each reader treats quotes and backslashes in such a value differently.
_ODD = re.compile(r"[\"'\\]|[^ -~]")


class Unclear(ValueError):
    """Raised for a value that cannot be evaluated."""


@dataclass(frozen=True)
class Mounted:
    """One mount. `source` is a host path, a volume's name, an image, or "" for none."""

    kind: Kind
    source: str
    target: str
    writes: bool
    """Whether anything at the source may change, including its owner (the option U)."""


def options(value: str) -> dict[str, str | None]:
    """Return the options of a `--mount` as Podman reads them, by canonical name; None: no value."""
    found: dict[str, str | None] = {}
    for word in value.split(","):
        key, equals, given = word.partition("=")
        found[CANONICAL.get(key, key)] = given if equals else None
    return found


def mount(value: str) -> Mounted:
    """Parse a `--mount` or `Mount=` strictly. Raises Unclear."""
    _plain(value)
    if " " in value:
        raise Unclear(msg("a space separates two mounts for some readers"))
    words = value.split(",")
    found = options(value)
    if len(found) != len(words):
        raise Unclear(msg("an option is there twice"))
    kind = found.get("type", "volume")
    if kind not in _KEYS or not set(found) <= _KEYS[kind]:
        raise Unclear(msg("an option that is not known"))
    for key, allowed in _VALUES.items():
        if key in found and found[key] not in allowed:
            raise Unclear(msg("an odd value of %(key)s", key=key))
    if "ro" in found and "rw" in found:
        raise Unclear(msg("both ro and rw"))
    source, target = found.get("source", ""), found.get("target")
    if source is None or not target or not target.startswith("/"):
        raise Unclear(msg("a source or a target without a path"))
    closed = _switch(found, "ro") or ("rw" in found and not _switch(found, "rw"))
    made = Mounted(kind, source, target, writes=not closed or _switch(found, "U"))  # type: ignore[arg-type]
    if made.kind in ("bind", "image") and not source:
        raise Unclear("no source")
    if made.kind == "volume" and source and not _VOLUME_NAME.fullmatch(source):
        raise Unclear(msg("a volume's name is expected"))
    return made


def volume(value: str) -> Mounted:
    """Parse a `--volume` or `Volume=` strictly. Raises Unclear."""
    _plain(value)
    parts = value.split(":")
    if len(parts) == 1:
        return Mounted("volume", "", value, writes=True)
    if len(parts) > 3:
        raise Unclear(msg("more than two colons"))
    given = [each for each in parts[2].split(",") if each] if len(parts) == 3 else []
    if len(set(given)) != len(given) or not set(given) <= _VOLUME_OPTIONS:
        raise Unclear(msg("an option that is not known, or there twice"))
    if any(len(group & set(given)) > 1 for group in _EITHER):
        raise Unclear(msg("options that contradict each other"))
    source = parts[0]
    if not source:
        raise Unclear("no source")
    kind: Kind = "volume" if _VOLUME_NAME.fullmatch(source) else "bind"
    return Mounted(kind, source, parts[1], writes="ro" not in given or "U" in given)


def _switch(found: dict[str, str | None], key: str) -> bool:
    """Return whether a switch is on. Only `ro`, `ro=true`, and `ro=false` are unambiguous."""
    if key not in found:
        return False
    given = found[key]
    if given not in (None, "true", "false"):
        raise Unclear(msg("an odd value of %(key)s", key=key))
    return given != "false"


def _plain(value: str) -> None:
    if _ODD.search(value):
        raise Unclear(msg("a quote, a backslash or an odd character"))
