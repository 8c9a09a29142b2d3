"""Find the containers that the kernel killed because they ran out of memory.

Podman reports this neither in lists nor in events, but only in inspect data. So containers that may
have ended that way are inspected. Podman 4.3 never reports it: conmon leaves its note where that
Podman does not look (Podman 5.0 added a place for it, --persist-dir).
"""

import asyncio
import logging
from datetime import datetime

from engine.podman import api
from engine.podman.client import Podman
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.queries import EngineEvent
from engine.schema.snapshot import ContainerRow

KILLED = 137
"""The exit status after SIGKILL."""
ATTRIBUTE = "oomKilled"
_AT_ONCE = 8
_MOST_KNOWN = 2000
_End = tuple[str, datetime | None]
"""A container, and when it ended. Neither changes any more."""
_known: dict[_End, bool] = {}
log = logging.getLogger(__name__)


async def marked(podman: Podman, rows: list[ContainerRow]) -> list[ContainerRow]:
    """Return the rows with `oom_killed` set where it applies."""
    ends = {(row.id, row.exited) for row in rows if row.exit_code == KILLED}
    known = {end: _known[end] for end in ends & _known.keys()}
    new = list(ends - known.keys())
    room = asyncio.Semaphore(_AT_ONCE)
    known |= zip(
        new, await asyncio.gather(*(_checked(podman, end, room) for end in new)), strict=True
    )
    if len(_known) > _MOST_KNOWN:
        _known.clear()
    _known.update(known)
    return [
        row.model_copy(update={"oom_killed": True}) if known.get((row.id, row.exited)) else row
        for row in rows
    ]


async def annotate(podman: Podman, event: EngineEvent) -> EngineEvent:
    """Return the event. If the container was killed for lack of memory, an attribute says so."""
    ended = event.noun == "container" and event.action == "died"
    if not ended or event.attributes.get("containerExitCode") != str(KILLED):
        return event
    killed = "true" if await _is(podman, event.id) else "false"
    return event.model_copy(update={"attributes": {**event.attributes, ATTRIBUTE: killed}})


async def _checked(podman: Podman, end: _End, room: asyncio.Semaphore) -> bool:
    async with room:
        return await _is(podman, end[0])


async def _is(podman: Podman, container: str) -> bool:
    try:
        found = await api.inspect_container(podman, container)
    except EngineError as error:
        if error.report.code is not ErrorCode.NOT_FOUND:
            # The list and the events matter more than this.
            log.warning("how %s ended is not known: %s", container[:12], error)
        return False  # removed when it ended (--rm), together with the information
    return bool((found.get("State") or {}).get("OOMKilled"))
