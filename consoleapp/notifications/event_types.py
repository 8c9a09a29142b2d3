"""The types of events. To add one, add a line here and a call of `record.happened`."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_noop


class EventType(StrEnum):
    """What happened. Rules, webhooks, and the database use the values."""

    OPERATION_FAILED = "operation.failed"
    CONTAINER_UNHEALTHY = "container.unhealthy"
    CONTAINER_EXITED = "container.exited"
    DISK_FULL = "disk.full"
    APPROVAL_WAITING = "approval.waiting"
    APPROVAL_DECIDED = "approval.decided"


@dataclass(frozen=True)
class About:
    """How it is reported. `observed`: it is only detected while the account is followed."""

    label: str
    icon: str
    explained: str
    observed: bool = True


ABOUT: dict[EventType, About] = {
    EventType.OPERATION_FAILED: About(
        gettext_noop("Operation failed"),
        "circle-x",
        gettext_noop("An operation failed, or was lost."),
        observed=False,
    ),
    EventType.CONTAINER_UNHEALTHY: About(
        gettext_noop("Container unhealthy"),
        "heart-broken",
        gettext_noop("A container's health check fails."),
    ),
    EventType.CONTAINER_EXITED: About(
        gettext_noop("Container exited with an error"),
        "alert-square-rounded",
        gettext_noop("A container ended with another status than 0, and nobody had stopped it."),
    ),
    EventType.DISK_FULL: About(
        gettext_noop("Disk nearly full"),
        "database-exclamation",
        gettext_noop("The file system of the account's images and containers is nearly full."),
    ),
    EventType.APPROVAL_WAITING: About(
        gettext_noop("Approval needed"),
        "user-question",
        gettext_noop("An operation waits until you, or another approver, say yes or no."),
        observed=False,
    ),
    EventType.APPROVAL_DECIDED: About(
        gettext_noop("Approval decided"),
        "user-check",
        gettext_noop("What you asked for was approved, declined, or waited too long."),
        observed=False,
    ),
}
