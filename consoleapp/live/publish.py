"""What changed, told to the pages that are open. Fire and forget: pages ask again at `hello`."""

import logging
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from consoleapp.accounts.models import LinuxAccount
from consoleapp.live import store
from consoleapp.live.wake import Wake
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from engine.schema.parameters import Model

Name = r"^[a-z]{1,20}(-[0-9a-f-]{1,36})?$"
logger = logging.getLogger(__name__)


class Told(Model):
    """One event of one account.

    `ended_for`: who asked for the operation that ended with it; `people`: whom `notices` is for.
    """

    account: int
    event: str = Field(pattern=Name)
    data: dict[str, str | int | bool | None] = Field(default={}, max_length=20)
    ended_for: int | None = None
    source: Literal["", "page", "api", "system"] = ""
    people: list[int] = Field(default=[], max_length=500)


def publish(account: LinuxAccount, event: str, data: dict[str, Any]) -> None:
    """Tell the pages about `account`; does nothing when Redis is down."""
    _send(account.pk, [Told(account=account.pk, event=event, data=data)])


def operation_changed(operation: Operation) -> None:
    """Tell that an operation's state or progress changed; wakes the observer too."""
    state = State(operation.state)
    data = {"id": str(operation.pk), "state": state.value}
    account = operation.account_id
    told = [
        Told(
            account=account,
            event=f"operation-{operation.pk}",
            data=data,
            ended_for=operation.requested_by_id if state.ended else None,
            source=operation.source if operation.source in ("page", "api", "system") else "",
        )
    ]
    only_progress = state is State.RUNNING and operation.progress is not None
    if not only_progress:
        told.append(Told(account=account, event="operations", data=data))
    about = {operation.target, str((operation.result or {}).get("id", ""))} - {""}
    wake = Wake(
        account=account,
        why="operation",
        kind=operation.kind,
        ended=state.ended,
        objects=sorted(text[:600] for text in about),
    )
    _send(account, told, None if only_progress else wake, operation.pk)


def noticed(account: LinuxAccount, people: list[int]) -> None:
    """Tell the pages of these users that what they are told of has changed."""
    batches = [people[at : at + 500] for at in range(0, len(people), 500)]
    told = [Told(account=account.pk, event="notices", people=batch) for batch in batches]
    if told:
        _send(account.pk, told)


def _send(
    account: int, told: list[Told], wake: Wake | None = None, operation: UUID | None = None
) -> None:
    try:
        with store.connection().pipeline(transaction=False) as pipe:
            if wake:
                pipe.publish(store.WAKE, wake.model_dump_json())
            if wake and operation:
                pipe.publish(store.operation_channel(operation), "")
            for each in told:
                pipe.publish(store.channel(account), each.model_dump_json())
            pipe.execute()
    except store.RedisDown as error:
        logger.warning("cannot tell the pages about account %s: %s", account, error)
