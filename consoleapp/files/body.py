"""Control how much of a request's body is read, and when.

Django stores the whole body in a temporary file before it checks the sender, so anybody could fill
the disk. For the addresses of uploads, `streaming` gives Django an empty body, and the view gets
the real one after all of its checks: a refused body is never read. Every other body is small enough
for memory, or `capped` refuses it: by its announced length before reading it, otherwise as soon as
there is too much.
"""

import asyncio
import contextvars
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from engine.schema.messages import msg

_STREAMED = re.compile(r"^/api/v1/accounts/[^/]+/uploads$")
_KEY = "berth.body"
_REFUSAL_JSON = b'{"error":{"code":"too_large","message":"The body is too large.","fields":[]}}'
_PIECE = 256 * 1024
LARGEST = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
"""Bytes of a body that is not an upload: Django's limit for forms."""
LARGEST_OF_STRANGERS = 64 * 1024
"""The same without a session and a token: signing in needs no more."""
Scope = MutableMapping[str, Any]
Receive = Callable[[], Coroutine[Any, Any, MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class BrokenOff(Exception):
    """Raised if the sender left before the end."""


class _TooMuch(Exception):
    """Raised in the application when a body exceeds its limit."""


def capped(app: App) -> App:
    """Wrap `app` so that it gets large bodies only at the addresses of uploads."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _STREAMED.match(scope["path"]):
            await app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        most, begun, come = _most(headers), False, 0
        announced = headers.get(b"content-length", b"0")
        if not announced.isdigit() or int(announced[:20]) > most:
            await _refuse(scope, send)
            return

        async def counted() -> MutableMapping[str, Any]:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > most:
                raise _TooMuch
            return message

        async def noted(message: MutableMapping[str, Any]) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await app(scope, counted, noted)
        except _TooMuch:
            if not begun:
                await _refuse(scope, send)

    return wrapped


def _most(headers: dict[bytes, bytes]) -> int:
    session = f"{settings.SESSION_COOKIE_NAME}=".encode()
    known = session in headers.get(b"cookie", b"") or b"authorization" in headers
    return LARGEST if known else LARGEST_OF_STRANGERS


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["path"].startswith("/api/"):
        kind, text = b"application/json", _REFUSAL_JSON
    else:
        kind, text = b"text/plain; charset=utf-8", b"The body of this request is too large.\n"
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(text)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),  # the rest of the body is not read
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": text})


class _Body:
    """The real messages of a request, and those for Django."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        # Reading wakes the connection, which continues in the context of whoever woke it. In the
        # view's context, whose thread ends with the response, the connection's next request could
        # run nowhere.
        self._context = contextvars.copy_context()
        self._read = False
        self._left = asyncio.Event()
        self._reading = asyncio.Lock()
        self._all_read = False

    async def pretend(self) -> MutableMapping[str, Any]:
        """Return an empty body; then, whenever it happens, that the sender left."""
        if not self._read:
            self._read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body. Raises BrokenOff."""
        async with self._reading:
            while not self._all_read:
                message = await asyncio.create_task(self._receive(), context=self._context)
                if message["type"] == "http.disconnect":
                    self._left.set()
                    raise BrokenOff(msg("The sender left in the middle."))
                self._all_read = not message.get("more_body")
                if message.get("body"):
                    yield message["body"]


def streaming(app: App) -> App:
    """Wrap `app` so that views at the addresses of uploads read the bodies themselves."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _STREAMED.match(scope["path"]):
            body = _Body(receive)
            await app({**scope, _KEY: body}, body.pretend, send)
        else:
            await app(scope, receive, send)

    return wrapped


async def chunks(request: HttpRequest) -> AsyncIterator[bytes]:
    """Yield the body of a request in pieces. Raises BrokenOff."""
    body = getattr(request, "scope", {}).get(_KEY)
    if body is not None:
        async for chunk in body.chunks():
            yield chunk
        return
    while chunk := request.read(_PIECE):  # without the wrapper: Django has all of it
        yield chunk
