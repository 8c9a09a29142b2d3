"""Retention: removing old recordings, so that the audit log says which went and when."""

from datetime import datetime

from django.db import transaction

from consoleapp.accounts.access import Actor
from consoleapp.audit.record import record
from consoleapp.recordings import place
from consoleapp.recordings.models import Recording

_AT_ONCE = 200


def prune(before: datetime, *, actor: Actor) -> int:
    """Remove the recordings of sessions that ended before `before`; how many went.

    What is to go is written down first: broken off, the next call removes the rest.
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
        for row in rows:
            place.file_of(row.key).unlink(missing_ok=True)
        total += len(rows)
    return total
