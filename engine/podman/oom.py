"""Which containers the kernel killed for want of memory.

Podman tells it in neither its lists nor its events, but where one is inspected; so those are, of
which the end could be that. Podman 4.3 always says no: conmon leaves its note where that Podman
does not look (containers/podman of 5.0 gives it a place, --persist-dir).
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
"""The exit status of what SIGKILL ended."""
ATTRIBUTE = "oomKilled"
_AT_ONCE = 8
_MOST_KNOWN = 2000
_End = tuple[str, datetime | None]
"""A container, and when it ended: which does not change any more."""
_known: dict[_End, bool] = {}
log = logging.getLogger(__name__)


async def marked(podman: Podman, rows: list[ContainerRow]) -> list[ContainerRow]:
    """The rows, with `oom_killed` where it is so."""
    ends = {(row.id, row.exited) for row in rows if row.exit_code == KILLED}
    known = {end: _known[end] for end in ends & _known.keys()}
    new = list(ends - known.keys())
    room = asyncio.Semaphore(_AT_ONCE)
    known |= zip(
        new, await asyncio.gather(*(_asked(podman, end, room) for end in new)), strict=True
    )
    if len(_known) > _MOST_KNOWN:
        _known.clear()
    _known.update(known)
    return [
        row.model_copy(update={"oom_killed": True}) if known.get((row.id, row.exited)) else row
        for row in rows
    ]


async def told(podman: Podman, event: EngineEvent) -> EngineEvent:
    """The event; the end of one that was killed for want of memory says so in an attribute."""
    ended = event.noun == "container" and event.action == "died"
    if not ended or event.attributes.get("containerExitCode") != str(KILLED):
        return event
    killed = "true" if await _is(podman, event.id) else "false"
    return event.model_copy(update={"attributes": {**event.attributes, ATTRIBUTE: killed}})


async def _asked(podman: Podman, end: _End, room: asyncio.Semaphore) -> bool:
    async with room:
        return await _is(podman, end[0])


async def _is(podman: Podman, container: str) -> bool:
    try:
        found = await api.inspect_container(podman, container)
    except EngineError as error:
        if error.report.code is not ErrorCode.NOT_FOUND:
            # The list and the events matter more than this.
            log.warning("how %s ended is not known: %s", container[:12], error)
        return False  # it went with its end (--rm), and what it told with it
    return bool((found.get("State") or {}).get("OOMKilled"))
