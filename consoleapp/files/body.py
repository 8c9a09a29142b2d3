"""Lets a view read the body of a request as it comes in.

Django keeps the whole body in a temporary file before it asks who sent it, so anybody could fill
the disk. For the addresses of uploads this wrapper gives Django an empty body, and the view, once
it has checked everything, the true one. A body that is refused is never read.
"""

import asyncio
import contextvars
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

from django.http import HttpRequest

_STREAMED = re.compile(r"^/api/v1/accounts/[^/]+/uploads$")
_KEY = "berth.body"
_PIECE = 256 * 1024
Scope = MutableMapping[str, Any]
Receive = Callable[[], Coroutine[Any, Any, MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class BrokenOff(Exception):
    """Raised when the sender left in the middle."""


class _Body:
    """The true messages of a request, and what Django gets to hear instead."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        # Reading on wakes the connection, which goes on in the context that woke it. In the view's,
        # whose thread ends with the answer, the connection's next request could run nowhere.
        self._context = contextvars.copy_context()
        self._told = False
        self._left = asyncio.Event()
        self._reading = asyncio.Lock()
        self._all_read = False

    async def pretend(self) -> MutableMapping[str, Any]:
        """No body; then, whenever it comes, that the sender left."""
        if not self._told:
            self._told = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body. Raises BrokenOff."""
        async with self._reading:
            while not self._all_read:
                message = await asyncio.create_task(self._receive(), context=self._context)
                if message["type"] == "http.disconnect":
                    self._left.set()
                    raise BrokenOff("The sender left in the middle.")
                self._all_read = not message.get("more_body")
                if message.get("body"):
                    yield message["body"]


def streaming(app: App) -> App:
    """`app`, with bodies left for its views to read at the addresses of uploads."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _STREAMED.match(scope["path"]):
            body = _Body(receive)
            await app({**scope, _KEY: body}, body.pretend, send)
        else:
            await app(scope, receive, send)

    return wrapped


async def chunks(request: HttpRequest) -> AsyncIterator[bytes]:
    """The body of a request in pieces. Raises BrokenOff."""
    body = getattr(request, "scope", {}).get(_KEY)
    if body is not None:
        async for chunk in body.chunks():
            yield chunk
        return
    while chunk := request.read(_PIECE):  # not by way of the wrapper: Django has all of it
        yield chunk
