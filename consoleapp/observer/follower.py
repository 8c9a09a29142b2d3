"""Follow one account: receive its engine's events, keep its snapshot current, report changes."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from redis.asyncio import Redis

from consoleapp.accounts.models import LinuxAccount
from consoleapp.observer.detection import Detector
from consoleapp.observer.silence import LOOK_EVERY, Silence
from consoleapp.snapshots import row_format, store
from consoleapp.snapshots.observer_messages import ObserverMessage
from consoleapp.snapshots.page_events import PageEvent
from consoleapp.snapshots.reader import Head
from engine.client import Engine
from engine.schema.errors import EngineError, EngineUnreachable
from engine.schema.messages import cut_to, msg
from engine.schema.queries import EngineEvent
from engine.schema.snapshot import ContainerRow, ImageRow, Snapshot

DEBOUNCE = 0.02
WHOLE_EVERY = 60.0
ANSWER_WITHIN = 60.0
LIVE_SECONDS = 10
CALM = 2.0
"""Seconds that a connection must last before its end counts as a first failure."""
MOST_CONTAINERS = 100
"""The maximum number of containers to query by id. Beyond it, all are queried."""
MOST_EVENTS = 1000
"""Events per second that are accepted from one account, so that others get their turn."""
COSTLY, SHARE, LONGEST_REST = 0.05, 3, 2.0
"""Seconds of work after which an account rests SHARE times as long, up to LONGEST_REST."""
BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
# Events that change no row: an exec by a health check, a container that was inspected.
_SILENT = {"exec", "exec_died", "attach", "mount", "unmount", "export", "copy", "cleanup_done"}
_EVERYTHING = ("containers", "units", "info")
_ID = re.compile(r"[0-9a-f]{64}")
_Row = TypeVar("_Row")
logger = logging.getLogger(__name__)


@dataclass
class Stale:
    """What to query from the engine again."""

    whole: bool = False
    images: bool = False
    units: bool = False
    containers: set[str] = field(default_factory=set)

    def container(self, key: str) -> None:
        """Add a container; all of the account if there are too many, or if the id is not real."""
        if len(self.containers) >= MOST_CONTAINERS or not _ID.fullmatch(key):
            self.whole = True
        else:
            self.containers.add(key)

    def parts(self) -> list["Stale"]:
        """Return it in the order to query: single rows do not wait for the list of images."""
        if self.whole or not self.containers or not self.images:
            return [self]
        return [replace(self, images=False), replace(self, containers=set())]

    def __bool__(self) -> bool:
        return self.whole or self.images or self.units or bool(self.containers)


class Follower:
    """One account's task. `run` continues until it is cancelled."""

    def __init__(self, account: int, key: str, path: str, uid: int, redis: Redis) -> None:
        self.account = account
        self.key = key
        self.until = time.time() + store.WATCH_SECONDS
        self._path, self._uid = path, uid
        self._redis = redis
        self._writer = row_format.Writer()
        self._snapshot: Snapshot | None = None
        self._version = 0
        self._error = ""
        self._connected = False
        self._heard = False  # the event stream is up, and a snapshot was taken since
        self._missed = True  # events before this snapshot may have been lost
        self._detector = Detector(account)
        self._silence = Silence()
        self._stale = Stale()
        self._unsaved = False
        self._bell = asyncio.Event()

    async def run(self) -> None:
        """Follow the account, and start again with growing pauses whatever goes wrong."""
        writing = asyncio.create_task(self._detector.write_down())
        try:
            await self._run()
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def _run(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                async with Engine(Path(self._path), self._uid) as engine:
                    await self._follow(engine)
            except (EngineUnreachable, EngineError, TimeoutError) as error:
                await self._out_of_reach(error)
            except Exception as error:
                logger.exception("following %s broke off", self.key)
                await self._out_of_reach(error)
            if time.monotonic() - began > CALM:
                failures = 0
            await asyncio.sleep(BACKOFF[min(failures, len(BACKOFF) - 1)])
            failures += 1

    def touch(self, message: ObserverMessage) -> None:
        """Note that a user looks, or an operation moved: keep following, and query its objects."""
        self.until = max(self.until, time.time() + store.WATCH_SECONDS)
        if message.why == "refresh":
            self._stale.whole = True
        elif message.why == "operation" and message.ended:
            self._after(message)
        if self._stale:
            self._bell.set()

    def rewrite(self) -> None:
        """Write everything again: Redis may have lost what it had."""
        self._unsaved = True
        self._bell.set()

    async def beat(self) -> None:
        """Record that the account is followed, or notice that Redis has forgotten it."""
        if not self._heard:
            return
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.set(store.live_key(self.account), "1", ex=LIVE_SECONDS)
            pipe.exists(store.head_key(self.account), store.body_key(self.account))
            _, there = await pipe.execute()
        if there != 2:
            self.rewrite()

    def is_for(self, account: LinuxAccount) -> bool:
        """Return whether the engine is still where this follower connects to it."""
        return (self._path, self._uid) == (account.socket, account.uid)

    async def leave(self) -> None:
        """Stop following: nobody looks any more. The snapshot stays and shows its age."""
        await self._redis.delete(store.live_key(self.account))

    # --- with an engine ----------------------------------------------------------------------

    async def _follow(self, engine: Engine) -> None:
        self._connected = False
        self._silence.connecting()
        whole_at = time.monotonic() + ANSWER_WITHIN
        listening = asyncio.create_task(self._listen(engine))
        watching = asyncio.create_task(self._watch())
        try:
            while True:
                await self._wait(listening, whole_at - time.monotonic())
                overdue = time.monotonic() >= whole_at
                if not self._connected:
                    if overdue:
                        raise EngineUnreachable(
                            msg(
                                "No word from it for %(answer_within)s s.",
                                answer_within=f"{ANSWER_WITHIN:.0f}",
                            )
                        )
                    self._bell.clear()
                    continue
                await asyncio.sleep(DEBOUNCE)  # one change often causes several events
                self._bell.clear()
                stale, self._stale = self._stale, Stale()
                stale.whole |= overdue
                cost = 0.0
                if stale:
                    async with asyncio.timeout(ANSWER_WITHIN):
                        cost = await self._refresh(engine, stale)
                if stale.whole:
                    whole_at = time.monotonic() + WHOLE_EVERY
                if self._unsaved:
                    await self._save([])
                if cost > COSTLY:
                    await asyncio.sleep(min(cost * SHARE, LONGEST_REST))
        finally:
            listening.cancel()
            watching.cancel()
            await asyncio.gather(listening, watching, return_exceptions=True)

    async def _watch(self) -> None:
        """Tell pages when the engine stops answering, and when it answers again."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            was_silent = self._silence.since is not None
            if not self._silence.look():
                continue
            changed = was_silent != (self._silence.since is not None)
            names = ("silence", *_EVERYTHING) if changed else ("silence",)
            await self._save_head_only(
                [PageEvent(account=self.account, event=name) for name in names]
            )

    async def _wait(self, listening: "asyncio.Task[None]", seconds: float) -> None:
        bell = asyncio.create_task(self._bell.wait())
        try:
            await asyncio.wait(
                {listening, bell}, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            bell.cancel()
        if listening.done():
            listening.result()
            raise EngineUnreachable(msg("The engine ended its stream of events."))

    async def _listen(self, engine: Engine) -> None:
        count, second = 0, time.monotonic()
        async for event in engine.events():
            self._note(event)
            if self._stale:
                self._bell.set()
            count += 1
            if count >= MOST_EVENTS:
                await asyncio.sleep(second + 1.0 - time.monotonic())
                count, second = 0, time.monotonic()

    def _note(self, event: EngineEvent) -> None:
        self._silence.answered(event)
        self._detector.handle_event(event)
        match event.noun:
            case "system" if event.action == "heartbeat":
                return
            case "system":
                self._connected = self._stale.whole = self._missed = True
            case "container" if event.action not in _SILENT:
                self._stale.container(event.id)
                if event.action == "commit":
                    self._stale.images = True
            case "container" if event.action == "exec_died" and self._is_checked(event.id):
                # Podman 4.3 reports no more than this about a health check.
                self._stale.container(event.id)
            case "image":
                self._stale.images = True
            case "pod":
                self._stale.whole = True
            case "unit":
                self._stale.units = True

    def _is_checked(self, container: str) -> bool:
        rows = self._snapshot.containers if self._snapshot else []
        return any(row.id == container and row.health for row in rows)

    def _after(self, message: ObserverMessage) -> None:
        """Include an ended operation in the snapshot at once, even if its events are slow."""
        noun = message.kind.split(".")[0]
        known = {row.name: row.id for row in self._snapshot.containers} if self._snapshot else {}
        ids = {known.get(text, text) for text in message.objects}
        ids = {text for text in ids if len(text) == 64 and text.isalnum()}
        if noun == "container" and ids and message.kind != "container.commit":
            self._stale.containers |= ids
        elif noun == "image":
            self._stale.images = True
        else:
            self._stale.whole = True

    async def _refresh(self, engine: Engine, stale: Stale) -> float:
        """Update the snapshot. Return the seconds of work that it took."""
        parts, moment, cost = stale.parts(), datetime.now(UTC), 0.0
        for part in parts:
            # Until the last part is there, nothing newer than before is known of all of it.
            taken = moment if part is parts[-1] or not self._snapshot else self._snapshot.taken
            with self._silence.awaiting_answer():
                before, after, missed = await self._queried(engine, part, taken)
            self._silence.answered()
            began = time.thread_time()
            events = self._took(before, after, part, missed)
            cost += time.thread_time() - began
            await self._save(events or [], body=events is not None)
        return cost

    async def _queried(
        self, engine: Engine, stale: Stale, taken: datetime
    ) -> tuple[Snapshot | None, Snapshot, bool]:
        before = self._snapshot
        missed = self._missed and stale.whole
        if missed:
            self._missed = False  # before the engine answers: the stream may break again
        if stale.whole or before is None:
            now = (await engine.snapshot()).model_copy(update={"taken": taken})
            now = _with_unread(before, now)
        else:
            containers, images, units = before.containers, before.images, before.units
            info = before.info
            if stale.containers:
                found = await engine.containers(sorted(stale.containers))
                containers = _replaced(containers, stale.containers, found)
            if stale.images:
                images, why = await _or_before(engine.images(), images)
                info = info.model_copy(update={"images_unread": why})
            if stale.units or _managed(containers, stale.containers, before):
                units, why = await _or_before(engine.units(), units)
                info = info.model_copy(update={"units_unread": why})
            now = before.model_copy(
                update={
                    "taken": taken,
                    "containers": containers,
                    "images": images,
                    "units": units,
                    "info": info,
                }
            )
        return before, now, missed

    def _took(
        self, before: Snapshot | None, now: Snapshot, stale: Stale, missed: bool
    ) -> list[PageEvent] | None:
        """Make `now` the snapshot. Return the events for pages, None if nothing changed."""
        now = _kept_where_equal(before, now)
        self._detector.looked(now, whole=stale.whole, missed=missed)
        events = changes(self.account, before, now)
        back = not self._heard
        self._snapshot, self._heard, self._error = now, True, ""
        if back and before is not None:
            events = [PageEvent(account=self.account, event=name) for name in _EVERYTHING]
        if events or before is None or back:
            self._version = max(self._version + 1, time.time_ns() // 1000)
            return events + self._rows(before, now)
        return None

    def _rows(self, before: Snapshot | None, now: Snapshot) -> list[PageEvent]:
        """Return which rows of containers changed, for lists that fetch only those; "" for many."""
        ids = changed_containers(before, now) if before else []
        if before and not ids:
            return []
        text = " ".join(ids) if len(ids) <= MOST_CONTAINERS else ""
        data: dict[str, str | int | bool | None] = {"version": self._version, "ids": text}
        return [PageEvent(account=self.account, event="rows", data=data)]

    async def _out_of_reach(self, error: BaseException) -> None:
        reason = getattr(getattr(error, "report", None), "message", "") or str(error)
        news = self._heard or reason != self._error
        self._heard = False
        self._error = cut_to(1000)(reason) or msg(
            "The engine does not answer (%(__name__)s).", __name__=type(error).__name__
        )
        self._stale = Stale()
        await self._save_head_only(
            [PageEvent(account=self.account, event=name) for name in _EVERYTHING] if news else []
        )

    # --- to Redis ----------------------------------------------------------------------------

    async def _save(self, events: list[PageEvent], *, body: bool = True) -> None:
        if self._snapshot is None:
            return
        text = None
        if body or self._unsaved:
            text = b"%d\n" % self._version + self._writer.write(self._snapshot)
        await self._put(text, events)

    async def _save_head_only(self, events: list[PageEvent] | None = None) -> None:
        if self._snapshot is not None and self._unsaved:
            await self._save(events or [])
        else:
            await self._put(None, events or [])

    async def _put(self, body: bytes | None, events: list[PageEvent]) -> None:
        head = Head(
            version=self._version,
            taken=self._snapshot.taken if self._snapshot else None,
            at=datetime.now(UTC),
            error=self._error,
            silent_since=self._silence.since,
        )
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                if body is not None:
                    pipe.set(store.body_key(self.account), body)
                pipe.set(store.head_key(self.account), head.model_dump_json())
                if self._heard:
                    pipe.set(store.live_key(self.account), "1", ex=LIVE_SECONDS)
                else:
                    pipe.delete(store.live_key(self.account))
                for event in events:
                    pipe.publish(store.channel(self.account), event.model_dump_json())
                await pipe.execute()
        except store.RedisDown as error:
            # The observer writes it again as soon as Redis is back.
            logger.warning("cannot keep the snapshot of %s: %s", self.key, error)
            self._unsaved = True
            return
        self._unsaved = False


async def _or_before(rows: Awaitable[list[_Row]], before: list[_Row]) -> tuple[list[_Row], str]:
    """Return an engine's rows, or the previous ones and why there are no others."""
    try:
        return await rows, ""
    except EngineUnreachable:
        raise
    except EngineError as error:
        return before, error.report.message or msg("The engine does not answer.")


def _with_unread(before: Snapshot | None, now: Snapshot) -> Snapshot:
    """Return `now` with the rows of `before` for whatever the engine could not read."""
    kept: dict[str, object] = {}
    if before and now.info.units_unread:
        kept["units"] = before.units
    if before and now.info.images_unread:
        kept["images"] = before.images
    return now.model_copy(update=kept) if kept else now


def _replaced(
    before: list[ContainerRow], ids: set[str], found: list[ContainerRow]
) -> list[ContainerRow]:
    new = {row.id: row for row in found}
    kept = [new.pop(row.id, None) if row.id in ids else row for row in before]
    return [row for row in kept if row is not None] + list(new.values())


def _kept_where_equal(before: Snapshot | None, now: Snapshot) -> Snapshot:
    """Return `now` with the objects of `before` where nothing changed, and consistent `used_by`."""
    old = {row.id: row for row in before.containers} if before else {}
    containers = [_same(old.get(row.id), row) for row in now.containers]
    users: dict[str, list[str]] = {}
    for row in containers:
        users.setdefault(row.image_id, []).append(row.name)
    old_images = {row.id: row for row in before.images} if before else {}
    images: list[ImageRow] = []
    for image in now.images:
        used_by = sorted(users.get(image.id, []))
        if sorted(image.used_by) != used_by:
            image = image.model_copy(update={"used_by": used_by})
        images.append(_same(old_images.get(image.id), image))
    old_units = {row.unit: row for row in before.units} if before else {}
    units = [_same(old_units.get(row.unit), row) for row in now.units]
    info = _same(before.info if before else None, now.info)
    return Snapshot.model_construct(
        taken=now.taken, containers=containers, images=images, units=units, info=info
    )


def _managed(now: list[ContainerRow], changed: set[str], before: Snapshot) -> bool:
    """Return whether a changed container is, or was, managed by a unit."""
    rows = (*now, *before.containers)
    return any(row.unit for row in rows if row.id in changed)


def _same(old: Any, new: Any) -> Any:
    return old if old is new or old == new else new


def changed_containers(before: Snapshot, now: Snapshot) -> list[str]:
    """Return short ids of the containers that were added, removed, or changed."""
    old = {row.id: row for row in before.containers}
    new = {row.id: row for row in now.containers}
    ids = [i for i in (old.keys() | new.keys()) if old.get(i) is not new.get(i)]
    return [each[:12] for each in sorted(ids)]


def changes(account: int, before: Snapshot | None, now: Snapshot) -> list[PageEvent]:
    """Return the events for pages."""
    if before is None:
        parts = ("containers", "images", "units", "info")
        return [PageEvent(account=account, event=name) for name in parts]
    events: list[str] = []
    old = {row.id: row for row in before.containers}
    new = {row.id: row for row in now.containers}
    if old.keys() != new.keys():
        events.append("containers")
    events += [f"container-{each}" for each in changed_containers(before, now)]
    if [id(row) for row in before.images] != [id(row) for row in now.images]:
        events.append("images")
    if [id(row) for row in before.units] != [id(row) for row in now.units]:
        events.append("units")
    if before.info is not now.info:
        events.append("info")
    return [PageEvent(account=account, event=event) for event in events]
