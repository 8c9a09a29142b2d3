"""Images that arrive from another account's engine, each for an operation that waits for it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg


@dataclass
class InboundImage:
    """A stream. The operation reads it while the sender waits for `done`."""

    image_id: str
    size: int
    """Approximate size in bytes."""
    chunks: AsyncIterator[bytes]
    done: asyncio.Event = field(default_factory=asyncio.Event)


class InboundImages:
    """The operations that wait for their streams. Each gets one."""

    def __init__(self) -> None:
        self._places: dict[UUID, asyncio.Future[InboundImage]] = {}

    @contextmanager
    def place(self, operation: UUID) -> Iterator["asyncio.Future[InboundImage]"]:
        """Register an operation and yield a future of its stream, which ends with the block."""
        future: asyncio.Future[InboundImage] = asyncio.get_running_loop().create_future()
        self._places[operation] = future
        try:
            yield future
        finally:
            del self._places[operation]
            if future.done() and not future.cancelled():
                future.result().done.set()
            future.cancel()

    async def bring(self, operation: UUID, inbound: InboundImage) -> None:
        """Pass on a stream, and wait until it is read or no longer needed.

        Raises EngineError if the operation does not wait for one.
        """
        future = self._places.get(operation)
        if future is None or future.done():
            raise EngineError(ErrorCode.CONFLICT, msg("The operation does not wait for an image."))
        future.set_result(inbound)
        await inbound.done.wait()
