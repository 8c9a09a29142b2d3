"""The things that one can be told of. A new one is a line here, and a call of `record.happened`."""

from dataclasses import dataclass
from enum import StrEnum


class Happening(StrEnum):
    """What happened; the values are what rules, webhooks and the database say."""

    OPERATION_FAILED = "operation.failed"
    CONTAINER_UNHEALTHY = "container.unhealthy"
    CONTAINER_EXITED = "container.exited"
    DISK_FULL = "disk.full"
    APPROVAL_WAITING = "approval.waiting"
    APPROVAL_DECIDED = "approval.decided"


@dataclass(frozen=True)
class About:
    """How people are told of it. `observed`: it is only seen while the account is followed."""

    label: str
    icon: str
    explained: str
    observed: bool = True


ABOUT: dict[Happening, About] = {
    Happening.OPERATION_FAILED: About(
        "Operation failed",
        "circle-x",
        "An operation failed, or was lost.",
        observed=False,
    ),
    Happening.CONTAINER_UNHEALTHY: About(
        "Container unhealthy", "heart-broken", "A container's health check fails."
    ),
    Happening.CONTAINER_EXITED: About(
        "Container exited with an error",
        "alert-square-rounded",
        "A container ended with another status than 0, and nobody had stopped it.",
    ),
    Happening.DISK_FULL: About(
        "Disk nearly full",
        "database-exclamation",
        "The file system of the account's images and containers is nearly full.",
    ),
    Happening.APPROVAL_WAITING: About(
        "Approval needed",
        "user-question",
        "An operation waits until you, or another approver, say yes or no.",
        observed=False,
    ),
    Happening.APPROVAL_DECIDED: About(
        "Approval decided",
        "user-check",
        "What you asked for was approved, declined, or waited too long.",
        observed=False,
    ),
}
