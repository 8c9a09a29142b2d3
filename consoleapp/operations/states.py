"""The states of an operation, and the one function that changes them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils import timezone

if TYPE_CHECKING:
    from consoleapp.operations.models import Operation


class State(StrEnum):
    """The state of an operation."""

    AWAITING = "awaiting"  # a policy requires approval first; no worker gets it
    REQUESTED = "requested"  # in the database; the broker does not have its id yet
    QUEUED = "queued"  # the broker has its id; waits for a free slot
    RUNNING = "running"  # a worker holds its lease and talks to the engine
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # Podman, the engine, or the policy refused; nothing more will happen
    CANCELLED = "cancelled"
    LOST = "lost"  # nobody can tell whether it took effect
    DECLINED = "declined"  # an approver declined it; it never started
    EXPIRED = "expired"  # nobody approved it in time; it never started

    @property
    def ended(self) -> bool:
        """Return whether nothing more will happen."""
        return not TRANSITIONS[self]


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.AWAITING: frozenset({State.REQUESTED, State.CANCELLED, State.DECLINED, State.EXPIRED}),
    State.REQUESTED: frozenset({State.QUEUED, State.RUNNING, State.CANCELLED, State.FAILED}),
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED, State.FAILED}),
    # Back to queued: its worker died, and another resumes it where the engine is.
    State.RUNNING: frozenset(
        {State.QUEUED, State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST}
    ),
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
    State.LOST: frozenset(),
    State.DECLINED: frozenset(),
    State.EXPIRED: frozenset(),
}
WAITING = (State.REQUESTED, State.QUEUED)
"""Waiting for a worker, without those that wait for approval."""
UNFINISHED = (State.AWAITING, *WAITING, State.RUNNING)


def move(
    operation: "Operation",
    to: State,
    *,
    after: tuple[State, ...] = tuple(State),
    fence: int | None = None,
    **changes: Any,
) -> bool:
    """Move `operation` to the state `to`, changing other fields in the same statement.

    `after`: the states that it may be in now (in addition to TRANSITIONS). `fence`: for a worker,
    the token from its claim. Returns whether the move happened. If so, the instance has the new
    values. If not, somebody else was first and nothing changed.
    """
    allowed = [state for state in after if to in TRANSITIONS[state]]
    rows = type(operation).objects.filter(pk=operation.pk, state__in=allowed)
    if fence is not None:
        rows = rows.filter(fence=fence)
    changes["state"] = to
    now = timezone.now()
    match to:
        case State.QUEUED:
            changes.setdefault("queued_at", now)
            changes.setdefault("lease_until", None)
        case State.RUNNING:
            rows = rows.filter(fence=operation.fence)
            changes["fence"] = operation.fence + 1
            changes.setdefault("started_at", operation.started_at or now)
            # A worker may be faster than the record that the broker has it.
            changes.setdefault("queued_at", operation.queued_at or now)
    if to.ended:
        # The encrypted parameters are no longer needed.
        changes |= {"ended_at": now, "encrypted": "", "lease_until": None}
    if rows.update(**changes) != 1:
        return False
    for field, value in changes.items():
        setattr(operation, field, value)
    return True
