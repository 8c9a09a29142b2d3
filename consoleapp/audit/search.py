"""Find events among millions, newest first. Pages are cut by id, without counting or skipping.

Filters and words use the search index, which the chainer fills shortly after an event was written.
The few events that are not indexed yet are read directly. Every result is compared with the
criteria again, so the index may contain too much, but must not miss anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from uuid import UUID

from pydantic import BaseModel

from consoleapp.audit.chain import form_of
from consoleapp.audit.models import Event, Pending
from consoleapp.audit.search_index import Clauses, find, fits, named, split

_FIRST = 64
_AT_ONCE = 500
_WAITING = 200
_MOST = 2**63 - 1
# Ids are assigned within moments of their events' times, so this many may be out of order.
_SLACK = 1000


class Criteria(BaseModel, frozen=True):
    """The criteria for events: all of them, and of several values any one.

    `actions` "operation" also matches every "operation.…", `kinds` "container" every "container.…".
    """

    words: str = ""
    actions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    person: str = ""
    account: str = ""
    targets: tuple[str, ...] = ()
    outcome: str = ""
    operation: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    def clauses(self) -> Clauses:
        """Return the same as words of the index, without the times and the operation."""
        conditions = {
            "action": self.actions,
            "kind": self.kinds,
            "actor_name": (self.person,),
            "account_name": (self.account,),
            "target": self.targets,
            "outcome": (self.outcome,),
        }
        columns = [
            [named(name, value) for value in some if value] for name, some in conditions.items()
        ]
        return [[word] for word in split(self.words)] + [clause for clause in columns if clause]

    def times(self) -> dict[str, datetime]:
        """Return the same as lookups of the column."""
        conditions = {"at__gte": self.since, "at__lte": self.until}
        return {name: at for name, at in conditions.items() if at}


@dataclass(frozen=True)
class Found:
    """A page of events. `older` is the id to continue before, or None at the end."""

    events: list[Event]
    older: int | None


def matching(scope: Clauses, criteria: Criteria, *, before: int | None = None) -> Iterator[Event]:
    """Yield all matching events in `scope` before the id `before`, newest first, lazily."""
    clauses = [*scope, *criteria.clauses()]
    in_time = Event.objects.filter(**criteria.times()).order_by("-pk")
    ids = _ids(clauses, criteria, before)
    size = _FIRST
    while some := list(islice(ids, size)):
        for event in in_time.filter(pk__in=some):
            if not clauses or fits(form_of(event), clauses):
                yield event
        size = _AT_ONCE


def newest(scope: Clauses, criteria: Criteria, *, before: int | None, size: int) -> Found:
    """Return the first `size` of them."""
    events = list(islice(matching(scope, criteria, before=before), size + 1))
    return Found(events[:size], events[size - 1].pk if len(events) > size else None)


def _ids(clauses: Clauses, criteria: Criteria, before: int | None) -> Iterator[int]:
    """Yield the ids of candidates, newest first, each once."""
    low, high = _range(criteria)
    high = min(high, before - 1) if before is not None else high
    among = Event.objects.filter(pk__gte=low, pk__lte=high).order_by("-pk")
    if criteria.operation:
        yield from among.filter(operation=criteria.operation).values_list("pk", flat=True)
    elif not clauses:
        yield from _walk(criteria, low, high)
    else:
        # Read before the index: an event that is chained in between is in both, not in none.
        waiting = Pending.objects.filter(event_id__gte=low, event_id__lte=high)
        tail = list(waiting.order_by("-event_id").values_list("event_id", flat=True)[:_WAITING])
        last = None
        for pk in merge(tail, find(clauses, low, high), reverse=True):
            if pk != last:
                yield pk
            last = pk


def _walk(criteria: Criteria, low: int, high: int) -> Iterator[int]:
    """Yield all ids in batches, so that no cursor stays open as long as a browser reads."""
    size = _FIRST
    events = Event.objects.filter(pk__gte=low, **criteria.times()).order_by("-pk")
    while some := list(events.filter(pk__lte=high).values_list("pk", flat=True)[:size]):
        yield from some
        high, size = some[-1] - 1, _AT_ONCE


def _range(criteria: Criteria) -> tuple[int, int]:
    """Return the range of ids that contains the requested times."""
    low, high = 0, _MOST
    if criteria.since:
        first = Event.objects.filter(at__gte=criteria.since).order_by("at", "pk").first()
        low = max(0, first.pk - _SLACK) if first else _MOST
    if criteria.until:
        last = Event.objects.filter(at__lte=criteria.until).order_by("-at", "-pk").first()
        high = last.pk + _SLACK if last else -1
    return low, high
