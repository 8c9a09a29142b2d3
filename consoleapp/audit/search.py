"""Finding events among millions: each page is a short walk along an index, newest first.

Pages are cut by id, never counted nor skipped. A filter has an index of its own that ends with the
id; a condition that is an "or" (a group of actions, what an owner may read) is one such walk for
each of its parts, merged. On SQLite several filters at once, and words, are looked up in the index
of words, which intersects them cheaply and in order; on PostgreSQL its planner chooses.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import Q, QuerySet
from pydantic import BaseModel

from consoleapp.audit.models import Event

_WALKS = 60
_CANDIDATES = 500
_LOOKS = 40
_MOST = 2**63 - 1
# Ids are given out within moments of the times of their events; so many may be out of order.
_SLACK = 1000


class Criteria(BaseModel, frozen=True):
    """What events must be; all of it. `action` "operation" also finds every "operation.…"."""

    words: str = ""
    action: str = ""
    kind: str = ""
    person: str = ""
    account: str = ""
    target: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def equal(self) -> dict[str, str]:
        """The columns that must have a value."""
        asked = {
            "kind": self.kind,
            "actor_name": self.person,
            "account_name": self.account,
            "target": self.target,
            "outcome": self.outcome,
        }
        return {name: value for name, value in asked.items() if value}


@dataclass(frozen=True)
class Found:
    """A page of events; `older` is the id to go on before, None at the end."""

    events: list[Event]
    older: int | None


def matching(events: QuerySet[Event], criteria: Criteria) -> QuerySet[Event]:
    """All of `events` that fit, newest first: for exports, which read to the end."""
    events = events.filter(**criteria.equal()).filter(_time(criteria))
    if criteria.action:
        exact = Q(action=criteria.action)
        events = events.filter(exact | Q(action__startswith=f"{criteria.action}."))
    if asked := terms(criteria.words):
        events = _with_words(events, asked)
    return events.order_by("-pk")


def newest(scope: list[Q], criteria: Criteria, *, before: int | None, size: int) -> Found:
    """The newest `size` events before the id `before` that fit, and that one of `scope` allows."""
    low, high = _range(criteria)
    high = min(high, before if before is not None else _MOST)
    several = len(criteria.equal()) + bool(criteria.action) > 1
    if connection.vendor == "sqlite" and (terms(criteria.words) or (several and _query(criteria))):
        return _by_words(scope, criteria, low, high, size)
    events = Event.objects.filter(pk__gt=low, pk__lt=high, **criteria.equal())
    events = events.filter(_time(criteria))
    if asked := terms(criteria.words):
        events = _with_words(events, asked)
    ids: set[int] = set()
    for walk in _walks(scope, criteria.action):
        ids |= set(events.filter(walk).order_by("-pk").values_list("pk", flat=True)[: size + 1])
    return _page(sorted(ids, reverse=True), size)


def terms(words: str) -> list[str]:
    """The words of a search: each must be the beginning of a word of the event."""
    return [word.lower() for word in re.findall(r"[^\W_]+", words)][:10]


def actions() -> list[str]:
    """Every action that there is, by hopping along its index."""
    found: list[str] = []
    rows = Event.objects.order_by("action").values_list("action", flat=True)
    action = rows.first()
    while action is not None:
        found.append(action)
        action = rows.filter(action__gt=action).first()
    return found


def _page(ids: list[int], size: int) -> Found:
    events = list(Event.objects.filter(pk__in=ids[:size]).order_by("-pk"))
    return Found(events, ids[size - 1] if len(ids) > size else None)


def _walks(scope: list[Q], action: str) -> list[Q]:
    """Conditions of which each has one index, and that together are what is asked for."""
    if not action:
        return scope if len(scope) <= _WALKS else [_any(scope)]
    group = [each for each in actions() if each == action or each.startswith(f"{action}.")]
    if len(scope) * len(group) <= _WALKS:
        return [each & Q(action=one) for each in scope for one in group]
    return [_any(scope) & Q(action__in=group)]


def _any(scope: list[Q]) -> Q:
    if Q() in scope:
        return Q()
    return reduce(or_, scope, Q(pk__in=[]))


def _time(criteria: Criteria) -> Q:
    asked = Q()
    if criteria.since:
        asked &= Q(at__gte=criteria.since)
    if criteria.until:
        asked &= Q(at__lte=criteria.until)
    return asked


def _range(criteria: Criteria) -> tuple[int, int]:
    """The ids between which the times asked for lie, so that a walk begins and ends there."""
    low, high = 0, _MOST
    ids = Event.objects.values_list("pk", flat=True)
    if criteria.since:
        first = ids.filter(at__gte=criteria.since).order_by("at", "pk").first()
        low = _MOST if first is None else first - _SLACK
    if criteria.until:
        last = ids.filter(at__lte=criteria.until).order_by("-at", "-pk").first()
        high = 0 if last is None else last + _SLACK
    return low, high


# --- words --------------------------------------------------------------------------------------


def _with_words(events: QuerySet[Event], asked: list[str]) -> QuerySet[Event]:
    if connection.vendor == "sqlite":
        condition = "audit_event.id IN (SELECT rowid FROM audit_words WHERE audit_words MATCH %s)"
        query = " ".join(f'"{word}"*' for word in asked)
    else:
        condition = "audit_event.words @@ to_tsquery('simple', %s)"
        query = " & ".join(f"{word}:*" for word in asked)
    # There is no column of Django's for it; the words are letters and digits.
    return events.extra(where=[condition], params=[query])  # noqa: S610


def _by_words(scope: list[Q], criteria: Criteria, low: int, high: int, size: int) -> Found:
    """SQLite: candidates from the index of words, newest first, checked a bunch at a time.

    After _LOOKS bunches without enough it answers what it has, and where to go on.
    """
    allowed = matching(Event.objects.filter(_any(scope)), criteria.model_copy(update={"words": ""}))
    query = _query(criteria)
    ids: list[int] = []
    for _ in range(_LOOKS):
        candidates = _candidates(query, low, high)
        ids += allowed.filter(pk__in=candidates).values_list("pk", flat=True)
        if len(ids) > size or len(candidates) < _CANDIDATES:
            return _page(ids, size)
        high = candidates[-1]
    return Found(_page(ids, size).events, high)


def _query(criteria: Criteria) -> str:
    """What is asked for in the syntax of FTS5; values are quoted words, so nothing is syntax."""
    words = [f'"{word}"*' for word in terms(criteria.words)]
    for value in (*criteria.equal().values(), criteria.action):
        words += [f'"{word}"' for word in re.findall(r"[^\W_]+", value)]
    return " ".join(words)


def _candidates(query: str, low: int, high: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rowid FROM audit_words WHERE audit_words MATCH %s AND rowid > %s AND rowid < %s"
            " ORDER BY rowid DESC LIMIT %s",
            [query, low, high, _CANDIDATES],
        )
        return [row[0] for row in cursor.fetchall()]
