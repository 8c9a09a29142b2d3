"""What a worker does when there is something to deliver."""

from celery import shared_task

from consoleapp.notifications import queue
from consoleapp.notifications.sending import send_due


@shared_task(name=queue.DELIVER)
def deliver() -> None:
    """Send what is due; the message itself says nothing that could be wrong."""
    send_due()
