"""The observer, one process per host: follows the relevant accounts, answers relayed queries.

An account is relevant while somebody looks at it (WATCHED in Redis) or, according to the database,
while one of its operations has not ended or somebody subscribes to its events. Neither Redis nor
the database nor an engine may end this process: each is tried again.
"""

import asyncio
import fcntl
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import IO

from django.conf import settings
from django.db import DatabaseError, connections
from pydantic import ValidationError

from consoleapp.accounts.models import Host, LinuxAccount
from consoleapp.audit.chainer import chain_forever
from consoleapp.audit.shipping import ship_forever
from consoleapp.core import polling
from consoleapp.notifications.subscriptions import wanted_accounts
from consoleapp.observer import relay_server
from consoleapp.observer.follower import Follower
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.recordings.recovery import close_forever
from consoleapp.snapshots import store
from consoleapp.snapshots.observer_messages import ObserverMessage
from consoleapp.worker.sweeper import sweep_forever
from engine.schema.messages import msg

LOOK_EVERY = 5.0
READ_EVERY = 300.0
"""Seconds between two reads of a database to which nobody has written."""
BEAT_EVERY, HOST_SECONDS = 3.0, 10
"""Seconds between two heartbeats, and until pages miss them."""
IDLE_BEAT_EVERY, IDLE_HOST_SECONDS = 10.0, 30
"""The same while no account is followed."""
AGAIN_AFTER = 0.3
logger = logging.getLogger(__name__)


class AnotherOne(Exception):
    """Raised if an observer of this installation is already running."""


def lock() -> IO[str]:
    """Acquire the right to be the observer, held by the kernel while the file is open.

    Raises AnotherOne. The lock is the kernel's, since one in Redis would be lost with Redis.
    """
    file = open(settings.BERTH_DATA / "observer.lock", "w")  # noqa: SIM115 - open to the end
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise AnotherOne(msg("an observer runs already with this data directory")) from error
    return file


