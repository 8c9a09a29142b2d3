"""Remove old recordings, with audit events of which were removed and when."""

from datetime import datetime

from django.db import transaction

from consoleapp.audit.models import Event
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.recordings import storage
from consoleapp.recordings.models import Recording

_AT_ONCE = 200


def prune(before: datetime, *, actor: Actor) -> int:
    """Remove the recordings of sessions that ended before `before`. Return the count.

    The audit event comes first: after an interruption, the next call removes the remaining files.
    """
    total = 0
    while rows := list(Recording.objects.filter(ended_at__lt=before).order_by("pk")[:_AT_ONCE]):
        with transaction.atomic():
            record(
                "recording.pruned",
                actor=actor,
                target=f"before {before:%Y-%m-%d}",
                parameters={
                    "count": len(rows),
                    "size": sum(row.size for row in rows),
                    "recordings": [str(row.key) for row in rows],
                },
            )
            Recording.objects.filter(pk__in=[row.pk for row in rows]).delete()
        total += len(rows)
    _remove_files()
    return total


def _remove_files() -> None:
    """Remove all files that an event lists as pruned, including leftovers of an earlier call."""
    left = set(storage.keys())
    events = Event.objects.filter(action="recording.pruned").order_by("-pk")
    for facts in events.values_list("parameters", flat=True).iterator():
        if not left:
            return
        if facts is None:
            continue
        for key in left & set(facts["recordings"]):
            (storage.folder() / f"{key}.cast").unlink(missing_ok=True)
        left -= set(facts["recordings"])
