"""Cancelling, and telling the truth about it: what Podman does cannot be taken back by leaving.

Podman's service carries a request out whether or not its client stays, so a change that was asked
for is waited for although the operation is cancelled meanwhile. An operation with more to do after
that looks with `heed` whether it should still go on.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def unstoppable(doing: Coroutine[Any, Any, T]) -> T:
    """Wait for the end of `doing`, also when this task is cancelled meanwhile (see `requested`)."""
    running = asyncio.create_task(doing)
    while not running.done():
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            continue  # of this task; the loop looks whether it was `running` that was cancelled
        except Exception:
            break
    return running.result()


def requested() -> bool:
    """Whether this task was cancelled, and a request that could not be stopped went on."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def heed() -> None:
    """Raises CancelledError where the task was cancelled during a request that went on."""
    if requested():
        raise asyncio.CancelledError
