"""Snapshots for pages and the API. Never waits for an engine."""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import cast

from asgiref.sync import sync_to_async
from pydantic import ValidationError

from consoleapp.accounts.models import LinuxAccount
from consoleapp.snapshots import row_format, store
from consoleapp.snapshots.observer_messages import ObserverMessage
from engine.schema.messages import Prose, msg
from engine.schema.parameters import Model
from engine.schema.snapshot import Snapshot

NO_REDIS = msg("What is known of the accounts cannot be read: Berth's Redis does not answer.")
NO_OBSERVER = msg("Nobody follows this account now: the observer of its host does not run.")
_LOOK_EVERY = 0.012
_ASK_AFTER = 0.1
_SLEW = timedelta(seconds=5)
logger = logging.getLogger(__name__)


class Head(Model):
    """The few facts that tell whether a snapshot must be read again.

    `error`: why it is stale. `silent_since`: when the engine, still connected, stopped answering.
    """

    version: int
    taken: datetime | None
    at: datetime
    error: Prose = ""
    silent_since: datetime | None = None


@dataclass(frozen=True)
class AccountSnapshot:
    """The last snapshot (None: there has been none). `live`: changes arrive as they happen."""

    snapshot: Snapshot | None
    version: int
    live: bool
    error: str
    """Why the engine is unreachable, or ""."""
    taken: datetime | None = None
    """The moment for which it is valid; later than the snapshot's own if nothing has changed."""
    silent: int = 0
    """Seconds without an answer from the engine; 0 while it answers."""

    @property
    def trouble(self) -> str:
        """Return why the snapshot may be out of date, or ""."""
        return self.error or (
            msg("No answer for %(silent)s s.", silent=self.silent) if self.silent else ""
        )

    @property
    def age(self) -> float:
        """Return the seconds since it was certainly valid; 0 while it is live."""
        taken = self.taken or (self.snapshot.taken if self.snapshot else None)
        if self.live or taken is None:
            return 0.0
        return max(0.0, (datetime.now(UTC) - taken).total_seconds())


@dataclass(frozen=True)
class _Kept:
    version: int
    snapshot: Snapshot
    known: row_format.Known


_kept: dict[int, _Kept] = {}
_reading = Lock()


def load(account: LinuxAccount) -> AccountSnapshot | None:
    """Return the current snapshot; None if nobody has looked at the account yet. Never raises."""
    return _load(account)[0]


def watch(account: LinuxAccount) -> None:
    """Have the account followed for the next minute. Does nothing if Redis is down."""
    try:
        with store.connection().pipeline(transaction=False) as pipe:
            pipe.zadd(store.WATCHED, {str(account.pk): time.time() + store.WATCH_SECONDS})
            pipe.publish(
                store.OBSERVER_CHANNEL,
                ObserverMessage(account=account.pk, why="watched").model_dump_json(),
            )
            pipe.execute()
    except store.RedisDown as error:
        logger.warning("cannot have %s followed: %s", account, error)


def refresh(account: LinuxAccount) -> None:
    """Have everything about the account reread once. Does nothing if Redis is down."""
    try:
        message = ObserverMessage(account=account.pk, why="refresh")
        store.connection().publish(store.OBSERVER_CHANNEL, message.model_dump_json())
    except store.RedisDown as error:
        logger.warning("cannot ask for a snapshot of %s: %s", account, error)


def fresh_sync(
    account: LinuxAccount, not_before: datetime | None = None, timeout: float = 3.0
) -> AccountSnapshot:
    """Return a live snapshot that is at least as recent as `not_before`, after up to `timeout`.

    On a timeout, or if the engine is known to be unreachable, returns the best available.
    """
    known, head = _load(account)
    if _enough(known, not_before):
        return known  # type: ignore[return-value] # checked by _enough
    asked_at, began = datetime.now(UTC), time.monotonic()
    watch(account)
    woken = False
    while (waited := time.monotonic() - began) < timeout:
        time.sleep(_LOOK_EVERY)
        known, head = _load(account)
        if _enough(known, not_before) or (head and _hopeless(head, asked_at)):
            break
        if not woken and waited > _ASK_AFTER:
            # The update after an operation's end has not arrived: request it.
            refresh(account)
            woken = True
    return known or AccountSnapshot(None, 0, False, msg("The engine has not answered yet."))


fresh = sync_to_async(fresh_sync, thread_sensitive=False)


def _enough(known: AccountSnapshot | None, not_before: datetime | None) -> bool:
    if known is None or known.snapshot is None or not known.live or known.taken is None:
        return False
    now = datetime.now(UTC)
    # Timestamps in the future are from before the clock was set back: everything since is newer,
    # and a snapshot with such a timestamp says nothing about its age.
    if not_before is None or not_before > now:
        return True
    return not_before <= known.taken <= now + _SLEW


def _hopeless(head: Head, asked_at: datetime) -> bool:
    return bool(head.silent_since or (head.error and head.at >= asked_at))


def _load(account: LinuxAccount) -> tuple[AccountSnapshot | None, Head | None]:
    try:
        raw_head, live, host = store.connection().mget(
            store.head_key(account.pk), store.live_key(account.pk), store.host_key(account.host_id)
        )
        kept = _kept.get(account.pk)
        head = Head.model_validate_json(raw_head) if raw_head else None
        if head and head.version and (kept is None or kept.version != head.version):
            kept = _read(account.pk)
    except (*store.RedisDown, ValidationError, ValueError) as unreadable:
        logger.warning("cannot read the snapshot of %s: %s", account, type(unreadable).__name__)
        kept = _kept.get(account.pk)
        snapshot, version = (kept.snapshot, kept.version) if kept else (None, 0)
        return AccountSnapshot(snapshot, version, live=False, error=NO_REDIS), None
    if head is None:
        return (None if host else AccountSnapshot(None, 0, False, NO_OBSERVER)), None
    error = head.error if host or live else NO_OBSERVER
    snapshot = kept.snapshot if kept and head.version else None
    silent = 0
    if head.silent_since and not error:
        silent = max(1, round((datetime.now(UTC) - head.silent_since).total_seconds()))
    is_live = bool(live) and not error and not silent
    taken = head.taken if snapshot else None
    return AccountSnapshot(snapshot, head.version, is_live, error, taken, silent), head


def _read(account: int) -> _Kept | None:
    with _reading:
        text = cast(bytes | None, store.connection().get(store.body_key(account)))
        if not text:
            return None
        before = _kept.get(account)
        version, _, body = text.partition(b"\n")
        if before and before.version == int(version):
            return before
        snapshot, known = row_format.read(body, before.known if before else {})
        _kept[account] = _Kept(int(version), snapshot, known)
        return _kept[account]
