"""Determine whether anybody still needs the engine, so that it can exit when idle."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Activity:
    """Counts current activity, and remembers since when there is none."""

    def __init__(self) -> None:
        self.ending = False
        """Nothing new is started."""
        self._going_on = 0
        self._sessions = 0
        self._quiet_since = asyncio.get_running_loop().time()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count an activity for the duration of the block."""
        self._going_on += 1
        try:
            yield
        finally:
            self._going_on -= 1
            self._quiet_since = asyncio.get_running_loop().time()

    @contextmanager
    def session(self) -> Iterator[None]:
        """Count an open terminal for the duration of the block."""
        self._sessions += 1
        try:
            yield
        finally:
            self._sessions -= 1

    async def done(self, runs: Callable[[], bool]) -> None:
        """Return once no operation runs and no terminal is open. Nothing new starts after that."""
        while runs() or self._sessions:  # noqa: ASYNC110 - two ends of many things
            await asyncio.sleep(0.2)
        self.ending = True

    async def idle(self, seconds: float, busy: Callable[[], bool]) -> None:
        """Return after so many seconds without activity; never if `seconds` is 0."""
        loop = asyncio.get_running_loop()
        while seconds:
            if self._going_on or busy():
                self._quiet_since = loop.time()
            left = self._quiet_since + seconds - loop.time()
            if left <= 0:
                return
            await asyncio.sleep(max(0.05, min(left, 5.0)))
        await asyncio.Event().wait()