class Observer:
    """The followed accounts, and the decision which to follow."""

    def __init__(self) -> None:
        self._redis = store.streaming()
        self._followers: dict[int, tuple[Follower, asyncio.Task[None]]] = {}
        self._host: int | None = None
        self._accounts: dict[int, LinuxAccount] = {}
        self._busy: set[int] = set()
        self._look = asyncio.Event()
        self._beat_now = asyncio.Event()
        self._host_known = asyncio.Event()
        self._read: polling.Stamp = None
        self._read_at = 0.0

    async def run(self) -> None:
        """Run until cancelled."""
        tasks = [
            asyncio.create_task(work)
            for work in (
                *(_until_it_ends(part) for part in _PARTS),
                _again_and_again(self._listen),
                _again_and_again(self._beat),
                _again_and_again(self._answer),
                _again_and_again(self._choose),
            )
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in (*tasks, *(task for _, task in self._followers.values())):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._announce_end()

    async def _announce_end(self) -> None:
        try:
            keys = [store.live_key(account) for account in self._followers]
            await self._redis.delete(store.observer_key(), *keys)
            if self._host is not None:
                await self._redis.delete(store.host_key(self._host))
        except store.RedisDown:
            logger.info("Redis ended before the observer")
        await self._redis.aclose()

    # --- which accounts ----------------------------------------------------------------------

    async def _choose(self) -> None:
        """Find relevant accounts: every LOOK_EVERY, and at once when a user opens another.

        While nobody looks: when something was written to the database.
        """
        while True:
            self._look.clear()  # first: whoever arrives during this round causes another one
            await self._read_database()
            watched = await self._watched()
            for account in (watched.keys() | self._busy) & self._accounts.keys():
                self._follow(self._accounts[account], watched.get(account, 0.0))
            await self._drop()
            if self._followers:
                await _either(self._look.wait(), asyncio.sleep(LOOK_EVERY))
            else:
                await _either(self._look.wait(), polling.change(self._read, LOOK_EVERY, READ_EVERY))

    async def _read_database(self) -> None:
        now = polling.stamp()
        if now and now == self._read and time.monotonic() < self._read_at + READ_EVERY:
            return  # nobody has written to it since
        try:
            self._host, self._accounts, self._busy = await asyncio.to_thread(_of_this_host)
            self._read, self._read_at = now, time.monotonic()
            if self._host is not None and not self._host_known.is_set():
                self._host_known.set()
                self._beat_now.set()
        except DatabaseError as error:
            logger.warning("the database does not answer, going on with what is known: %s", error)

    async def _watched(self) -> dict[int, float]:
        try:
            now = time.time()
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.zremrangebyscore(store.WATCHED, "-inf", now)
                pipe.zrange(store.WATCHED, 0, 10_000, withscores=True)
                _, found = await pipe.execute()
        except store.RedisDown as error:
            logger.warning("Redis does not say who is looked at: %s", error)
            return {}
        limit = now + store.WATCH_SECONDS
        return {int(each): min(until, limit) for each, until in found if each.isdigit()}

    def _follow(self, account: LinuxAccount, until: float) -> None:
        if account.pk not in self._followers:
            follower = Follower(account.pk, account.key, account.socket, account.uid, self._redis)
            self._followers[account.pk] = (follower, asyncio.create_task(follower.run()))
            self._beat_now.set()
            self._look.set()
        follower, _ = self._followers[account.pk]
        if account.pk in self._busy:
            until = time.time() + LOOK_EVERY * 3
        follower.until = max(follower.until, until)

    async def _drop(self) -> None:
        """Stop following accounts that are irrelevant or whose engine has moved."""
        for pk, (follower, task) in list(self._followers.items()):
            account = self._accounts.get(pk)
            if account and follower.until > time.time() and follower.is_for(account):
                continue
            del self._followers[pk]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await follower.leave()

    # --- what the others say ------------------------------------------------------------------

    async def _listen(self) -> None:
        async with self._redis.pubsub() as pubsub:
            await pubsub.subscribe(store.OBSERVER_CHANNEL)
            async for message in pubsub.listen():
                if message["type"] == "subscribe":
                    # Connected, perhaps to a Redis that has just started and is empty.
                    for follower, _ in self._followers.values():
                        follower.rewrite()
                    self._look.set()
                    self._beat_now.set()
                elif message["type"] == "message" and len(message["data"]) < 10_000:
                    self._handle_message(message["data"])

    def _handle_message(self, text: bytes) -> None:
        try:
            message = ObserverMessage.model_validate_json(text)
        except ValidationError:
            logger.warning("a message on %s makes no sense", store.OBSERVER_CHANNEL)
            return
        if message.account in self._followers:
            self._followers[message.account][0].touch(message)
        elif account := self._accounts.get(message.account):
            self._follow(account, 0.0)
        else:
            self._look.set()  # enrolled a moment ago, or of another host

    async def _beat(self) -> None:
        while True:
            self._beat_now.clear()
            every, seconds = BEAT_EVERY, HOST_SECONDS
            if not self._followers:
                every, seconds = IDLE_BEAT_EVERY, IDLE_HOST_SECONDS
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.set(store.observer_key(), os.getpid(), ex=seconds)
                if self._host is not None:
                    pipe.set(store.host_key(self._host), "1", ex=seconds)
                await pipe.execute()
            for follower, _ in list(self._followers.values()):
                await follower.beat()
            await _either(self._beat_now.wait(), asyncio.sleep(every))

    async def _answer(self) -> None:
        # Until the first account is enrolled, there is nobody to query.
        while self._host is None:
            await self._host_known.wait()
        await relay_server.answer_forever(self._host)


def _of_this_host() -> tuple[int | None, dict[int, LinuxAccount], set[int]]:
    """Return the host's key, its active accounts, and those relevant without being looked at."""
    try:
        host = Host.objects.filter(name=settings.BERTH_HOST).first()
        if host is None:
            return None, {}, set()
        accounts = {a.pk: a for a in LinuxAccount.objects.filter(host=host, active=True)}
        going_on = Operation.objects.filter(ended_at=None, account__host=host)
        going_on = going_on.exclude(state=State.AWAITING)  # nothing happens until then
        busy = set(going_on.values_list("account_id", flat=True).distinct())
        return host.pk, accounts, busy | set(wanted_accounts(host).values_list("pk", flat=True))
    finally:
        connections.close_all()  # the next read may run in another thread


async def _either(*waits: Coroutine[object, object, object]) -> None:
    """Wait until one of them is over."""
    tasks = [asyncio.create_task(each) for each in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


_PARTS = (sweep_forever, chain_forever, ship_forever, close_forever)


async def _until_it_ends(part: Callable[[], Awaitable[None]]) -> None:
    """Restart `part` when it fails, so that a failure in one part of the observer stays there."""
    while True:
        try:
            await part()
            return
        except Exception:
            logger.exception("%s broke off", getattr(part, "__name__", ""))
        await asyncio.sleep(AGAIN_AFTER)


async def _again_and_again(work: Callable[[], Awaitable[None]]) -> None:
    """Restart `work` whenever it fails: Redis is down, or there is a bug."""
    name = getattr(work, "__name__", "")
    while True:
        try:
            await work()
        except store.RedisDown as error:
            logger.warning("%s: Redis does not answer: %s", name, error)
        except Exception:
            logger.exception("%s broke off", name)
        await asyncio.sleep(AGAIN_AFTER)


async def observe() -> None:
    """Observe until SIGTERM or SIGINT. Raises AnotherOne."""
    with lock():
        task = asyncio.create_task(Observer().run())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled():
            task.result()
