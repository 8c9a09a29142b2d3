"""The worker's task when something has to be delivered."""

from celery import shared_task

from consoleapp.notifications import queue
from consoleapp.notifications.sending import send_due


@shared_task(name=queue.DELIVER)
def deliver() -> None:
    """Send what is due. The message itself contains nothing that could be wrong."""
    send_due()
