"""Deliveries that are due, and how long one waits before it is tried again.

The row is the truth. A message to the workers says only that there is something to do; the sweeper
says it again for what is due and was not taken.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from consoleapp.accounts.access import visible_accounts
from consoleapp.celery import app
from consoleapp.notifications.models import Delivery, DeliveryState
from consoleapp.snapshots.page_events import noticed

DELIVER = "notifications.deliver"
AT_ONCE = 20
LEASE = timedelta(seconds=60)
"""For whoever took a delivery; one whose worker died is sent again."""
PAUSES = tuple(timedelta(seconds=each) for each in (10, 60, 300, 1800, 7200, 21600))
"""Between the attempts; after the last one it is given up."""
logger = logging.getLogger(__name__)


def wake() -> bool:
    """Have a worker of this host send what is due. Out: False when Redis does not answer."""
    try:
        app.send_task(DELIVER, queue=f"host.{settings.BERTH_HOST}", retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("no broker for deliveries: %s", error)
        return False
    return True


def due() -> QuerySet[Delivery]:
    """What is to be sent now."""
    return Delivery.objects.filter(ended_at=None, due_at__lte=timezone.now())


def claim() -> list[Delivery]:
    """Take some of what is due; nobody else takes it while the lease lasts."""
    taken: list[Delivery] = []
    chosen = (
        due()
        .order_by("due_at")
        .select_related("user", "webhook", "occurrence__account__host")[:AT_ONCE]
    )
    for delivery in chosen:
        until = timezone.now() + LEASE
        rows = Delivery.objects.filter(
            pk=delivery.pk, due_at=delivery.due_at, attempts=delivery.attempts, ended_at=None
        )
        if rows.update(attempts=F("attempts") + 1, due_at=until):
            delivery.attempts += 1
            delivery.due_at = until
            taken.append(delivery)
    return taken


def done(delivery: Delivery) -> None:
    """It was delivered."""
    _end(delivery, DeliveryState.DELIVERED, "")


def withdraw(delivery: Delivery, reason: str) -> None:
    """It must not be delivered any more."""
    _end(delivery, DeliveryState.WITHDRAWN, reason)


def failed(delivery: Delivery, error: str, *, again: bool) -> None:
    """It was not delivered: once more after a while, unless that is of no use (`again`)."""
    pause = delivery.attempts - 1
    if not again or pause >= len(PAUSES) or delivery.occurrence is None:
        _end(delivery, DeliveryState.FAILED, error)
        return
    # Only while it is still ours: the lease may have run out.
    rows = Delivery.objects.filter(pk=delivery.pk, due_at=delivery.due_at, ended_at=None)
    rows.update(due_at=timezone.now() + PAUSES[pause], error=error[:500])
    _show(delivery)


def _end(delivery: Delivery, state: DeliveryState, error: str) -> None:
    rows = Delivery.objects.filter(pk=delivery.pk, ended_at=None)
    rows.update(state=state, error=error[:500], ended_at=timezone.now())
    _show(delivery)


def _show(delivery: Delivery) -> None:
    """For the pages of who waits to see what came of it; a test is about no account."""
    occurrence = delivery.occurrence
    account = occurrence.account if occurrence else visible_accounts(delivery.user).first()
    if account:
        noticed(account, [delivery.user_id])
