"""Deliveries that are due, and the pauses between attempts.

The row is the truth. A message to the workers only says that something is due. The sweeper repeats
it for whatever is due and was not taken.
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
from consoleapp.snapshots.page_events import notices_changed
from engine.schema.messages import cut_to

DELIVER = "notifications.deliver"
AT_ONCE = 20
LEASE = timedelta(seconds=60)
"""For whoever claimed a delivery. If the worker dies, another sends it again."""
PAUSES = tuple(timedelta(seconds=each) for each in (10, 60, 300, 1800, 7200, 21600))
"""The pauses between attempts. After the last attempt, it has failed."""
logger = logging.getLogger(__name__)


def wake() -> bool:
    """Have a worker of this host send what is due. Return False if Redis does not answer."""
    try:
        app.send_task(DELIVER, queue=f"host.{settings.BERTH_HOST}", retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("no broker for deliveries: %s", error)
        return False
    return True


def due() -> QuerySet[Delivery]:
    """Return what is to be sent now."""
    return Delivery.objects.filter(ended_at=None, due_at__lte=timezone.now())


def claim() -> list[Delivery]:
    """Claim some of what is due. Nobody else can while the lease lasts."""
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
    """Record the delivery."""
    _end(delivery, DeliveryState.DELIVERED, "")


def withdraw(delivery: Delivery, reason: str) -> None:
    """Record that it must no longer be delivered."""
    _end(delivery, DeliveryState.WITHDRAWN, reason)


def failed(delivery: Delivery, error: str, *, again: bool) -> None:
    """Record a failure, and try again after a pause if that is useful (`again`)."""
    pause = delivery.attempts - 1
    if not again or pause >= len(PAUSES) or delivery.occurrence is None:
        _end(delivery, DeliveryState.FAILED, error)
        return
    # Only while the claim is valid: the lease may have expired.
    rows = Delivery.objects.filter(pk=delivery.pk, due_at=delivery.due_at, ended_at=None)
    rows.update(due_at=timezone.now() + PAUSES[pause], error=cut_to(500)(error))
    _show(delivery)


def _end(delivery: Delivery, state: DeliveryState, error: str) -> None:
    rows = Delivery.objects.filter(pk=delivery.pk, ended_at=None)
    rows.update(state=state, error=cut_to(500)(error), ended_at=timezone.now())
    _show(delivery)


def _show(delivery: Delivery) -> None:
    """Notify the pages of whoever waits for the result. A test concerns no account."""
    occurrence = delivery.occurrence
    account = occurrence.account if occurrence else visible_accounts(delivery.user).first()
    if account:
        notices_changed(account, [delivery.user_id])
