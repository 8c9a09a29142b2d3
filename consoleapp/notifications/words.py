"""The words for an occurrence in lists, e-mails, and webhooks, and the address of its page.

In the active language: a page's reader's, a mail's recipient's, English for webhooks.
"""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from consoleapp.notifications.event_types import EventType
from consoleapp.notifications.models import Occurrence
from consoleapp.notifications.record import MOST_AN_HOUR, WITHIN


def title(occurrence: Occurrence) -> str:
    """Return a short title: what happened, to what."""
    name = {"name": occurrence.name}
    match EventType(occurrence.event_type):
        case EventType.OPERATION_FAILED:
            return _("%(name)s failed") % name
        case EventType.CONTAINER_UNHEALTHY:
            return _("%(name)s is unhealthy") % name
        case EventType.CONTAINER_EXITED:
            return _("%(name)s exited with an error") % name
        case EventType.DISK_FULL:
            return _("The disk is nearly full")
        case EventType.APPROVAL_WAITING:
            return _("%(name)s needs approval") % name
        case EventType.APPROVAL_DECIDED:
            return _("%(name)s: the request for approval was answered") % name


def place(occurrence: Occurrence) -> str:
    """Return the path of the page about it."""
    key = occurrence.account.key
    match EventType(occurrence.event_type):
        case EventType.OPERATION_FAILED:
            return reverse("operations:detail", args=[occurrence.operation])
        case EventType.CONTAINER_UNHEALTHY | EventType.CONTAINER_EXITED:
            if not occurrence.object.isalnum():  # not Podman's id, whatever the engine says
                return reverse("containers:list", args=[key])
            return reverse("containers:detail", args=[key, occurrence.object])
        case EventType.APPROVAL_WAITING | EventType.APPROVAL_DECIDED:
            return reverse("approvals:detail", args=[occurrence.operation])
        case EventType.DISK_FULL:
            return reverse("images:list", args=[key])


def grouped(occurrence: Occurrence) -> str:
    """Return that further ones are not notified separately; "" if they are."""
    if occurrence.more:
        if occurrence.more == 1:
            return _("It happened once more within the hour, which was counted and not told again.")
        words = _(
            "It happened %(more)s times more within the hour, which was counted and not told again."
        )
        return words % {"more": occurrence.more}
    if occurrence.grouping:
        until = timezone.localtime(occurrence.at + WITHIN)
        words = _(
            "This is number %(count)s within an hour: what more comes until %(until)s is counted "
            "here, and not told again."
        )
        return words % {"count": MOST_AN_HOUR, "until": f"{until:%H:%M %Z}"}
    return ""


def address(path: str) -> str:
    """Return the full URL of a page; "" if Berth's public address is not configured."""
    return f"{settings.BERTH_PUBLIC_URL}{path}" if settings.BERTH_PUBLIC_URL else ""
