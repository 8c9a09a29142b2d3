"""Drop-ins of Quadlets: files that extend or override one, as Podman's generator merges them.

From Podman 5.0 on (podman-systemd.unit(5)): `NAME.container.d/*.conf`, for all files of a type
`container.d/*.conf`, for names with dashes `NA-.container.d`, for instances the template unit's.
Drop-ins of services are systemd's own, which reports them (DropInPaths=).
"""

from pathlib import Path

from engine.schema.errors import EngineError
from engine.schema.unit_names import QUADLET_KINDS, kind_of
from engine.systemd import unit_files


def of(file: str) -> list[str]:
    """Return a Quadlet's drop-ins in the order in which Podman merges them: by file name."""
    if kind_of(file) not in QUADLET_KINDS:
        return []
    folders = _folders_of(file.rpartition("/")[2])
    found = {
        f"{place}/{folder}/{name}"
        for place in unit_files.folders()
        for folder in folders
        for name in unit_files.names(f"{place}/{folder}")
        if name.endswith(".conf")
    }
    return sorted(found, key=lambda path: (path.rpartition("/")[2], path))


def texts(file: str) -> list[str]:
    """Return their texts, without unreadable ones."""
    found = []
    for path in of(file):
        try:
            here = unit_files.find(path)
        except EngineError:
            continue  # the page of the file shows the reason
        found += [here.text] if here else []
    return found


def changed_since(file: str, made: Path) -> bool:
    """Return whether a drop-in is newer than the generated unit, or was removed since."""
    if not file or not made.exists():
        return False
    whole = [unit_files.configuration() / each for each in of(file)]
    places = {*whole, *(each.parent for each in whole)}
    then = made.stat().st_mtime
    return any(each.stat().st_mtime > then for each in places if each.exists())


def _folders_of(name: str) -> list[str]:
    stem, _, kind = name.rpartition(".")
    prefix, at, instance = stem.partition("@")
    parts = prefix.split("-")
    dashed = ["-".join(parts[:number]) + "-" for number in range(1, len(parts))]
    found = [f"{kind}.d", *(f"{each}.{kind}.d" for each in dashed)]
    if at and instance:
        found.append(f"{prefix}@.{kind}.d")
    return [*found, f"{name}.d"]
