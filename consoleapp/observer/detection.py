"""Detect occurrences in one account's events and snapshots.

Podman reports that a container died, not whether that was intended. It was if `stop`, `kill`, or
`restart` came shortly before or after, so a death waits for GRACE seconds before it is reported.
Podman 4.3 does not always report that it stopped a container (never with a timeout of 0, nor for a
forced removal). So an exit by a signal counts as intended, unless the kernel sent it for lack of
memory.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import DatabaseError, connections

from consoleapp.accounts.models import LinuxAccount
from consoleapp.notifications import record
from consoleapp.notifications.event_types import EventType
from consoleapp.notifications.record import NewOccurrence
from engine.schema.messages import msg
from engine.schema.queries import EngineEvent
from engine.schema.snapshot import ContainerRow, Snapshot

GRACE = 1.5
AGAIN_AFTER = 2.0
MEANT_WITHIN = timedelta(seconds=60)
MARGIN = timedelta(seconds=5)
MOST_MEANT = 10_000
"""The maximum number of remembered intended exits. The oldest are dropped."""
MOST_DEATHS = 1_000
"""The maximum number of waiting deaths. An engine that reports more is not believed."""
FULL_FROM, FULL_TO = 0.90, 0.87
"""Fractions of a file system's size: nearly full from the first, until below the second."""
_KILLED = {130, 137, 143}
"""Exit statuses after a signal, sent by a user as far as anybody can tell."""
_STATES = frozenset({EventType.CONTAINER_UNHEALTHY, EventType.DISK_FULL})
Work = Callable[[LinuxAccount], object]
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Death:
    occurrence: NewOccurrence
    due: float


class Detector:
    """The detector of one account.

    `handle_event` and `looked` return at once; `write_down` writes.
    """

    def __init__(self, account: int) -> None:
        self._account = account
        self._rows: dict[str, ContainerRow] = {}
        self._meant: dict[str, datetime] = {}
        self._deaths: list[_Death] = []
        self._states: list[NewOccurrence] | None = None
        self._full = False
        self._work: list[Work] = []
        self._bell = asyncio.Event()

    def handle_event(self, event: EngineEvent) -> None:
        """Process an event of the engine's stream."""
        if event.noun != "container":
            return
        match event.action:
            case "stop" | "kill":
                self._mean(event)
                self._forgive(event.id)
            case "restart":
                # Comes before the death if a user restarts it, after it if its policy does.
                self._mean(event)
            case "init" | "start":
                self._meant.pop(event.id, None)
            case "remove":
                # Not an intention: a container with --rm is removed as well.
                self._meant.pop(event.id, None)
            case "died":
                self._died(event)

    def looked(self, snapshot: Snapshot, *, whole: bool, missed: bool) -> None:
        """Process a snapshot. `missed`: events before it may have been lost."""
        self._rows = {row.id: row for row in snapshot.containers}
        if missed:
            ends = [_end(row) for row in snapshot.containers if _ended_badly(row)]
            self._do(lambda account: record.found(account, ends))
        states = [_unhealthy(row, snapshot) for row in snapshot.containers if _is_unhealthy(row)]
        states += self._disk(snapshot)
        news = self._states is None or _keys(states) != _keys(self._states)
        self._states = states
        if news or whole:
            self._do(lambda account: record.stand(account, states, of=_STATES))
        if whole:
            until = snapshot.taken - MARGIN
            self._do(lambda account: record.listened(account, until))

    async def write_down(self) -> None:
        """Write until cancelled. Whatever the database does not accept is tried again."""
        while True:
            now = time.monotonic()
            waiting = [death.due - now for death in self._deaths]
            try:
                async with asyncio.timeout(max(0.0, min(waiting)) if waiting else None):
                    await self._bell.wait()
            except TimeoutError:
                pass
            self._bell.clear()
            now = time.monotonic()
            due = [death for death in self._deaths if death.due <= now]
            self._deaths = [death for death in self._deaths if death.due > now]
            self._work += [partial(record.notify, new=death.occurrence) for death in due]
            while self._work:
                try:
                    await asyncio.to_thread(self._write, self._work[0])
                except DatabaseError as error:
                    logger.warning("what happened is written down later: %s", error)
                    await asyncio.sleep(AGAIN_AFTER)
                    continue
                except Exception:
                    logger.exception("something that happened cannot be written down")
                self._work.pop(0)

    def _write(self, work: Work) -> None:
        try:
            account = LinuxAccount.objects.select_related("host").filter(pk=self._account).first()
            if account:
                work(account)
        finally:
            connections.close_all()  # the next one may run in another thread

    def _do(self, work: Work) -> None:
        self._work.append(work)
        self._bell.set()

    def _mean(self, event: EngineEvent) -> None:
        self._meant.pop(event.id, None)
        self._meant[event.id] = event.at
        while len(self._meant) > MOST_MEANT:
            del self._meant[next(iter(self._meant))]

    def _died(self, event: EngineEvent) -> None:
        code = _code(event)
        meant = self._meant.pop(event.id, None)
        row = self._rows.get(event.id)
        oom = event.attributes.get("oomKilled") == "true"
        if (
            code == 0
            or (code in _KILLED and not oom)
            or (meant and event.at - meant < MEANT_WITHIN)
            or (row and row.infra)
        ):
            return
        occurrence = NewOccurrence(
            EventType.CONTAINER_EXITED,
            key=f"{event.id}:{event.at.isoformat()}",
            object=event.id,
            name=event.name or (row.name if row else event.id[:12]),
            at=event.at,
            detail=_exit_words(
                code, row.image if row else event.attributes.get("image", ""), oom=oom
            ),
        )
        if len(self._deaths) + len(self._work) >= MOST_DEATHS:
            logger.warning("account %s: too many containers died at once", self._account)
            return
        self._deaths.append(_Death(occurrence, time.monotonic() + GRACE))
        self._bell.set()

    def _forgive(self, container: str) -> None:
        self._deaths = [death for death in self._deaths if death.occurrence.object != container]

    def _disk(self, snapshot: Snapshot) -> list[NewOccurrence]:
        used, total = snapshot.info.disk_used, snapshot.info.disk_total
        if not total or used is None:
            return []
        self._full = used / total >= (FULL_TO if self._full else FULL_FROM)
        if not self._full:
            return []
        place = snapshot.info.storage_root
        key = snapshot.info.disk_device or place
        detail = msg(
            "%(used)s of the file system of %(place)s is in use; %(total)s GB are left.",
            used=f"{used / total:.0%}",
            place=place,
            total=f"{(total - used) / 1000000000.0:.1f}",
        )
        return [
            NewOccurrence(EventType.DISK_FULL, key, place, "Disk", at=snapshot.taken, detail=detail)
        ]


