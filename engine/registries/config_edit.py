"""Edit the text of a registries.conf. Everything outside of an edit stays as it was written.

tomlkit preserves comments, order, spacing, and unknown keys; the standard library does not.
"""

import hashlib
import tomllib
from collections.abc import MutableMapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, Comment

from engine.registries import registries_conf
from engine.schema import registries as schema
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg

_SEARCH = "unqualified-search-registries"
_MODE = "short-name-mode"
Entry = MutableMapping[str, Any]


def digest_of(content: bytes | None) -> str:
    """Return the SHA-256 of the file, or "" for none. An edit must pass the current digest."""
    return "" if content is None else hashlib.sha256(content).hexdigest()


def edited(text: str, change: schema.Change) -> str:
    """Return the edited text. Raises EngineError if the text or the change is invalid."""
    if isinstance(change, schema.ReplaceText):
        return change.text
    if isinstance(change, schema.ConvertFile):
        return _converted(text)
    document = _document(text)
    match change:
        case schema.SetSearch():
            _set_search(document, change.registries)
        case schema.SetRegistry():
            _set_registry(document, change)
        case schema.RemoveRegistry():
            _remove_registry(document, change.prefix)
        case schema.SetAlias():
            _set_alias(document, change.name, change.value)
        case schema.RemoveAlias():
            _remove_alias(document, change.name)
        case schema.SetShortNameMode():
            _set_mode(document, change.mode)
    written = tomlkit.dumps(document)
    if tomllib.loads(written) != document.unwrap():
        raise EngineError(
            ErrorCode.INTERNAL,
            msg("The file is written in a way that Berth cannot change without harm."),
            msg("Use the editor for the whole file."),
        )
    return written


def _document(text: str) -> tomlkit.TOMLDocument:
    try:
        # Without a final newline, an addition would continue the last line.
        document = tomlkit.parse(text if not text or text.endswith("\n") else f"{text}\n")
    except (TOMLKitError, ValueError) as error:
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("The file is no TOML: %(error)s.", error=error),
            msg("Put it right in the editor for the whole file."),
        ) from error
    if registries_conf.is_version_1(document.unwrap()):
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("The file is written in version 1 of its format."),
            msg("Convert it to version 2 first."),
        )
    return document


def _set_search(document: tomlkit.TOMLDocument, names: list[str]) -> None:
    old = document.get(_SEARCH)
    new = tomlkit.array()
    comments = _comments(old) if isinstance(old, Array) else []
    for comment in comments:
        new.add_line(comment=comment)
    if comments or len(names) > 3:
        for name in names:
            new.add_line(name)
        new.add_line(indent="")
    else:
        new.extend(names)
    if old is not None:
        document[_SEARCH] = new
    else:
        _put_on_top(document, _SEARCH, new)


def _comments(array: Array) -> list[str]:
    """Return the comments between the entries of an array."""
    groups = array._value
    found = [group.comment for group in groups if isinstance(group.comment, Comment)]
    return [comment.as_string().strip().lstrip("#").strip() for comment in found]


def _put_on_top(document: tomlkit.TOMLDocument, name: str, value: Any) -> None:
    """Insert a top-level key before all tables, as TOML requires."""
    document.append(name, value)
    if tomllib.loads(tomlkit.dumps(document)).get(name) is None:
        raise EngineError(
            ErrorCode.INTERNAL,
            msg("The file leaves no place for a setting before its tables."),
            msg("Use the editor for the whole file."),
        )


def _entries(document: tomlkit.TOMLDocument) -> Any:
    entries = document.get("registry")
    if entries is None:
        return None
    if not isinstance(entries, AoT | Array):
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("`registry` is no list of tables."),
            msg("Put it right in the editor."),
        )
    return entries


def _at(entries: Any, prefix: str) -> int | None:
    for at, entry in enumerate(entries or []):
        location = str(entry.get("location") or "").rstrip("/")
        if (str(entry.get("prefix") or "").rstrip("/") or location) == prefix:
            return at
    return None


def _set_registry(document: tomlkit.TOMLDocument, change: schema.SetRegistry) -> None:
    entries = _entries(document)
    if change.was is not None and (at := _at(entries, change.was)) is None:
        raise _missing(f"[[registry]] for {change.was}")
    if change.prefix != change.was and _at(entries, change.prefix) is not None:
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("There is a [[registry]] for %(prefix)s already.", prefix=change.prefix),
            msg("Change that one."),
        )
    inline = isinstance(entries, Array)
    entry: Entry = (
        entries[at]
        if change.was is not None
        else tomlkit.inline_table()
        if inline
        else tomlkit.table()
    )
    _fill(entry, change)
    if change.was is not None:
        return
    if entries is None:
        entries = tomlkit.aot()
        entries.append(entry)
        document.append("registry", entries)
    else:
        entries.append(entry)


