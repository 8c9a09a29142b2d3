"""gunicorn's worker: Uvicorn's, which would look ten times a second whether it is to end."""

import asyncio
import sys

from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from uvicorn import Server
from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

TICK = 0.5
"""Seconds until it is seen that it is to end; the Date header is that old at most."""


class _Server(Server):
    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # noqa: ASYNC110 - a signal sets what it looks at
            await asyncio.sleep(TICK)


class Worker(UvicornWorker):  # type: ignore[misc]
    """For `-k launch.web_worker.Worker`."""

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        server = _Server(config=self.config)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
