"""The observer: one process a host that keeps snapshots true, answers relays, and sweeps."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Coroutine

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from redis.exceptions import RedisError

from consoleapp.accounts.models import LinuxAccount
from consoleapp.live import answering, names
from consoleapp.live.connections import async_redis
from consoleapp.live.following import Following
from consoleapp.operations.models import Operation
from consoleapp.operations.states import UNFINISHED
from consoleapp.operations.sweeper import sweep_forever

LOOK_AGAIN_SECONDS = 2.0
LEASE_SECONDS = 10
logger = logging.getLogger(__name__)


class SecondObserver(Exception):
    """Raised when this host has an observer already."""


async def observe() -> None:
    """Run until cancelled. Raises SecondObserver."""
    mark = f"{os.getpid()}-{time.time_ns()}"
    await _take_place(mark)
    async with asyncio.TaskGroup() as group:
        for work in (_hold_place(mark), _follow_accounts(), sweep_forever(), answering.answer()):
            group.create_task(work)


async def _take_place(mark: str) -> None:
    """Wait a lease for a predecessor that was killed; then there really are two."""
    deadline = time.monotonic() + LEASE_SECONDS + 2
    while True:
        with contextlib.suppress(RedisError):
            if await async_redis().set(names.OBSERVER, mark, nx=True, ex=LEASE_SECONDS):
                return
            if time.monotonic() > deadline:
                raise SecondObserver("Another observer runs for this host.")
        await asyncio.sleep(0.25)


async def _hold_place(mark: str) -> None:
    while True:
        try:
            held = await async_redis().get(names.OBSERVER)
            if held and held.decode() != mark:
                raise SecondObserver("Another observer took over.")
            await async_redis().set(names.OBSERVER, mark, ex=LEASE_SECONDS)
        except RedisError as error:
            logger.warning("Redis does not answer: %s", error)
        await asyncio.sleep(LEASE_SECONDS / 4)


async def _follow_accounts() -> None:
    followed: dict[int, Following] = {}
    wake = asyncio.Event()
    listener = asyncio.create_task(_listen_for_wakes(wake))
    try:
        while True:
            try:
                wanted = await _wanted()
            except (RedisError, DatabaseError) as error:
                logger.warning("cannot tell which accounts to follow: %s", error)
            else:
                for account_id in followed.keys() - wanted.keys():
                    await followed.pop(account_id).stop()
                for account_id, account in wanted.items():
                    if account_id not in followed:
                        followed[account_id] = Following(
                            account_id, account.key, account.socket, account.uid
                        )
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                    await wake.wait()
            wake.clear()
    finally:
        listener.cancel()
        for following in followed.values():
            await following.stop()


async def _wanted() -> dict[int, LinuxAccount]:
    """Active accounts of this host that somebody looks at, or that have operations going."""
    now = time.time()
    await async_redis().zremrangebyscore(names.WATCHED, 0, now)
    watched = [int(each) for each in await async_redis().zrange(names.WATCHED, 0, -1)]
    return await sync_to_async(_accounts)(watched)


def _accounts(watched: list[int]) -> dict[int, LinuxAccount]:
    close_old_connections()
    busy = Operation.objects.filter(state__in=UNFINISHED, ended_at=None).values("account")
    accounts = LinuxAccount.objects.filter(host__name=settings.BERTH_HOST, active=True)
    return {a.pk: a for a in accounts.filter(pk__in=watched) | accounts.filter(pk__in=busy)}


async def _listen_for_wakes(wake: asyncio.Event) -> None:
    while True:
        try:
            async with async_redis().pubsub() as told:
                await told.subscribe(names.WAKE)
                async for _ in told.listen():
                    wake.set()
        except RedisError:
            await asyncio.sleep(0.5)


def run(work: Coroutine[None, None, None]) -> None:
    """Run `work` until SIGTERM or SIGINT, then end it in order."""

    async def until_stopped() -> None:
        import signal

        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(until_stopped())
