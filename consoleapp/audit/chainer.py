"""The sealer: chains and indexes what is pending, a moment later. Part of the observer."""

import asyncio
import logging

from django.db import DatabaseError, IntegrityError, connections, transaction
from django.utils import timezone

from consoleapp.audit import search_index
from consoleapp.audit.chain import BEGINNING, FIELDS, form, link_hash
from consoleapp.audit.checkpoints import is_unsigned, sign_head
from consoleapp.audit.keys import BadKey
from consoleapp.audit.models import Event, Link, Pending, Pruning
from consoleapp.audit.record import record
from consoleapp.core import polling
from consoleapp.core.actor import Actor

EVERY = 1.0
LONGEST = 300.0
"""Seconds between two rounds when nothing is written to the database."""
LONGEST_UNSIGNED = 20.0
"""The same while a head is still to be signed."""
BETWEEN = 0.05
"""A pause between batches, in which operations write: SQLite lets in one writer at a time."""
AT_ONCE = 500
logger = logging.getLogger(__name__)


async def seal_forever() -> None:
    """Seal until cancelled. What goes wrong in one round is logged, and the next one comes."""
    while True:
        before = polling.stamp()
        longest = await asyncio.to_thread(_round)
        if longest == BETWEEN:
            await asyncio.sleep(BETWEEN)
        else:
            await polling.change(before, EVERY, longest)


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
        found[values[0]] = search_index.words_of(event)
        links.append(Link(seq=seq, event_id=values[0], at=now, hash=previous))
    indexed = search_index.rows(
        found
    )  # who writes to the index meanwhile takes our place in the chain
    vanished = set(waiting) - {link.event_id for link in links}
    try:
        with transaction.atomic():
            Link.objects.bulk_create(links)  # first: it keeps other sealers out
            search_index.write(indexed)
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


def _round() -> float:
    """One round; the seconds until the next one, if nothing is written meanwhile."""
    try:
        sealed = seal()
        sign_head()
        if sealed == AT_ONCE:
            return BETWEEN
        return LONGEST_UNSIGNED if is_unsigned() else LONGEST
    except (DatabaseError, BadKey, OSError) as error:
        logger.error("the audit log is not sealed: %s", error)
    except Exception:
        logger.exception("sealing the audit log broke off")
    finally:
        connections.close_all()  # the next round may come in another thread
    return LONGEST_UNSIGNED
