"""The sealer: chains and indexes what is pending, a moment later. Part of the observer."""

import asyncio
import logging

from django.db import DatabaseError, IntegrityError, connections, transaction
from django.utils import timezone

from consoleapp import pace
from consoleapp.accounts.access import Actor
from consoleapp.audit import words
from consoleapp.audit.chain import BEGINNING, FIELDS, form, link_hash
from consoleapp.audit.heads import sign_head
from consoleapp.audit.keys import BadKey
from consoleapp.audit.models import Event, Link, Pending, Pruning
from consoleapp.audit.record import record

EVERY = 1.0
LONGEST = 20.0
"""Seconds between two rounds when nothing is written to the database."""
BETWEEN = 0.05
"""A pause between batches, in which operations write: SQLite lets in one writer at a time."""
AT_ONCE = 500
logger = logging.getLogger(__name__)


async def seal_forever() -> None:
    """Seal until cancelled. What goes wrong in one round is logged, and the next one comes."""
    while True:
        before = pace.stamp()
        if await asyncio.to_thread(_round):
            await asyncio.sleep(BETWEEN)
        else:
            await pace.change(before, EVERY, LONGEST)


def seal_all() -> int:
    """Chain everything that is pending; how many that were."""
    total = 0
    while sealed := seal():
        total += sealed
    return total


def seal() -> int:
    """Chain and index up to AT_ONCE pending events; how many. 0 also if another sealer was faster.

    What takes time happens before the transaction, which is short: it holds up no operation.
    """
    waiting = list(
        Pending.objects.order_by("event_id").values_list("event_id", flat=True)[:AT_ONCE]
    )
    if not waiting:
        return 0
    now = timezone.now()
    seq, previous = end_of_chain()
    links: list[Link] = []
    found: dict[int, set[str]] = {}
    for values in Event.objects.filter(pk__in=waiting).order_by("pk").values_list(*FIELDS):
        seq += 1
        event = form(values)
        previous = link_hash(event, seq=seq, previous=previous, sealed=now)
        found[values[0]] = words.words_of(event)
        links.append(Link(seq=seq, event_id=values[0], at=now, hash=previous))
    indexed = words.rows(found)  # who writes to the index meanwhile takes our place in the chain
    vanished = set(waiting) - {link.event_id for link in links}
    try:
        with transaction.atomic():
            Link.objects.bulk_create(links)  # first: it keeps other sealers out
            words.write(indexed)
            Pending.objects.filter(event_id__in=waiting).delete()
            for event in sorted(vanished):
                _accuse(event)
    except IntegrityError:
        return _untangle(waiting)
    return len(links)


def end_of_chain() -> tuple[int, bytes]:
    """The last link's number and hash, across what retention dropped; (0, BEGINNING) of none."""
    for each in (Link, Pruning):
        last = each.objects.order_by("-seq").values_list("seq", "hash").first()
        if last:
            return last[0], bytes(last[1])
    return 0, BEGINNING


def _accuse(event: int) -> None:
    """Write down that somebody removed an event before it was sealed: a rollback takes both."""
    record(
        "audit.missing",
        actor=Actor(user=None, label="sealer"),
        target=f"event {event}",
        outcome="failed",
        detail="The event was removed from the database before it was sealed.",
    )


def _untangle(waiting: list[int]) -> int:
    """Another sealer was at it: what it has chained is not pending any more."""
    done = Link.objects.filter(event_id__in=waiting).values_list("event_id", flat=True)
    Pending.objects.filter(event_id__in=list(done)).delete()
    return 0


def _round() -> bool:
    """One round; whether there is more to do at once."""
    try:
        sealed = seal()
        sign_head()
        return sealed == AT_ONCE
    except (DatabaseError, BadKey, OSError) as error:
        logger.error("the audit log is not sealed: %s", error)
    except Exception:
        logger.exception("sealing the audit log broke off")
    finally:
        connections.close_all()  # the next round may come in another thread
    return False
