"""One connection to Redis for all the streams of a web process, and the end of them all at once."""

import asyncio
import logging
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakKeyDictionary

from pydantic import ValidationError

from consoleapp.snapshots import store
from consoleapp.snapshots.page_events import PageEvent

MOST_WAITING = 500
LARGEST = 20_000
logger = logging.getLogger(__name__)


class Stream:
    """What one browser tab has to hear. `None` from `next`: nothing for now."""

    def __init__(self, accounts: frozenset[int], missed: bool = True) -> None:
        self.accounts = accounts
        self.closing = False
        self._waiting: asyncio.Queue[PageEvent | None] = asyncio.Queue()
        self._missed = missed  # at the beginning too: the page was rendered some time ago

    def put(self, told: PageEvent) -> None:
        """A browser that is too slow for all of it reads everything anew instead."""
        if told.account not in self.accounts:
            return
        if self._waiting.qsize() >= MOST_WAITING:
            self.restart()
        elif not self._missed:
            self._waiting.put_nowait(told)

    def restart(self) -> None:
        """Something was missed."""
        self._missed = True
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    def close(self) -> None:
        """The process ends."""
        self.closing = True
        self._waiting.put_nowait(None)

    def missed(self) -> bool:
        """Whether something was missed since the last time that this was asked."""
        missed, self._missed = self._missed, False
        return missed

    async def next(self, seconds: float) -> PageEvent | None:
        """The next event; None when there is none for so long, or to look at the rest again."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._waiting.get()
        return None


class Hub:
    """The streams of one event loop. Reads from Redis as long as there is one."""

    def __init__(self) -> None:
        self._streams: set[Stream] = set()
        self._reading: asyncio.Task[None] | None = None
        self._closing = False
        self._hearing = False

    @contextmanager
    def stream(self, accounts: frozenset[int]) -> Any:
        """A stream for the time of the block."""
        # If Redis is not heard yet, `_subscribed` says that something was missed.
        stream = Stream(accounts, missed=self._hearing)
        stream.closing = self._closing
        self._streams.add(stream)
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        try:
            yield stream
        finally:
            self._streams.discard(stream)
            if not self._streams and self._reading:
                # Forgotten at once: it takes its time to end, and the next stream may come first.
                self._reading.cancel()
                self._reading, self._hearing = None, False

    def close(self) -> None:
        """End all streams, so that the web server can end."""
        self._closing = True
        for stream in self._streams:
            stream.close()

    async def _read(self) -> None:
        while True:
            try:
                async for told in _heard(self._subscribed):
                    for stream in self._streams:
                        stream.put(told)
            except store.RedisDown as error:
                logger.warning("the streams hear nothing, Redis does not answer: %s", error)
            finally:
                if self._is_current():
                    self._hearing = False
            await asyncio.sleep(0.5)

    def _is_current(self) -> bool:
        return asyncio.current_task() is self._reading

    def _subscribed(self) -> None:
        if not self._is_current():
            return
        self._hearing = True
        for stream in self._streams:
            stream.restart()


async def _heard(subscribed: Any) -> AsyncIterator[PageEvent]:
    async with store.streaming() as redis, redis.pubsub() as pubsub:
        await pubsub.psubscribe(f"{store.ACCOUNT_CHANNELS}*")
        async for message in pubsub.listen():
            if message["type"] == "psubscribe":
                subscribed()
            if message["type"] != "pmessage" or len(message["data"]) > LARGEST:
                continue
            try:
                told = PageEvent.model_validate_json(message["data"])
            except ValidationError:
                logger.warning("an event makes no sense")
                continue
            if message["channel"] == store.channel(told.account).encode():
                yield told


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
        _end_with_the_process(loop, _hubs[loop])
    return _hubs[loop]


def _end_with_the_process(loop: asyncio.AbstractEventLoop, ending: Hub) -> None:
    """Told to end, the server waits for open answers, and does not tell them: so we listen too."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def handle(number: int, frame: Any, before: Any = before) -> None:
            loop.call_soon_threadsafe(ending.close)
            if callable(before):
                before(number, frame)

        if callable(before):
            signal.signal(number, handle)
