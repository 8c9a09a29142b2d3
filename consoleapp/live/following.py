"""Following one account: its snapshot in Redis is kept true from Podman's events."""

import asyncio
import contextlib
import json
import logging
import time
from datetime import UTC, datetime
from pathlib import Path

from redis.exceptions import RedisError

from consoleapp.live import names
from consoleapp.live.connections import async_redis
from engine.client import Engine
from engine.schema.errors import EngineError, EngineUnreachable
from engine.schema.queries import EngineEvent
from engine.schema.snapshot import ContainerRow, Snapshot

GATHER_SECONDS = 0.02
"""A start is a handful of events: they become one refresh."""
SAFETY_SECONDS = 60.0
LIVE_SECONDS = 15
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
IGNORED = frozenset({"exec", "exec_create", "exec_start", "exec_died", "attach"})
logger = logging.getLogger(__name__)


class Following:
    """One account that is followed until `stop`."""

    def __init__(self, account_id: int, key: str, socket: str, uid: int) -> None:
        self.account_id, self.key = account_id, key
        self._engine = Engine(Path(socket), uid)
        self._snapshot: Snapshot | None = None
        self._changed: set[str] = set()
        self._images = False
        self._all = True
        self._news = asyncio.Event()
        self._instance = f"{time.time_ns()}"
        self._version = 0
        self._task = asyncio.create_task(self._follow(), name=f"follow {key}")

    async def stop(self) -> None:
        """End it; the snapshot stays, no longer called live."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._engine.close()
        with contextlib.suppress(RedisError):
            await async_redis().hset(names.snapshot_key(self.account_id), "live_until", "0")

    def refresh(self) -> None:
        """Take a whole new snapshot soon (Redis may have forgotten the last)."""
        self._all = True
        self._news.set()

    async def _follow(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._listen())
                    group.create_task(self._keep())
            except* (EngineUnreachable, EngineError) as several:
                await self._say_unreachable(str(several.exceptions[0]))
            except* RedisError as several:
                logger.warning("%s: Redis: %s", self.key, several.exceptions[0])
            if time.monotonic() - began > 5:
                failures = 0
            await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
            failures += 1
            self._all = True

    async def _listen(self) -> None:
        async for event in self._engine.events():
            self._note(event)
        raise EngineUnreachable("The engine ended its stream of events.")

    def _note(self, event: EngineEvent) -> None:
        if event.noun == "system":
            self._all = True
        elif event.noun == "container":
            if event.action in IGNORED:
                return
            self._changed.add(event.id)
        elif event.noun == "image":
            self._images = True
        elif event.noun == "pod":
            self._all = True
        else:
            return
        self._news.set()

    async def _keep(self) -> None:
        """Refresh at news, and now and then without; say every few seconds that it is live."""
        whole_at = 0.0
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LIVE_SECONDS / 3):
                    await self._news.wait()
                    await asyncio.sleep(GATHER_SECONDS)
            self._news.clear()
            if self._snapshot is None or time.monotonic() - whole_at > SAFETY_SECONDS:
                self._all = True
            if self._all:
                whole_at = time.monotonic()
            if self._all or self._changed or self._images:
                await self._refresh()
            else:
                until = str(time.time() + LIVE_SECONDS)
                key = names.snapshot_key(self.account_id)
                if not await async_redis().hexists(key, "version"):
                    self.refresh()
                await async_redis().hset(key, mapping={"live_until": until, "error": ""})

    async def _refresh(self) -> None:
        before = self._snapshot
        changed, images, everything = set(self._changed), self._images, self._all
        self._changed.clear()
        self._images = self._all = False
        taken = datetime.now(UTC)
        if everything or before is None:
            after = await self._engine.snapshot()
        else:
            rows = {row.id: row for row in before.containers}
            if changed:
                for identity in changed:
                    rows.pop(identity, None)
                rows |= {row.id: row for row in await self._engine.containers(sorted(changed))}
            kept = sorted(rows.values(), key=lambda row: row.created, reverse=True)
            shown = await self._engine.images() if images else _used_by(before, kept)
            after = before.model_copy(update={"taken": taken, "containers": kept, "images": shown})
        self._snapshot = after
        await self._store(after, before)

    async def _store(self, after: Snapshot, before: Snapshot | None) -> None:
        self._version += 1
        key, channel = names.snapshot_key(self.account_id), names.account_channel(self.account_id)
        fields = {
            "version": str(self._version),
            "instance": self._instance,
            "body": after.model_dump_json(),
            "live_until": str(time.time() + LIVE_SECONDS),
            "error": "",
        }
        async with async_redis().pipeline(transaction=True) as pipeline:
            pipeline.hset(key, mapping=fields)
            pipeline.expire(key, 7 * 86_400)
            pipeline.publish(names.snapshot_channel(self.account_id), str(self._version))
            for event in changes(before, after):
                pipeline.publish(channel, json.dumps({"event": event, "data": {}}))
            await pipeline.execute()

    async def _say_unreachable(self, reason: str) -> None:
        logger.warning("%s: %s", self.key, reason)
        key = names.snapshot_key(self.account_id)
        with contextlib.suppress(RedisError):
            known = await async_redis().hget(key, "error")
            await async_redis().hset(key, mapping={"error": reason[:2000], "live_until": "0"})
            if not known or known.decode(errors="replace") != reason[:2000]:
                channel = names.account_channel(self.account_id)
                for event in ("containers", "images", "info"):
                    message = json.dumps({"event": event, "data": {}})
                    await async_redis().publish(channel, message)
            await async_redis().publish(names.snapshot_channel(self.account_id), "error")


def changes(before: Snapshot | None, after: Snapshot) -> list[str]:
    """The names of the events that pages hear for the step from `before` to `after`."""
    if before is None:
        return ["containers", "images", "info"]
    old = {row.id: row for row in before.containers}
    new = {row.id: row for row in after.containers}
    events = []
    if old.keys() != new.keys():
        events.append("containers")
    events += [
        f"container-{each[:12]}"
        for each in old.keys() | new.keys()
        if old.get(each) != new.get(each)
    ]
    if before.images != after.images:
        events.append("images")
    if before.info != after.info:
        events.append("info")
    return events


def _used_by(before: Snapshot, containers: list[ContainerRow]) -> list:
    users: dict[str, list[str]] = {}
    for row in containers:
        users.setdefault(row.image_id, []).append(row.name)
    return [
        image
        if image.used_by == (names_ := users.get(image.id, []))
        else image.model_copy(update={"used_by": names_})
        for image in before.images
    ]
