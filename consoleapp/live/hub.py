"""One subscription to Redis a process, shared by all open pages."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from consoleapp.live import names
from consoleapp.live.connections import async_redis

WAITING_LIMIT = 500
HELLO = {"event": "hello", "data": {}}


@dataclass(eq=False)
class Listener:
    """One open page. A slow one loses messages, and is told `hello`: it reads everything anew."""

    accounts: frozenset[int]
    messages: "asyncio.Queue[tuple[int, dict[str, Any]]]" = field(
        default_factory=lambda: asyncio.Queue(WAITING_LIMIT)
    )

    def put(self, account: int, message: dict[str, Any]) -> None:
        """Never waits."""
        try:
            self.messages.put_nowait((account, message))
        except asyncio.QueueFull:
            while not self.messages.empty():
                self.messages.get_nowait()
            self.messages.put_nowait((account, HELLO))


class Hub:
    """The listeners of this process's event loop."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._reader: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def listen(self, accounts: frozenset[int]) -> AsyncIterator[Listener]:
        """Messages about these accounts, for the length of the block."""
        listener = Listener(accounts)
        self._listeners.add(listener)
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read())
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._reader:
                self._reader.cancel()
                self._reader = None

    async def _read(self) -> None:
        while True:
            try:
                async with async_redis().pubsub(ignore_subscribe_messages=True) as told:
                    await told.psubscribe(f"{names.ALL}:*")
                    self._tell_all(HELLO)
                    async for message in told.listen():
                        self._pass_on(message["channel"], message["data"])
            except RedisError:
                await asyncio.sleep(0.5)

    def _pass_on(self, channel: bytes, data: bytes) -> None:
        with contextlib.suppress(ValueError):  # Redis is hostile: what is no message is none
            account = int(channel.rsplit(b":", 1)[-1])
            message = json.loads(data)
            if isinstance(message, dict) and isinstance(message.get("event"), str):
                for listener in self._listeners:
                    if account in listener.accounts:
                        listener.put(account, message)

    def _tell_all(self, message: dict[str, Any]) -> None:
        for listener in self._listeners:
            listener.put(0, message)


_hubs: "WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]" = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
