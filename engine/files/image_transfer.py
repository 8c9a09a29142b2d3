"""Images on their way from another account's engine, each for an operation that waits for it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from engine.schema.errors import EngineError, ErrorCode


@dataclass
class Brought:
    """A stream, read by the operation while the one who brings it waits until `done`."""

    image_id: str
    size: int
    """Bytes, about."""
    chunks: AsyncIterator[bytes]
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Incoming:
    """Where operations wait for their streams. Each gets one."""

    def __init__(self) -> None:
        self._places: dict[UUID, asyncio.Future[Brought]] = {}

    @contextmanager
    def place(self, operation: UUID) -> Iterator["asyncio.Future[Brought]"]:
        """For an operation: a future of its stream. Leaving the block ends the stream."""
        future: asyncio.Future[Brought] = asyncio.get_running_loop().create_future()
        self._places[operation] = future
        try:
            yield future
        finally:
            del self._places[operation]
            if future.done() and not future.cancelled():
                future.result().done.set()
            future.cancel()

    async def bring(self, operation: UUID, brought: Brought) -> None:
        """Hand a stream over and wait until it was read, or is not wanted any more.

        Raises EngineError when the operation does not wait for one.
        """
        future = self._places.get(operation)
        if future is None or future.done():
            raise EngineError(ErrorCode.CONFLICT, "The operation does not wait for an image.")
        future.set_result(brought)
        await brought.done.wait()
