"""Cancel truthfully: leaving does not undo what Podman is doing.

Podman's service completes a request whether or not its client stays. So the engine waits for a
requested change even if the operation is cancelled in the meantime. An operation with further steps
calls `heed` to check whether to continue.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def unstoppable(doing: Coroutine[Any, Any, T]) -> T:
    """Wait for the end of `doing`, even if this task is cancelled meanwhile (see `requested`)."""
    running = asyncio.create_task(doing)
    while not running.done():
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            continue  # this task's own; the loop checks whether `running` was cancelled
        except Exception:
            break
    return running.result()


def requested() -> bool:
    """Return whether this task was cancelled during a request that could not be stopped."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def heed() -> None:
    """Raise CancelledError if the task was cancelled during a request that continued."""
    if requested():
        raise asyncio.CancelledError
