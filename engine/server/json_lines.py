"""Write JSON lines to a response: many small messages in few writes."""

import asyncio

from aiohttp import web

from engine.schema.characters import as_json
from engine.schema.parameters import Model

_ENOUGH = 32 * 1024


class LineWriter:
    """Writes immediately when its source pauses, and in large pieces while it does not.

    A source with more data never yields to the event loop, so the writing task only runs when the
    source waits.
    """

    def __init__(self, response: web.StreamResponse) -> None:
        self._response = response
        self._buffer = bytearray()
        self._soon: asyncio.Task[None] | None = None

    async def say(self, message: Model) -> None:
        """Add one message. Raises ConnectionResetError if the reader has left."""
        self._buffer += as_json(message).encode() + b"\n"
        if len(self._buffer) >= _ENOUGH:
            await self.flush()
        elif self._soon is None or self._soon.done():
            if self._soon and (error := self._soon.exception()):
                raise error
            self._soon = asyncio.create_task(self.flush())

    async def flush(self) -> None:
        """Write everything collected so far."""
        if self._buffer:
            piece = bytes(self._buffer)
            self._buffer.clear()
            await self._response.write(piece)

    async def close(self) -> None:
        """Write the last piece."""
        if self._soon:
            await self._soon
        await self.flush()
