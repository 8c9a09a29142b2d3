"""The things that one can be told of. A new one is a line here, and a call of `record.happened`."""

from dataclasses import dataclass
from enum import StrEnum


class Happening(StrEnum):
    """What happened; the values are what rules, webhooks and the database say."""

    OPERATION_FAILED = "operation.failed"
    CONTAINER_UNHEALTHY = "container.unhealthy"
    CONTAINER_EXITED = "container.exited"
    DISK_FULL = "disk.full"


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
}
