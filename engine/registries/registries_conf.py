"""The registries.conf files that Podman reads, and their combined effect.

Format and order: containers-registries.conf(5), containers-registries.conf.d(5). The account's own
file replaces the host's. The drop-ins of the host and the account then override it in the order of
their names, the host's folder first.
"""

import os
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, cast

from engine.files import regular_files
from engine.schema.messages import msg
from engine.schema.registries import LARGEST_FILE, Mirror
from engine.schema.registry_facts import Alias, ConfigurationFile, Registry

HOST_FILE = Path("/etc/containers/registries.conf")
HOST_FOLDER = Path("/etc/containers/registries.conf.d")
VERSION_1 = ("search", "insecure", "block")
Owner = Literal["host", "account"]


class Unreadable(ValueError):
    """Raised for text that is not a valid registries.conf. The message says why."""


@dataclass(frozen=True)
class Effective:
    """The combined content of all files."""

    files: list[ConfigurationFile] = field(default_factory=list)
    search: list[str] = field(default_factory=list)
    search_origin: str = ""
    registries: dict[str, Registry] = field(default_factory=dict)
    """The registries by prefix."""
    aliases: dict[str, Alias] = field(default_factory=dict)
    mode: str = "permissive"
    mode_origin: str = ""


def own_file() -> Path:
    """Return the path of the account's own file, whether it exists or not."""
    return Path(os.environ["HOME"]) / ".config" / "containers" / "registries.conf"


def own_folder() -> Path:
    """Return the folder of the account's own drop-ins."""
    return own_file().with_name("registries.conf.d")


def alias_cache() -> Path:
    """Return Podman's file of users' choices at its prompt. It takes precedence over all others."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path(os.environ["HOME"]) / ".cache")
    return Path(base) / "containers" / "short-name-aliases.conf"


def load() -> Effective:
    """Read everything again. `files` includes unreadable files with their errors."""
    named = os.environ.get("CONTAINERS_REGISTRIES_CONF")
    own, effective = own_file(), Effective()
    main = Path(named) if named else own if regular_files.exists(own) else HOST_FILE
    if main != HOST_FILE and HOST_FILE.exists():
        unused = ConfigurationFile(path=str(HOST_FILE), owner="host", used=False)
        effective.files.append(unused)
    paths: list[tuple[Path, Owner]] = []
    if regular_files.exists(main):
        paths.append((main, "account" if main == own else "host"))
    paths += [(path, "host") for path in drop_ins(HOST_FOLDER)]
    paths += [(path, "account") for path in drop_ins(own_folder())]
    for path, owner in paths:
        effective = _lay_over(effective, path, owner)
    if regular_files.exists(alias_cache()):
        effective = _lay_over(effective, alias_cache(), "account")
    return effective


def parse(text: str) -> dict[str, Any]:
    """Return the file's data, with version 1 converted to version 2. Raises Unreadable."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(msg("This is no TOML: %(error)s.", error=error)) from error
    if not is_version_1(data):
        return data
    if any(data.get(name) for name in ("registry", "unqualified-search-registries")):
        raise Unreadable(msg("Version 1 and version 2 of the format are mixed in one file."))
    return from_version_1(data)


def is_version_1(data: dict[str, Any]) -> bool:
    """Return whether the file uses version 1: [registries.search] and the like."""
    old = data.get("registries")
    return isinstance(old, dict) and any(_listed(old, name) for name in VERSION_1)


def from_version_1(data: dict[str, Any]) -> dict[str, Any]:
    """Convert it to version 2."""
    old = data["registries"]
    blocked, insecure = _listed(old, "block"), _listed(old, "insecure")
    entries = []
    for name in dict.fromkeys([*blocked, *insecure]):
        entry: dict[str, Any] = {"location": name.rstrip("/")}
        entry |= {"blocked": True} if name in blocked else {}
        entry |= {"insecure": True} if name in insecure else {}
        entries.append(entry)
    return {
        "unqualified-search-registries": [each.rstrip("/") for each in _listed(old, "search")],
        "registry": entries,
    }


def _listed(old: dict[str, Any], name: str) -> list[str]:
    part = old.get(name)
    names = part.get("registries") if isinstance(part, dict) else None
    return [str(each) for each in names] if isinstance(names, list) else []


def drop_ins(folder: Path) -> list[Path]:
    """Return a folder's effective files in order, or the folder itself if it is unreadable."""
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(".conf"))
    except FileNotFoundError:
        return []
    except OSError:
        return [folder]  # reading it reports the error


def _lay_over(before: Effective, path: Path, owner: Owner) -> Effective:
    row = ConfigurationFile(path=regular_files.printable(path), owner=owner)
    try:
        text = regular_files.read(path, LARGEST_FILE + 1).decode()
        if len(text) > LARGEST_FILE:
            raise Unreadable(msg("It is too large."))
        data = parse(text)
        if is_version_1(tomllib.loads(text)):
            row = row.model_copy(update={"version": 1})
        after = _merged(before, data, str(path), own=path == own_file())
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        row = row.model_copy(update={"error": str(error)})
        return replace(before, files=[*before.files, row])
    return replace(after, files=[*before.files, row])


def _merged(before: Effective, data: dict[str, Any], origin: str, *, own: bool) -> Effective:
    registries = dict(before.registries)
    for entry in data.get("registry") or []:
        found = _registry(entry, origin, own)
        registries[found.prefix] = found
    aliases = dict(before.aliases)
    listed_aliases = data.get("aliases")
    # Podman ignores aliases that are not a table.
    for name, value in listed_aliases.items() if isinstance(listed_aliases, dict) else ():
        aliases[name] = Alias(name=name, value=str(value), origin=origin, own=own)
    after = replace(before, registries=registries, aliases=aliases)
    if "unqualified-search-registries" in data:
        listed = [str(each).rstrip("/") for each in data["unqualified-search-registries"]]
        after = replace(after, search=listed, search_origin=origin)
    if data.get("short-name-mode"):
        after = replace(after, mode=str(data["short-name-mode"]), mode_origin=origin)
    return after


def _registry(entry: dict[str, Any], origin: str, own: bool) -> Registry:
    location = str(entry.get("location") or "").rstrip("/")
    return Registry(
        prefix=str(entry.get("prefix") or "").rstrip("/") or location,
        location=location,
        insecure=bool(entry.get("insecure")),
        blocked=bool(entry.get("blocked")),
        mirror_by_digest_only=bool(entry.get("mirror-by-digest-only")),
        mirrors=[
            Mirror(
                location=str(each.get("location") or "").rstrip("/"),
                insecure=bool(each.get("insecure")),
                pull_from=cast(Any, each.get("pull-from-mirror") or "all"),
            )
            for each in entry.get("mirror") or []
        ],
        origin=origin,
        own=own,
    )