def _code(event: EngineEvent) -> int:
    """Return 0 if Podman reports no exit code: that is no error to notify anybody of."""
    text = event.attributes.get("containerExitCode", "0")
    return int(text) if text.lstrip("-").isdecimal() else 0


def _ended_badly(row: ContainerRow) -> bool:
    meant = row.exit_code in _KILLED and not row.oom_killed
    return bool(row.state == "exited" and row.exited and row.exit_code and not meant)


def _end(row: ContainerRow) -> NewOccurrence:
    ended = row.exited or row.created
    return NewOccurrence(
        EventType.CONTAINER_EXITED,
        key=f"{row.id}:{ended.isoformat()}",
        object=row.id,
        name=row.name,
        at=ended,
        detail=_exit_words(row.exit_code or 0, row.image, oom=row.oom_killed),
    )


def _exit_words(code: int, image: str, *, oom: bool) -> str:
    text = (
        msg("It ran out of memory and was killed")
        if oom
        else msg("It ended with the exit status %(code)s", code=code)
    )
    return (
        msg("%(said)s. Its image is %(image)s.", said=text, image=image)
        if image
        else msg("%(said)s.", said=text)
    )


def _is_unhealthy(row: ContainerRow) -> bool:
    return row.state == "running" and row.health == "unhealthy"


def _unhealthy(row: ContainerRow, snapshot: Snapshot) -> NewOccurrence:
    return NewOccurrence(
        EventType.CONTAINER_UNHEALTHY,
        key=row.id,
        object=row.id,
        name=row.name,
        at=snapshot.taken,
        detail=msg("Its health check fails. Its image is %(image)s.", image=row.image),
    )


def _keys(states: list[NewOccurrence]) -> set[tuple[str, str]]:
    return {(occurrence.event_type, occurrence.key) for occurrence in states}
