"""Wait for the end of an operation, notified by Redis, without polling the database."""

import asyncio

from asgiref.sync import sync_to_async

from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.snapshots import store


async def until_ended(operation: Operation, seconds: float) -> None:
    """Return when `operation` has ended, or after so many seconds.

    Without Redis, it takes the whole time, but then an operation cannot end anyway.
    """
    try:
        async with asyncio.timeout(seconds):
            await _notified(operation)
    except TimeoutError:
        return
    except store.RedisDown:
        await asyncio.sleep(seconds)


async def _notified(operation: Operation) -> None:
    async with store.streaming() as redis, redis.pubsub() as channel:
        await channel.subscribe(store.operation_channel(operation.pk))
        async for _ in channel.listen():  # the first message confirms the subscription
            await sync_to_async(operation.refresh_from_db)(fields=["state"])
            if State(operation.state).ended:
                return
