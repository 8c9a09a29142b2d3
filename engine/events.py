"""Podman's event stream as ours: what Berth did, and what anybody did at a shell."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from engine.adapters.podman import Podman
from engine.schema.errors import EngineError
from engine.schema.queries import EngineEvent

_NOUNS = {"container", "image", "volume", "network", "pod", "system"}
# What Podman adds to every event although it says nothing.
_EMPTY = {"", "0", None}


async def follow(podman: Podman) -> AsyncIterator[EngineEvent]:
    """Events as they happen, on and on.

    `system`/`connected` comes first and each time that Podman's service had to be started again:
    whoever follows reads everything anew then, because something may have been missed.
    """
    while True:
        try:
            async with podman.stream("GET", "/events", params={"stream": "true"}) as response:
                yield EngineEvent(at=datetime.now(UTC), noun="system", action="connected", id="")
                async for line in response.content:
                    event = _parse(json.loads(line)) if line.strip() else None
                    if event:
                        yield event
        except EngineError:
            # The service ended in the middle; it is being restarted, and the next call waits for it.
            await asyncio.sleep(0.1)


def _parse(raw: dict[str, Any]) -> EngineEvent | None:
    if raw.get("Type") not in _NOUNS:
        return None
    actor = raw.get("Actor") or {}
    attributes = {
        name: str(value)
        for name, value in (actor.get("Attributes") or {}).items()
        if value not in _EMPTY or name == "containerExitCode"
    }
    health = raw.get("HealthStatus") or attributes.get("health_status")
    if health:
        attributes["health_status"] = str(health)
    return EngineEvent(
        at=datetime.fromtimestamp(raw["timeNano"] / 1e9, UTC),
        noun=raw["Type"],
        action=str(raw.get("Action") or raw.get("status") or ""),
        id=str(actor.get("ID") or raw.get("id") or ""),
        name=attributes.get("name", ""),
        attributes=attributes,
    )
