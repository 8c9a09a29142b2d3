"""Retention: remove old events, and keep a signed summary from which the chain continues."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from consoleapp.audit import keys, search_index
from consoleapp.audit.chain import moment
from consoleapp.audit.checkpoints import statement
from consoleapp.audit.models import Event, Link, Pruning
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor

AT_ONCE = 2000


def prune(before: datetime, *, actor: Actor) -> int:
    """Remove the beginning of the chain, up to the first event not older than `before`.

    Returns the number of removed events. The summary is committed first, and the triggers only
    release what a summary covers. The events then go in small transactions. After an interruption,
    the next call continues. Raises keys.BadKey.
    """
    _summarise(before, actor)
    dropped = _drop()
    if kept := Event.objects.order_by("pk").first():
        search_index.forget(kept.pk)
    return dropped


def facts(pruning: Pruning) -> dict[str, Any]:
    """Return the content of the summary that its signature covers."""
    return {
        "count": pruning.seq - pruning.first_seq + 1,
        "first_seq": pruning.first_seq,
        "last_seq": pruning.seq,
        "first_event": pruning.first_event,
        "last_event": pruning.last_event,
        "last_hash": bytes(pruning.hash).hex(),
        "before": moment(pruning.before),
        "at": moment(pruning.at),
    }


def signed_bytes(pruning: Pruning) -> bytes:
    """Return the bytes that a summary's signature covers."""
    return statement("pruning", facts(pruning))


def _summarise(before: datetime, actor: Actor) -> None:
    dropped = Pruning.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    left = Link.objects.filter(seq__gt=dropped).order_by("seq").select_related("event")
    first = left.first()
    kept = left.filter(event__at__gte=before).first()
    last = left.filter(seq__lt=kept.seq).last() if kept else left.last()
    if first is None or last is None:
        return
    key = keys.signing_key()
    pruning = Pruning(
        seq=last.seq,
        first_seq=first.seq,
        first_event=first.event_id,
        last_event=last.event_id,
        hash=bytes(last.hash),
        before=before,
        at=timezone.now(),
        key=keys.name_of(key.public_key()),
    )
    pruning.signature = keys.sign(key, signed_bytes(pruning))
    signed = facts(pruning) | {"key": pruning.key, "signature": pruning.signature}
    with transaction.atomic():
        pruning.save(force_insert=True)
        record("audit.pruned", actor=actor, target=f"before {before:%Y-%m-%d}", parameters=signed)


def _drop() -> int:
    covered = Pruning.objects.order_by("-seq").values_list("seq", flat=True).first()
    if covered is None:
        return 0
    total = 0
    while True:
        links = list(
            Link.objects.filter(seq__lte=covered)
            .order_by("seq")
            .values_list("seq", "event_id")[:AT_ONCE]
        )
        if not links:
            return total
        with transaction.atomic():
            # _raw_delete: nothing refers to events, and Django would read every row first.
            gone = Event.objects.filter(pk__in=[event for _, event in links])
            gone._raw_delete(gone.db)
            cut = Link.objects.filter(seq__lte=links[-1][0])
            cut._raw_delete(cut.db)
        total += len(links)
