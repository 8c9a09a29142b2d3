"""The states of an operation, and the one function that moves it from one to the next."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils import timezone

if TYPE_CHECKING:
    from consoleapp.operations.models import Operation


class State(StrEnum):
    """Where an operation is in its life."""

    AWAITING = "awaiting"  # a policy wants somebody's approval first; nobody is told to run it
    REQUESTED = "requested"  # in the database; the broker has not got its id yet
    QUEUED = "queued"  # the broker has had its id; waits for a free place
    RUNNING = "running"  # a worker holds its lease and talks to the engine
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # Podman, the engine or the policy refused; nothing more will happen
    CANCELLED = "cancelled"
    LOST = "lost"  # nobody can tell what happened
    DECLINED = "declined"  # an approver said no; it never began
    EXPIRED = "expired"  # nobody approved of it in time; it never began

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return not TRANSITIONS[self]


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.AWAITING: frozenset({State.REQUESTED, State.CANCELLED, State.DECLINED, State.EXPIRED}),
    State.REQUESTED: frozenset({State.QUEUED, State.RUNNING, State.CANCELLED, State.FAILED}),
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED, State.FAILED}),
    # Back to queued: its worker died, and another one takes it up where the engine is with it.
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
"""For a worker; what awaits approval is not among them."""
UNFINISHED = (State.AWAITING, *WAITING, State.RUNNING)


def move(
    operation: "Operation",
    to: State,
    *,
    after: tuple[State, ...] = tuple(State),
    fence: int | None = None,
    **changes: Any,
) -> bool:
    """Put `operation` in the state `to`, with `changes` to other fields in the same statement.

    In: `after`, the states that it may be in now (besides what TRANSITIONS says); `fence`, when
    a worker speaks: the token that it got when it claimed the row. Out: whether it happened; if
    so the instance has the new values, if not then somebody else was first and nothing changed.
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
            # A worker may be faster than the note that the broker has it.
            changes.setdefault("queued_at", operation.queued_at or now)
    if to.ended:
        # Whatever was sealed has served its purpose.
        changes |= {"ended_at": now, "sealed": "", "lease_until": None}
    if rows.update(**changes) != 1:
        return False
    for field, value in changes.items():
        setattr(operation, field, value)
    return True
