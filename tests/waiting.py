"""Wait for events, however long a busy machine takes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 240.0
"""Seconds after which a test gives up. No machine is that slow, so it will never happen."""
SET_UP = 1800.0
"""The same for a set-up that may download packages."""


def until(true: Callable[[], T], what: str, within: float = PATIENCE) -> T:
    """Wait until `true` returns something true, and return that."""
    deadline = time.monotonic() + within
    while not (found := true()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not after {within:.0f} s: {what}")
        time.sleep(0.02)
    return found


async def eventually(
    true: Callable[[], T | Awaitable[T]], what: str, within: float = PATIENCE
) -> T:
    """Do the same in an event loop. The condition may be a coroutine."""
    deadline = time.monotonic() + within
    while True:
        found = true()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not after {within:.0f} s: {what}")
        await asyncio.sleep(0.02)
