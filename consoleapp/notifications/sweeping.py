"""The sweeper's part for notifications: nothing due is forgotten, nothing is kept forever."""

from datetime import timedelta

from django.utils import timezone

from consoleapp.notifications import queue
from consoleapp.notifications.models import Delivery, Occurrence

KEPT = timedelta(days=90)
SOON = timedelta(seconds=30)
TESTS_KEPT = timedelta(days=7)


def send_again() -> None:
    """Tell a worker what is due: its pause is over, or the message about it was lost."""
    if queue.due().exists():
        queue.wake()


def waits() -> bool:
    """Return whether anything still has to be delivered."""
    return Delivery.objects.filter(ended_at=None).exists()


def is_due_soon() -> bool:
    """Return whether anything is due within SOON."""
    soon = timezone.now() + SOON
    return Delivery.objects.filter(ended_at=None, due_at__lte=soon).exists()


def remove_old() -> None:
    """Remove old occurrences with their notifications and deliveries."""
    now = timezone.now()
    Occurrence.objects.filter(last_at__lt=now - KEPT).delete()
    Delivery.objects.filter(occurrence=None, created_at__lt=now - TESTS_KEPT).delete()
