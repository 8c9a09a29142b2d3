"""The search index: which events contain which word, so that every filter is fast.

The chainer writes it, so it is never part of an operation's transaction. It works on every
database: for each word and each span of SPAN ids, one row contains the set of matching events. For
several words, such sets are intersected, span by span from the newest, so a search takes a few
reads of one database index however rare the results are. A value of a filterable column is a word,
too, "kind=container.run", and so is each prefix of a dotted name, "kind=container".
"""

import hashlib
import json
import re
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db import connection

from consoleapp.audit.models import Event, Word

SPAN = 8192
_DENSE = SPAN // 8
_FEW = 64
_ALL = (1 << SPAN) - 1
_LONGEST = 100
_WORD = re.compile(r"[^\W_]+")
_TEXT = 2000
_NAMED = ("actor_id", "account_id", "actor_name", "account_name", "target", "outcome")
_GROUPED = ("action", "kind")
_TOLD = ("action", "kind", "target", "actor_name", "account_name", "ip", "outcome", "detail")

Clauses = list[list[str]]
"""The search: of each clause, an event must contain one of the words."""


def split(text: str) -> list[str]:
    """Split a text into words: letters and digits, case ignored."""
    return [_key(word) for word in dict.fromkeys(_WORD.findall(text.lower()))]


def named(column: str, value: object) -> str:
    """Return the word of an event whose `column` is `value`."""
    return _key(f"{column}={value}")


def words_of(event: dict[str, Any]) -> set[str]:
    """Return all words of an event in the form of `chain.form`."""
    words = {named(column, event[column]) for column in _NAMED if event[column] not in (None, "")}
    for column in _GROUPED:
        parts = event[column].split(".") if event[column] else []
        words |= {named(column, ".".join(parts[:end])) for end in range(1, len(parts) + 1)}
    texts = [event[column][:_TEXT] for column in _TOLD]
    if event["parameters"]:
        texts.append(json.dumps(event["parameters"], ensure_ascii=False)[:_TEXT])
    words.update(split(" ".join(texts)))
    return words


def fits(event: dict[str, Any], clauses: Clauses) -> bool:
    """Return whether an event contains one word of each clause."""
    words = words_of(event) if clauses else set()
    return all(not words.isdisjoint(clause) for clause in clauses)


def sets(events: dict[int, set[str]]) -> dict[tuple[int, str], int]:
    """Return, for each span and word, the set of `events` (their words by id) that contain it."""
    found: defaultdict[tuple[int, str], int] = defaultdict(int)
    for event, words in events.items():
        for word in words:
            found[event // SPAN, word] |= 1 << event % SPAN
    return found


def rows(events: dict[int, set[str]]) -> list[tuple[str, int, bytes]]:
    """Return the rows to write so that `events` are found in addition to the indexed ones."""
    found = sets(events)
    for span in {span for span, _ in found}:
        mine = [word for each, word in found if each == span]
        for start in range(0, len(mine), 900):
            known = Word.objects.filter(span=span, word__in=mine[start : start + 900])
            for word, before in known.values_list("word", "events"):
                found[span, word] |= unpack(bytes(before))
    return sorted((word, span, pack(events)) for (span, word), events in found.items())


def write(rows: list[tuple[str, int, bytes]]) -> None:
    """Index the events of `rows`, in the transaction that ends their pending state.

    Nobody else may write in between; the chainer's links ensure that.
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO audit_word (word, span, events) VALUES (%s, %s, %s)"
            " ON CONFLICT (word, span) DO UPDATE SET events = excluded.events",
            rows,
        )


def find(clauses: Clauses, low: int, high: int) -> Iterator[int]:
    """Yield the ids of matching indexed events from `low` to `high`, newest first.

    Lazy: it reads a few spans first, then more and more at a time.
    """
    last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    span, lowest, width = min(high, last) // SPAN, max(low, 0) // SPAN, 4
    while span >= lowest:
        first = max(span - width + 1, lowest)
        for each, found in _spans(clauses, first, span):
            for offset in _offsets(found):
                if low <= each * SPAN + offset <= high:
                    yield each * SPAN + offset
        span, width = first - 1, width * 4


def forget(before: int) -> None:
    """Remove the spans that are entirely below the id `before`, each in its own transaction."""
    spans = Word.objects.filter(span__lt=before // SPAN).order_by("span")
    while (span := spans.values_list("span", flat=True).first()) is not None:
        Word.objects.filter(span=span).delete()


def pack(events: int) -> bytes:
    """Encode a set of offsets (bits of a number) in the shorter form: each offset, or all bits."""
    if events.bit_count() <= _FEW:
        offsets = list(_offsets(events))
        return struct.pack(f"<{len(offsets)}H", *offsets)
    return events.to_bytes(_DENSE, "little")


def unpack(packed: bytes) -> int:
    """Decode it."""
    if len(packed) == _DENSE:
        return int.from_bytes(packed, "little")
    bits = bytearray(_DENSE)
    for offset in struct.unpack(f"<{len(packed) // 2}H", packed):
        bits[offset >> 3] |= 1 << (offset & 7)
    return int.from_bytes(bits, "little")


def _spans(clauses: Clauses, first: int, last: int) -> list[tuple[int, int]]:
    """Return (span, its matching events) from `last` back to `first`, if there are any."""
    left = dict.fromkeys(range(first, last + 1), _ALL)
    if single := {clause[0] for clause in clauses if len(clause) == 1}:
        left = _meet(left, single, and_, needed=len(single))
    for clause in sorted((each for each in clauses if len(each) != 1), key=len):
        left = _meet(left, set(clause), or_, needed=1)
    return sorted(left.items(), reverse=True)


def _meet(
    left: dict[int, int], words: set[str], combine: Callable[[int, int], int], needed: int
) -> dict[int, int]:
    """Return what remains of each span if events also need all (and_) or one (or_) of `words`."""
    if not left:
        return left
    rows = Word.objects.filter(word__in=words)
    if len(left) == max(left) - min(left) + 1:
        rows = rows.filter(span__range=(min(left), max(left)))
    else:
        rows = rows.filter(span__in=left)
    packed: defaultdict[int, list[bytes]] = defaultdict(list)
    for span, events in rows.values_list("span", "events"):
        packed[span].append(bytes(events))
    met = {
        span: left[span] & reduce(combine, map(unpack, each))
        for span, each in packed.items()
        if len(each) >= needed
    }
    return {span: events for span, events in met.items() if events}


def _offsets(events: int) -> Iterator[int]:
    """Yield the offsets in a set, highest first."""
    while events:
        offset = events.bit_length() - 1
        yield offset
        events ^= 1 << offset


def _key(word: str) -> str:
    """Return a word as the index stores it: a long one by its start and its hash."""
    if len(word) <= _LONGEST and "\0" not in word:
        return word
    return word[:40].replace("\0", "") + hashlib.sha256(word.encode()).hexdigest()[:40]
