"""Events in an account: Podman's and those of units, whoever caused them."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime

from engine.podman import events as podman_events
from engine.podman.client import Podman
from engine.schema.errors import EngineError
from engine.schema.queries import HEARTBEAT_SECONDS, EngineEvent
from engine.systemd.inventory import Inventory
from engine.systemd.user_manager import absent

_AGAIN = 2.0
"""Seconds before the next attempt to reach a lost session bus."""
log = logging.getLogger(__name__)


async def follow(podman: Podman, units: Inventory) -> AsyncIterator[EngineEvent]:
    """Yield Podman's events and those of units as they happen, without end.

    `system`/`connected` comes first, and whenever events may have been missed: the reader then
    rereads everything. Heartbeats come in between.
    """
    queue: asyncio.Queue[EngineEvent | None] = asyncio.Queue(1000)
    tasks = [asyncio.create_task(_pour(podman_events.follow(podman), queue))]
    if not absent():
        tasks.append(asyncio.create_task(_pour(_of_units(units), queue)))
    try:
        beats = False
        while (event := await queue.get()) is not None:
            if event.noun == "system" and not beats:
                beats = True
                tasks.append(asyncio.create_task(_pour(_heartbeats(podman), queue)))
            yield event
        for task in tasks:
            if task.done():
                task.result()  # raises what ended it
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pour(
    events: AsyncGenerator[EngineEvent, None], queue: "asyncio.Queue[EngineEvent | None]"
) -> None:
    try:
        async with aclosing(events):
            async for event in events:
                await queue.put(event)
    finally:
        with suppress(asyncio.QueueFull):
            queue.put_nowait(None)


async def _heartbeats(podman: Podman) -> AsyncGenerator[EngineEvent, None]:
    """Yield one every HEARTBEAT_SECONDS; none while Podman's service does not answer."""
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        try:
            await podman.ping()
        except EngineError as error:
            log.warning("no heartbeat: %s", error)
            continue
        yield EngineEvent(at=datetime.now(UTC), noun="system", action="heartbeat", id="")


async def _of_units(units: Inventory) -> AsyncGenerator[EngineEvent, None]:
    while True:
        try:
            async with aclosing(units.changes()) as names:
                async for name in names:
                    yield EngineEvent(
                        at=datetime.now(UTC), noun="unit", action="changed", id=name, name=name
                    )
        except EngineError as error:
            log.warning("listening to systemd again: %s", error)
            await asyncio.sleep(_AGAIN)
            yield EngineEvent(at=datetime.now(UTC), noun="unit", action="changed", id="")