def _fill(entry: Entry, change: schema.SetRegistry) -> None:
    location = change.location or ("" if change.prefix.startswith("*.") else change.prefix)
    if change.prefix != location or "prefix" in entry:
        entry["prefix"] = change.prefix
    if location:
        entry["location"] = location
    else:
        entry.pop("location", None)
    _flag(entry, "insecure", change.insecure)
    _flag(entry, "blocked", change.blocked)
    _flag(entry, "mirror-by-digest-only", change.mirror_by_digest_only)
    _set_mirrors(entry, change.mirrors)


def _flag(entry: Entry, name: str, value: bool) -> None:
    """Write the flag if it is true or was written before. Otherwise, leave it out."""
    if value or name in entry:
        entry[name] = value


def _set_mirrors(entry: Entry, mirrors: list[schema.Mirror]) -> None:
    before = entry.get("mirror")
    known = {str(each.get("location") or "").rstrip("/"): each for each in before or []}
    listed = [str(each.get("location") or "").rstrip("/") for each in before or []]
    same = listed == [each.location for each in mirrors]
    inline = isinstance(before, Array) or isinstance(entry, tomlkit.items.InlineTable)
    tables = []
    for mirror in mirrors:
        table = known.get(mirror.location)
        if table is None:
            table = tomlkit.inline_table() if inline else tomlkit.table()
            table["location"] = mirror.location
        _flag(table, "insecure", mirror.insecure)
        if mirror.pull_from != "all" or "pull-from-mirror" in table:
            table["pull-from-mirror"] = mirror.pull_from
        tables.append(table)
    if same:
        return
    entry.pop("mirror", None)
    if not tables:
        return
    made: Any = tomlkit.array() if inline else tomlkit.aot()
    for table in tables:
        made.append(table)
    entry["mirror"] = made


def _remove_registry(document: tomlkit.TOMLDocument, prefix: str) -> None:
    entries = _entries(document)
    at = _at(entries, prefix)
    if at is None:
        raise _missing(f"[[registry]] for {prefix}")
    del entries[at]
    if not len(entries):
        del document["registry"]


def _set_alias(document: tomlkit.TOMLDocument, name: str, value: str) -> None:
    if "aliases" not in document:
        document.append("aliases", tomlkit.table())
    document["aliases"][name] = value


def _remove_alias(document: tomlkit.TOMLDocument, name: str) -> None:
    aliases: Any = document.get("aliases")
    if not aliases or name not in aliases:
        raise _missing(f"alias {name}")
    del aliases[name]


def _set_mode(document: tomlkit.TOMLDocument, mode: str) -> None:
    if not mode:
        document.pop(_MODE, None)
    elif _MODE in document:
        document[_MODE] = mode
    else:
        _put_on_top(document, _MODE, tomlkit.item(mode))


def _converted(text: str) -> str:
    """Convert a version 1 file to version 2, with its comments at the top."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EngineError(
            ErrorCode.CONFLICT, msg("The file is no TOML: %(error)s.", error=error)
        ) from error
    if not registries_conf.is_version_1(data):
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("The file is not in version 1."),
            msg("There is nothing to convert."),
        )
    comments = [line.strip() for line in text.splitlines() if line.strip().startswith("#")]
    kept = {name: value for name, value in data.items() if name != "registries"}
    document = tomlkit.document()
    for line in comments:
        document.add(tomlkit.comment(line.lstrip("#").strip()))
    new = registries_conf.from_version_1(data)
    for name, value in (new | kept).items():
        if name != "registry" and not isinstance(value, dict):
            document[name] = value
    if new["registry"]:
        entries = tomlkit.aot()
        for each in new["registry"]:
            entries.append(tomlkit.item(each))
        document["registry"] = entries
    for name, value in kept.items():
        if isinstance(value, dict):
            document[name] = value
    return tomlkit.dumps(document)


def _missing(what: str) -> EngineError:
    return EngineError(
        ErrorCode.NOT_FOUND,
        msg("The account's own registries.conf has no %(what)s.", what=what),
        msg("It may have been changed meanwhile, or another file says so. Reload the page."),
    )
