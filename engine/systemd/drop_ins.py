"""Drop-ins of Quadlets: files that add to one, or change it, as Podman's generator merges them.

From Podman 5.0 on (podman-systemd.unit(5)): `NAME.container.d/*.conf`, for all files of a kind
`container.d/*.conf`, for names with dashes `NA-.container.d`, for instances the template's. Those
of services are systemd's own, which says where they are (DropInPaths=).
"""

from pathlib import Path

from engine.schema.errors import EngineError
from engine.schema.unit_names import QUADLET_KINDS, kind_of
from engine.systemd import unit_files


def of(file: str) -> list[str]:
    """The drop-ins of a Quadlet, in the order in which Podman takes them: by their own names."""
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
    """What stands in them; those that cannot be read are left out."""
    found = []
    for path in of(file):
        try:
            here = unit_files.find(path)
        except EngineError:
            continue  # the page of the file says why
        found += [here.text] if here else []
    return found


def changed_since(file: str, made: Path) -> bool:
    """Whether a drop-in is newer than what was made of the Quadlet (also: one has gone)."""
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
