"""Events for open pages. They may be lost: pages load again at `hello`."""

import logging
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from consoleapp.accounts.models import LinuxAccount
from consoleapp.snapshots import store
from consoleapp.snapshots.observer_messages import ObserverMessage
from engine.schema.parameters import Model

Name = r"^[a-z]{1,20}(-[0-9a-f-]{1,36})?$"
logger = logging.getLogger(__name__)


class PageEvent(Model):
    """One event of one account.

    `ended_for`: the requester of the operation that ended; `people`: the users for whom `notices`
    is.
    """

    account: int
    event: str = Field(pattern=Name)
    data: dict[str, str | int | bool | None] = Field(default={}, max_length=20)
    ended_for: int | None = None
    source: Literal["", "page", "api", "system"] = ""
    people: list[int] = Field(default=[], max_length=500)


def publish(account: LinuxAccount, event: str, data: dict[str, Any]) -> None:
    """Send an event about `account` to pages. Does nothing if Redis is down."""
    send(account.pk, [PageEvent(account=account.pk, event=event, data=data)])


def notices_changed(account: LinuxAccount, people: list[int]) -> None:
    """Tell these users' pages that their notifications have changed."""
    batches = [people[at : at + 500] for at in range(0, len(people), 500)]
    events = [PageEvent(account=account.pk, event="notices", people=batch) for batch in batches]
    if events:
        send(account.pk, events)


def send(
    account: int,
    events: list[PageEvent],
    message: ObserverMessage | None = None,
    operation: UUID | None = None,
) -> None:
    """Publish at once to the pages, the observer, and whoever waits for one operation."""
    try:
        with store.connection().pipeline(transaction=False) as pipe:
            if message:
                pipe.publish(store.OBSERVER_CHANNEL, message.model_dump_json())
            if message and operation:
                pipe.publish(store.operation_channel(operation), "")
            for each in events:
                pipe.publish(store.channel(account), each.model_dump_json())
            pipe.execute()
    except store.RedisDown as error:
        logger.warning("cannot tell the pages about account %s: %s", account, error)
