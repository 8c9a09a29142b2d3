"""gunicorn's worker: Uvicorn's, without its ten checks per second whether to end."""

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
"""Seconds between two heartbeats for gunicorn, which wants one in 30."""


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
        if hasattr(self, "_loop"):  # otherwise, it is still starting, and checks at the end of that
            self._loop.call_soon_threadsafe(self._ending.set)


class Worker(UvicornWorker):  # type: ignore[misc]
    """The class for `-k launch.web_worker.Worker`."""

    # Uvicorn's own date is as old as its last tick.
    CONFIG_KWARGS = {**UvicornWorker.CONFIG_KWARGS, "date_header": False}

    async def _serve(self) -> None:
        self.config.app = _dated(self.wsgi)
        server = _Server(config=self.config)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)


def _dated(application: Any) -> Any:
    """Wrap the application so that its responses have the header Date."""

    async def dated(scope: Any, receive: Any, send: Any) -> None:
        async def send_dated(message: Any) -> None:
            if message["type"] == "http.response.start":
                date = (b"date", formatdate(usegmt=True).encode())
                message = {**message, "headers": [date, *message.get("headers", ())]}
            await send(message)

        await application(scope, receive, send_dated if scope["type"] == "http" else send)

    return dated
