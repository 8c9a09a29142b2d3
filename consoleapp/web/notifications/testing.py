"""The button that sends a test, in the same way as everything else."""

from datetime import timedelta

from django.contrib import messages
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consoleapp.core.requests import Request
from consoleapp.notifications import queue
from consoleapp.notifications.models import Delivery, Webhook

MOST = 5
WITHIN_SECONDS = 60


def send_test(request: Request, webhook: Webhook | None) -> None:
    """Send it to the webhook, or by e-mail to the user; say so. At most MOST per minute."""
    since = timezone.now() - timedelta(seconds=WITHIN_SECONDS)
    tests = Delivery.objects.filter(user=request.user, occurrence=None, created_at__gt=since)
    if tests.count() >= MOST:
        messages.warning(request, _("Too many tests. Try again in a minute."))
        return
    with transaction.atomic():
        Delivery.objects.create(user=request.user, webhook=webhook, due_at=timezone.now())
        transaction.on_commit(queue.wake)
    messages.success(request, _("The test was sent. The result appears below in a moment."))
