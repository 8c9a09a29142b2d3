"""gunicorn's worker: Uvicorn's, which would look ten times a second whether it is to end."""

import asyncio
import sys
from contextlib import suppress
from email.utils import formatdate
from types import FrameType
from typing import Any

from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from uvicorn import Server
from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

TICK = 6.0
"""Seconds between two looks whether gunicorn is to be given a sign of life: it wants one in 30."""


class _Server(Server):
    """Woken by the signal that ends it."""

    async def main_loop(self) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    await self._ending.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if hasattr(self, "_loop"):  # else it still starts, and looks at the end of that
            self._loop.call_soon_threadsafe(self._ending.set)


class Worker(UvicornWorker):  # type: ignore[misc]
    """For `-k launch.web_worker.Worker`."""

    # Uvicorn's own is as old as its last tick.
    CONFIG_KWARGS = {**UvicornWorker.CONFIG_KWARGS, "date_header": False}

    async def _serve(self) -> None:
        self.config.app = _dated(self.wsgi)
        server = _Server(config=self.config)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)


def _dated(application: Any) -> Any:
    """The application, its answers with the header Date."""

    async def dated(scope: Any, receive: Any, send: Any) -> None:
        async def send_dated(message: Any) -> None:
            if message["type"] == "http.response.start":
                date = (b"date", formatdate(usegmt=True).encode())
                message = {**message, "headers": [date, *message.get("headers", ())]}
            await send(message)

        await application(scope, receive, send_dated if scope["type"] == "http" else send)

    return dated
