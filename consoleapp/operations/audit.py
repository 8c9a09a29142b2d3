"""Audit events of operations, and operations' names in sentences."""

from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.operations import cross_account
from consoleapp.operations.models import Operation
from engine.schema.kinds import KINDS


def note(
    action: str, operation: Operation, actor: Actor, *, outcome: str = "", detail: str = ""
) -> None:
    """Add one event about `operation`, for each account that it concerns."""
    for account in (operation.account, *cross_account.concerned(operation)):
        record(
            action,
            actor=actor,
            account=account,
            kind=operation.kind,
            target=operation.target,
            operation=operation.pk,
            parameters=operation.parameters,
            outcome=outcome,
            detail=detail,
        )


def name(operation: Operation) -> str:
    """Return its name in sentences."""
    kind = KINDS.get(operation.kind)
    return f"{kind.label if kind else operation.kind} {operation.target}".strip()
