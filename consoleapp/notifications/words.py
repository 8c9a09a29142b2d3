"""What an occurrence is called, in lists, e-mails and webhooks, and where one sees more of it."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from consoleapp.notifications.happenings import Happening
from consoleapp.notifications.models import Occurrence
from consoleapp.notifications.record import MOST_AN_HOUR, WITHIN


def title(occurrence: Occurrence) -> str:
    """In a few words: what happened, to what."""
    match Happening(occurrence.happening):
        case Happening.OPERATION_FAILED:
            return f"{occurrence.name} failed"
        case Happening.CONTAINER_UNHEALTHY:
            return f"{occurrence.name} is unhealthy"
        case Happening.CONTAINER_EXITED:
            return f"{occurrence.name} exited with an error"
        case Happening.DISK_FULL:
            return "The disk is nearly full"
        case Happening.APPROVAL_WAITING:
            return f"{occurrence.name} needs approval"
        case Happening.APPROVAL_DECIDED:
            return f"{occurrence.name}: the request for approval was answered"


def place(occurrence: Occurrence) -> str:
    """The path of the page about it."""
    key = occurrence.account.key
    match Happening(occurrence.happening):
        case Happening.OPERATION_FAILED:
            return reverse("operations:detail", args=[occurrence.operation])
        case Happening.CONTAINER_UNHEALTHY | Happening.CONTAINER_EXITED:
            if not occurrence.object.isalnum():  # not Podman's id, whatever the engine says
                return reverse("containers:list", args=[key])
            return reverse("containers:detail", args=[key, occurrence.object])
        case Happening.APPROVAL_WAITING | Happening.APPROVAL_DECIDED:
            return reverse("approvals:detail", args=[occurrence.operation])
        case Happening.DISK_FULL:
            return reverse("images:list", args=[key])


def grouped(occurrence: Occurrence) -> str:
    """That others are not told one by one; "" when they are."""
    if occurrence.more:
        times = "once more" if occurrence.more == 1 else f"{occurrence.more} times more"
        return f"It happened {times} within the hour, which was counted and not told again."
    if occurrence.grouping:
        until = timezone.localtime(occurrence.at + WITHIN)
        return (
            f"This is number {MOST_AN_HOUR} within an hour: what more comes until {until:%H:%M %Z} "
            "is counted here, and not told again."
        )
    return ""


def address(path: str) -> str:
    """The whole address of a page; "" where Berth was not told by which name it is reached."""
    return f"{settings.BERTH_PUBLIC_URL}{path}" if settings.BERTH_PUBLIC_URL else ""
