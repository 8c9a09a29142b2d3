"""One connection to Redis for all streams of a web process, which can all be ended at once."""

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
    """The events for one browser tab. `None` from `next` means that there is nothing yet."""

    def __init__(self, accounts: frozenset[int], missed: bool = True) -> None:
        self.accounts = accounts
        self.closing = False
        self._waiting: asyncio.Queue[PageEvent | None] = asyncio.Queue()
        self._missed = missed  # at the start, too: the page was rendered some time ago

    def put(self, event: PageEvent) -> None:
        """Add an event. A browser that is too slow for all of them reloads everything instead."""
        if event.account not in self.accounts:
            return
        if self._waiting.qsize() >= MOST_WAITING:
            self.restart()
        elif not self._missed:
            self._waiting.put_nowait(event)

    def restart(self) -> None:
        """Note that events were missed."""
        self._missed = True
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    def close(self) -> None:
        """End the stream, because the process ends."""
        self.closing = True
        self._waiting.put_nowait(None)

    def missed(self) -> bool:
        """Return whether events were missed since the last call."""
        missed, self._missed = self._missed, False
        return missed

    async def next(self, seconds: float) -> PageEvent | None:
        """Return the next event; None on a timeout, or to check the other conditions again."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._waiting.get()
        return None


class Hub:
    """The streams of one event loop. Reads from Redis while there are any."""

    def __init__(self) -> None:
        self._streams: set[Stream] = set()
        self._reading: asyncio.Task[None] | None = None
        self._closing = False
        self._hearing = False

    @contextmanager
    def stream(self, accounts: frozenset[int]) -> Any:
        """Yield a stream for the duration of the block."""
        # If Redis is not connected yet, `_subscribed` reports missed events.
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
                # Dropped at once: it takes time to end, and the next stream may come first.
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
                async for event in _received(self._subscribed):
                    for stream in self._streams:
                        stream.put(event)
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


async def _received(subscribed: Any) -> AsyncIterator[PageEvent]:
    async with store.streaming() as redis, redis.pubsub() as pubsub:
        await pubsub.psubscribe(f"{store.ACCOUNT_CHANNELS}*")
        async for message in pubsub.listen():
            if message["type"] == "psubscribe":
                subscribed()
            if message["type"] != "pmessage" or len(message["data"]) > LARGEST:
                continue
            try:
                event = PageEvent.model_validate_json(message["data"])
            except ValidationError:
                logger.warning("an event makes no sense")
                continue
            if message["channel"] == store.channel(event.account).encode():
                yield event


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
        _end_with_the_process(loop, _hubs[loop])
    return _hubs[loop]


def _end_with_the_process(loop: asyncio.AbstractEventLoop, ending: Hub) -> None:
    """End with the process: the server waits for open responses without telling them."""
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
