"""Record one session, in the observer: each piece is in the file before anybody sees it."""

import asyncio
import base64
import errno
import hashlib
import logging
import os
import shlex
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connections, transaction
from django.db.models import Sum
from django.utils import timezone

from consoleapp.accounts.models import LinuxAccount
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.core.formatting import binary_size
from consoleapp.files import spool
from consoleapp.recordings import cast, storage
from consoleapp.recordings.models import How, Recording
from consoleapp.snapshots import reader
from engine.schema.messages import msg
from engine.schema.queries import (
    ContainerTerminal,
    QueryFailed,
    TerminalEnded,
    TerminalOutput,
    TerminalSize,
)

Shown = TerminalOutput | TerminalEnded | QueryFailed
BURST = 8 << 20
"""Bytes that may come at once; then BYTES_A_SECOND, so that `yes` cannot fill the disk."""
BYTES_A_SECOND = 2 << 20
_LOOK_EVERY = 1 << 20
logger = logging.getLogger(__name__)
going_on: set[UUID] = set()
"""The sessions that this process is recording. All other open ones were broken off."""


class NotRecorded(Exception):
    """Raised if a session cannot be recorded and therefore must not exist. Says why."""


@dataclass(frozen=True)
class Session:
    """The session to record: which terminal, its user, and whose policies require it."""

    key: UUID
    account: LinuxAccount
    actor: Actor
    query: ContainerTerminal
    asked_by: str

    @property
    def command(self) -> str:
        """Return it as a shell would read it; "" for the container's own shell."""
        return shlex.join(self.query.command_line)[:4000]


@asynccontextmanager
async def recording(session: Session) -> AsyncIterator["Recorder"]:
    """Yield a recorder for the duration of the block. Raises NotRecorded if it cannot start."""
    if session.key in going_on:
        raise NotRecorded(msg("This session is recorded already."))
    going_on.add(session.key)
    try:
        recorder = await asyncio.to_thread(_begin, session)
        try:
            yield recorder
        except asyncio.CancelledError:
            recorder.ends(How.BROKEN_OFF)
            raise
        finally:
            await asyncio.shield(asyncio.to_thread(_end, recorder))
    finally:
        going_on.discard(session.key)


class Recorder:
    """An open file, and what is known about the end of its session."""

    def __init__(self, session: Session, row: Recording, descriptor: int) -> None:
        self.session, self.row = session, row
        self.how, self.detail = How.LEFT, ""
        self.exit_code: int | None = None
        self.size = 0
        self._descriptor = descriptor
        self._digest = hashlib.sha256()
        self._events = cast.Events()
        self._began = time.monotonic()
        self._writing = asyncio.Lock()
        self._credit, self._counted = float(BURST), self._began

    async def tap(self, shown: AsyncIterator[Shown]) -> AsyncIterator[Shown]:
        """Yield the terminal's output after writing it. Raises NotRecorded."""
        async for each in shown:
            if isinstance(each, TerminalOutput):
                line = self._events.output(self._now(), base64.b64decode(each.data))
                await self._keep(line)
                await self._slow_down(len(line))
            elif isinstance(each, TerminalEnded):
                self.how, self.exit_code = How.ENDED, each.exit_code
            else:
                self.ends(How.FAILED, each.message)
            yield each

    async def resized(self, size: TerminalSize) -> None:
        """Record a new size of the page's terminal. Raises NotRecorded."""
        await self._keep(self._events.size(self._now(), size.columns, size.rows))

    def ends(self, how: How, why: str = "") -> None:
        """Record how the session ends if neither its command nor its user ended it."""
        self.how, self.detail = how, why

    def write(self, line: bytes) -> None:
        """Write a line. Raises OSError."""
        if self.size // _LOOK_EVERY != (self.size + len(line)) // _LOOK_EVERY:
            _check_disk()
        view = memoryview(line)
        while view:
            written = os.write(self._descriptor, view)
            self._digest.update(view[:written])
            self.size += written
            view = view[written:]

    def close(self) -> str:
        """Close the file, to which nothing more is added. Return its digest."""
        try:
            self.write(self._events.end(self._now()))
            os.fsync(self._descriptor)
            os.fchmod(self._descriptor, 0o400)
        except OSError as error:
            logger.warning("the end of recording %s: %s", self.session.key, error)
        os.close(self._descriptor)
        return self._digest.hexdigest()

    async def _keep(self, line: bytes) -> None:
        async with self._writing:
            if self.size + len(line) > settings.BERTH_RECORDING_LIMIT:
                limit = binary_size(settings.BERTH_RECORDING_LIMIT)
                self._stop(
                    msg("The session was ended: its recording has reached %(limit)s.", limit=limit)
                )
            try:
                await asyncio.to_thread(self.write, line)
            except OSError as error:
                why = (error.strerror or msg("an error of the disk")).lower()
                self._stop(
                    msg("The session was ended: it could not be recorded on (%(why)s).", why=why)
                )

    def _stop(self, why: str) -> None:
        self.ends(How.STOPPED, why)
        raise NotRecorded(why)

    async def _slow_down(self, count: int) -> None:
        now = time.monotonic()
        self._credit = min(BURST, self._credit + (now - self._counted) * BYTES_A_SECOND) - count
        self._counted = now
        if self._credit < 0:
            await asyncio.sleep(-self._credit / BYTES_A_SECOND)

    def _now(self) -> float:
        return time.monotonic() - self._began


