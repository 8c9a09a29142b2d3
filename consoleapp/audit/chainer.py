"""Chain and index pending events shortly after they are written. Runs in the observer."""

import asyncio
import logging

from django.db import DatabaseError, IntegrityError, connections, transaction
from django.utils import timezone

from consoleapp.audit import search_index
from consoleapp.audit.chain import BEGINNING, FIELDS, form, link_hash
from consoleapp.audit.checkpoints import is_unsigned, sign_checkpoint
from consoleapp.audit.keys import BadKey
from consoleapp.audit.models import Event, Link, Pending, Pruning
from consoleapp.audit.record import record
from consoleapp.core import polling
from consoleapp.core.actor import Actor

EVERY = 1.0
LONGEST = 300.0
"""Seconds between two rounds while nobody writes to the database."""
LONGEST_UNSIGNED = 20.0
"""The same while the end of the chain is unsigned."""
BETWEEN = 0.05
"""A pause between batches for operations to write: SQLite admits one writer at a time."""
AT_ONCE = 500
logger = logging.getLogger(__name__)


async def chain_forever() -> None:
    """Chain until cancelled. Errors of a round are logged, and the next one follows."""
    while True:
        before = polling.stamp()
        longest = await asyncio.to_thread(_round)
        if longest == BETWEEN:
            await asyncio.sleep(BETWEEN)
        else:
            await polling.change(before, EVERY, longest)


def chain_all() -> int:
    """Chain everything that is pending. Return the number of events."""
    total = 0
    while chained := chain_pending():
        total += chained
    return total


def chain_pending() -> int:
    """Chain and index up to AT_ONCE pending events. Return how many; 0 if another was faster.

    Slow work comes before the transaction, which is short: it does not hold up operations.
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
        previous = link_hash(event, seq=seq, previous=previous, chained=now)
        found[values[0]] = search_index.words_of(event)
        links.append(Link(seq=seq, event_id=values[0], at=now, hash=previous))
    indexed = search_index.rows(
        found
    )  # whoever writes to the index now takes this place in the chain
    vanished = set(waiting) - {link.event_id for link in links}
    try:
        with transaction.atomic():
            Link.objects.bulk_create(links)  # first, to exclude other chainers
            search_index.write(indexed)
            Pending.objects.filter(event_id__in=waiting).delete()
            for missing in sorted(vanished):
                _accuse(missing)
    except IntegrityError:
        return _untangle(waiting)
    return len(links)


def end_of_chain() -> tuple[int, bytes]:
    """Return number and hash of the last link, even a pruned one; (0, BEGINNING) for none."""
    for each in (Link, Pruning):
        last = each.objects.order_by("-seq").values_list("seq", "hash").first()
        if last:
            return last[0], bytes(last[1])
    return 0, BEGINNING


def _accuse(event: int) -> None:
    """Record that somebody removed an event before it was chained: a rollback removes both."""
    record(
        "audit.missing",
        actor=Actor(user=None, label="chainer"),
        target=f"event {event}",
        outcome="failed",
        detail="The event was removed from the database before it was chained.",
    )


def _untangle(waiting: list[int]) -> int:
    """Remove events that another chainer has chained from the pending ones."""
    done = Link.objects.filter(event_id__in=waiting).values_list("event_id", flat=True)
    Pending.objects.filter(event_id__in=list(done)).delete()
    return 0


def _round() -> float:
    """Run one round. Return the seconds until the next one, if nobody writes in the meantime."""
    try:
        chained = chain_pending()
        sign_checkpoint()
        if chained == AT_ONCE:
            return BETWEEN
        return LONGEST_UNSIGNED if is_unsigned() else LONGEST
    except (DatabaseError, BadKey, OSError) as error:
        logger.error("the audit log is not chained: %s", error)
    except Exception:
        logger.exception("sealing the audit log broke off")
    finally:
        connections.close_all()  # the next round may run in another thread
    return LONGEST_UNSIGNED
