"""Sentences that were made elsewhere (engine, worker, database) in English, for the reader.

The catalogue has such a sentence as a msgid: `Pushing to %(destination)s` (see extraction.py). A
text is an instance of it when it has its literal parts in their order. They are looked for with
find(), never with a regular expression: the values come from anywhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeVar

from django.conf import settings
from django.utils.translation import get_language, gettext, override
from django.utils.translation.trans_real import translation

from consoleapp.i18n import rendering
from engine.schema.messages import Message

_LONGEST = 2_000
_DEEPEST = 3
_MOST_SENTENCES = 8
_PLACE = re.compile(r"%\((\w+)\)s")
_OTHER_PLACE = re.compile(r"%(?!%)")
_END = re.compile(r"[.!?] ")
# How much of a text's beginning or end finds the patterns that it may be an instance of.
_KEY = 3

_Shown = TypeVar("_Shown")


def in_language(text: _Shown) -> _Shown | str:
    """`text` in the reader's language where the catalogue knows it; else as it came."""
    if isinstance(text, Mapping) or (isinstance(text, Message) and text.params):
        return rendering.in_language(text)
    language = get_language()
    if language is None or language == settings.LANGUAGE_CODE or not isinstance(text, str):
        return text
    return _known(language, text + "") or text


@lru_cache(maxsize=8192)
def _known(language: str, text: str) -> str:
    """The words for `text`, "" where the catalogue has none."""
    with override(language):
        return _found(language, text, _DEEPEST)


def _found(language: str, text: str, depth: int) -> str:
    bare = text.strip()
    if not bare or len(bare) > _LONGEST:
        return ""
    words = (
        _exactly(bare)
        or _pieces(language, bare, depth, all_known=True)
        or _instance(language, bare, depth)
        or _pieces(language, bare, depth, all_known=False)
    )
    return text.replace(bare, words, 1) if words else ""


def _exactly(text: str) -> str:
    known = gettext(text)
    return known if known != text else ""


def _instance(language: str, text: str, depth: int) -> str:
    best: tuple[int, str, dict[str, str]] | None = None
    for pattern in _patterns(language).candidates(text):
        if best is None or pattern.weight > best[0]:
            values = pattern.values(text)
            if values is not None:
                best = (pattern.weight, pattern.msgid, values)
    if best is None:
        return ""
    _, msgid, values = best
    if depth:
        values = {
            name: _found(language, value, depth - 1) or value for name, value in values.items()
        }
    return gettext(msgid) % values


def _pieces(language: str, text: str, depth: int, *, all_known: bool) -> str:
    """A text of several sentences, such as an error and its remedy."""
    if not depth:
        return ""
    for count, end in enumerate(_END.finditer(text)):
        if count == _MOST_SENTENCES:
            break
        head, rest = text[: end.start() + 1], text[end.end() :]
        if first := _exactly(head) or _instance(language, head, 1):
            words = _found(language, rest, depth - 1)
            if words or not all_known:
                return first + (words or f" {rest}")
    return ""


@dataclass(frozen=True)
class _Pattern:
    """A msgid with places, cut at them: one literal more than there are names."""

    msgid: str
    literals: tuple[str, ...]
    names: tuple[str, ...]
    weight: int
    short: bool
    """It has so few words that only names, or a list of them, may stand at its places."""

    def values(self, text: str) -> dict[str, str] | None:
        """What stands at the places of `text`; None when it is no instance."""
        first, *middle, last = self.literals
        if not text.startswith(first):
            return None
        end = len(text) - len(last)
        at = len(first)
        if end < at or not text.endswith(last):
            return None
        found = []
        for literal in middle:
            next_at = text.find(literal, at, end)
            if next_at < 0:
                return None
            found.append(text[at:next_at])
            at = next_at + len(literal)
        found.append(text[at:end])
        if self.short and any(re.search(r"\s", value.replace(", ", "")) for value in found):
            return None
        return dict(zip(self.names, found, strict=True))


class _Patterns:
    """All patterns of a catalogue, findable by how a text begins or ends."""

    def __init__(self, msgids: set[str]) -> None:
        self._begin: dict[str, list[_Pattern]] = {}
        self._end: dict[str, list[_Pattern]] = {}
        self._other: list[_Pattern] = []
        for pattern in filter(None, map(_pattern, sorted(msgids))):
            first, last = pattern.literals[0], pattern.literals[-1]
            if len(first) >= _KEY:
                self._begin.setdefault(first[:_KEY], []).append(pattern)
            elif len(last) >= _KEY:
                self._end.setdefault(last[-_KEY:], []).append(pattern)
            else:
                self._other.append(pattern)

    def candidates(self, text: str) -> list[_Pattern]:
        """Those that `text` may be an instance of."""
        begin, end = self._begin.get(text[:_KEY], []), self._end.get(text[-_KEY:], [])
        return [*begin, *end, *self._other]


def _pattern(msgid: str) -> _Pattern | None:
    parts = _PLACE.split(msgid)
    if any(_OTHER_PLACE.search(part.replace("%%", "")) for part in parts[::2]):
        return None  # its other values are no texts
    literals, names = [part.replace("%%", "%") for part in parts[::2]], parts[1::2]
    # A name twice could mean two values; with next to no words anything would be an instance.
    letters = sum(character.isalpha() for literal in literals for character in literal)
    if not names or len(set(names)) < len(names) or letters < 4:
        return None
    if letters < 6 and not msgid.endswith("."):
        return None
    weight = sum(map(len, literals))
    return _Pattern(msgid, tuple(literals), tuple(names), weight, short=letters < 10)


@cache
def _patterns(language: str) -> _Patterns:
    # Plurals have a key for each of their forms.
    keys = translation(language)._catalog.keys()  # type: ignore[attr-defined]
    msgids = {key[0] if isinstance(key, tuple) else key for key in keys}
    return _Patterns({msgid for msgid in msgids if "%(" in msgid})