def _begin(session: Session) -> Recorder:
    try:
        _check_room(session.account)
        descriptor = storage.create(session.key)
    except OSError as error:
        why = (error.strerror or msg("an error of the disk")).lower()
        raise NotRecorded(
            _refusal(msg("the recording cannot be kept (%(why)s)", why=why))
        ) from error
    finally:
        connections.close_all()
    query, now = session.query, timezone.now()
    try:
        row = Recording(
            key=session.key,
            account=session.account,
            account_name=session.account.key,
            person=session.actor.user,
            person_name=session.actor.name[:150],
            ip=session.actor.ip[:45],
            container=query.container,
            container_name=_name_of(session),
            command=session.command,
            user=query.user,
            asked_by=session.asked_by,
            begun_at=now,
        )
        recorder = Recorder(session, row, descriptor)
        title = f"{row.person_name} in {row.shown_container} of {row.account_name}"
        recorder.write(
            cast.header(
                columns=query.columns, rows=query.rows, begun=now, command=row.command, title=title
            )
        )
        os.fsync(descriptor)
        with transaction.atomic():
            row.save(force_insert=True)
            facts: dict[str, object] = {
                "recording": str(row.key),
                "asked_by": row.asked_by,
                "command": row.command,
            }
            if row.user:
                facts["user"] = row.user
            _record_event("recording.begun", row, session.actor, facts)
    except (OSError, DatabaseError) as error:
        os.close(descriptor)
        storage.file_of(session.key).unlink(missing_ok=True)
        if isinstance(error, DatabaseError):
            raise
        why = (error.strerror or msg("an error of the disk")).lower()
        raise NotRecorded(
            _refusal(msg("the recording cannot be kept (%(why)s)", why=why))
        ) from error
    finally:
        connections.close_all()
    return recorder


def _end(recorder: Recorder) -> None:
    digest = recorder.close()
    row = recorder.row
    row.how, row.detail, row.exit_code = recorder.how, recorder.detail, recorder.exit_code
    row.size, row.sha256 = recorder.size, digest
    try:
        finish(row, recorder.session.actor)
    except DatabaseError as error:  # the next round closes it as broken off
        logger.error("the end of recording %s is not written down: %s", row.key, error)
    finally:
        connections.close_all()


def finish(row: Recording, actor: Actor) -> None:
    """Record the end of a session from `row`, with the digest of its file."""
    with transaction.atomic():
        row.ended_at = timezone.now()
        row.save()
        facts = {
            "recording": str(row.key),
            "size": row.size,
            "sha256": row.sha256,
            "seconds": round(row.seconds or 0, 1),
            "exit_code": row.exit_code,
        }
        _record_event("recording.ended", row, actor, facts, outcome=row.how, detail=row.detail)


def _record_event(
    action: str,
    row: Recording,
    actor: Actor,
    facts: dict[str, object],
    *,
    outcome: str = "",
    detail: str = "",
) -> None:
    record(
        action,
        actor=actor,
        account=row.account,
        kind=ContainerTerminal.query,
        target=row.container,
        parameters=facts,
        outcome=outcome,
        detail=detail,
    )


def _check_room(account: LinuxAccount) -> None:
    """Raise NotRecorded, or OSError."""
    rows = Recording.objects.filter(account=account)
    kept = rows.aggregate(sum=Sum("size"))["sum"] or 0
    # Each open one may still use the full limit.
    kept += rows.filter(ended_at=None).count() * settings.BERTH_RECORDING_LIMIT
    if kept >= settings.BERTH_RECORDING_QUOTA:
        quota = binary_size(settings.BERTH_RECORDING_QUOTA)
        raise NotRecorded(
            _refusal(
                msg(
                    "the recordings of %(key)s have reached %(quota)s", key=account.key, quota=quota
                )
            )
        )
    storage.folder()
    _check_disk()


def _check_disk() -> None:
    if spool.free_bytes() == 0:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _refusal(why: str) -> str:
    return msg(
        "Terminals must be recorded here, and %(why)s. An administrator can make room: old "
        "recordings go with `manage.py prune_recordings`.",
        why=why,
    )


def _name_of(session: Session) -> str:
    """Return the container's name in the last snapshot; "" if there is none."""
    known = reader.load(session.account)
    rows = known.snapshot.containers if known and known.snapshot else []
    wanted = session.query.container
    return next((row.name for row in rows if wanted in (row.id, row.id[:12], row.name)), "")
