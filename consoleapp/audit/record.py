"""The only way to write to the audit log."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from consoleapp.audit.models import Event
from engine.schema.characters import readable
from engine.schema.messages import Message, changed

if TYPE_CHECKING:
    from consoleapp.accounts.models import LinuxAccount
    from consoleapp.core.actor import Actor


def record(
    action: str,
    *,
    actor: "Actor",
    account: "LinuxAccount | None" = None,
    kind: str = "",
    target: str = "",
    operation: UUID | None = None,
    parameters: dict[str, Any] | None = None,
    outcome: str = "",
    detail: str = "",
) -> Event:
    """Add one event. Call this in the transaction of the change, so that both happen or neither.

    `parameters` must be free of secrets: an operation's `public()`, or names of fields.
    """
    detail = changed(detail, readable)
    return Event.objects.create(
        actor=actor.user,
        actor_name=readable(actor.name[:150]),
        ip=actor.ip[:45],
        source=actor.source,
        account=account,
        account_name=account.key if account else "",
        action=action,
        kind=kind,
        target=readable(target[:600]),
        operation=operation,
        parameters=parameters,
        outcome=outcome,
        detail=detail + "",
        message=detail if isinstance(detail, Message) and detail.params else None,
    )
