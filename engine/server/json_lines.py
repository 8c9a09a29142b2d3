"""JSON lines on a response: many small messages in few writes."""

import asyncio

from aiohttp import web

from engine.schema.characters import as_json
from engine.schema.parameters import Model

_ENOUGH = 32 * 1024


class LineWriter:
    """Writes at once when its source pauses, and in large pieces while it does not.

    A source that has more in store never yields to the event loop, so the writing task only gets
    its turn when the source waits.
    """

    def __init__(self, response: web.StreamResponse) -> None:
        self._response = response
        self._buffer = bytearray()
        self._soon: asyncio.Task[None] | None = None

    async def say(self, message: Model) -> None:
        """One message. Raises ConnectionResetError when the reader has gone."""
        self._buffer += as_json(message).encode() + b"\n"
        if len(self._buffer) >= _ENOUGH:
            await self.flush()
        elif self._soon is None or self._soon.done():
            if self._soon and (error := self._soon.exception()):
                raise error
            self._soon = asyncio.create_task(self.flush())

    async def flush(self) -> None:
        """Write what has come together."""
        if self._buffer:
            piece = bytes(self._buffer)
            self._buffer.clear()
            await self._response.write(piece)

    async def close(self) -> None:
        """The last piece."""
        if self._soon:
            await self._soon
        await self.flush()
