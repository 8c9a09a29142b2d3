"""Podman's own events, read from its log if it writes one, otherwise from its stream."""

import asyncio
import json
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.podman import api, oom
from engine.podman.client import Podman
from engine.podman.event_log import appended, event_log
from engine.schema.errors import EngineError
from engine.schema.queries import EngineEvent

log = logging.getLogger(__name__)
_NOUNS = {"container", "image", "volume", "network", "pod", "system"}
# Meaningless values that Podman adds to every event.
_EMPTY = {"", "0", None}


async def follow(podman: Podman) -> AsyncGenerator[EngineEvent, None]:
    """Yield Podman's events, from its log if it writes one."""
    host_info = await api.info(podman)
    path = event_log(os.environ) if host_info["host"].get("eventLogger") == "file" else None
    if path:
        try:
            async with aclosing(_from_file(path)) as events:
                async for event in events:
                    yield await oom.annotate(podman, event)
        except OSError as error:
            log.warning("going on with Podman's own stream of events: %s", error)
    async with aclosing(_from_podman(podman)) as events:
        async for event in events:
            yield await oom.annotate(podman, event)


async def _from_file(path: Path) -> AsyncGenerator[EngineEvent, None]:
    async with aclosing(appended(path)) as lines:
        async for line in lines:
            if line is None:
                yield _connected()
            elif event := _parse(json.loads(line)):
                yield event


async def _from_podman(podman: Podman) -> AsyncGenerator[EngineEvent, None]:
    while True:
        try:
            async with api.events(podman) as response:
                yield _connected()
                async for line in response.content:
                    event = _parse(json.loads(line)) if line.strip() else None
                    if event:
                        yield event
        except EngineError:
            # The service ended during the stream. It is restarted, and the next call waits for it.
            await asyncio.sleep(0.1)


def _connected() -> EngineEvent:
    return EngineEvent(at=datetime.now(UTC), noun="system", action="connected", id="")


def _parse(raw: dict[str, Any]) -> EngineEvent | None:
    """Parse Podman's two forms: the API's (with an Actor) and the log's (flat)."""
    if raw.get("Type") not in _NOUNS:
        return None
    actor = raw.get("Actor") or {}
    attributes = {
        name: str(value)
        for name, value in (actor.get("Attributes") or raw.get("Attributes") or {}).items()
        if value not in _EMPTY or name == "containerExitCode"
    }
    if "ContainerExitCode" in raw:
        attributes["containerExitCode"] = str(raw["ContainerExitCode"])
    health = raw.get("HealthStatus") or raw.get("health_status") or attributes.get("health_status")
    if health:
        attributes["health_status"] = str(health)
    return EngineEvent(
        at=_time(raw),
        noun=raw["Type"],
        action=str(raw.get("Action") or raw.get("status") or raw.get("Status") or ""),
        id=str(actor.get("ID") or raw.get("id") or raw.get("ID") or ""),
        name=str(attributes.get("name") or raw.get("Name") or ""),
        attributes=attributes,
    )


def _time(raw: dict[str, Any]) -> datetime:
    if "timeNano" in raw:
        return datetime.fromtimestamp(raw["timeNano"] / 1e9, UTC)
    return datetime.fromisoformat(str(raw["Time"]))
