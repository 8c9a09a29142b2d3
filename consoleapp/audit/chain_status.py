"""The state of the chain for the audit page: the last link, checkpoint, and verification."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from consoleapp.audit.models import Checkpoint, Event, Link, Pending
from consoleapp.audit.search import Criteria, newest

_SOON = timedelta(minutes=2)


@dataclass(frozen=True)
class ChainStatus:
    """`verified` is the event of the last verification, or None."""

    links: int
    chained: datetime | None
    checkpoint: Checkpoint | None
    verified: Event | None
    oldest_pending: datetime | None

    @property
    def is_late(self) -> bool:
        """Return whether events have waited so long that the observer must be down."""
        return bool(self.oldest_pending and timezone.now() - self.oldest_pending > _SOON)


def chain_status() -> ChainStatus:
    """Return the state, with a few index lookups whatever the length of the chain."""
    last = Link.objects.order_by("-seq").first()
    verified = newest([], Criteria(actions=("audit.verified",)), before=None, size=1).events
    # Not joined: a planner could start with the events, of which there are many more.
    pending = Pending.objects.order_by("event_id").values_list("event_id", flat=True).first()
    waiting = Event.objects.filter(pk=pending).first() if pending else None
    return ChainStatus(
        links=last.seq if last else 0,
        chained=last.at if last else None,
        checkpoint=Checkpoint.objects.order_by("-number").first(),
        verified=verified[0] if verified else None,
        oldest_pending=waiting.at if waiting else None,
    )
