"""The engine's own `podman system service`, restarted when it dies and ended with the engine."""

import asyncio
import logging
import os
import signal
from pathlib import Path

from engine.podman.runtime import Choice
from engine.process.pdeathsig import die_with
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg

log = logging.getLogger(__name__)
RELOAD_PATIENCE = 0.1
HEALTHY_AFTER = 1.0
"""Seconds. If the service ends sooner, the pause before the next start grows."""
STOP_PATIENCE = 2.0
"""Seconds. Less than the engine itself gets for its end."""


class PodmanService:
    """One child process on a private socket."""

    def __init__(self, socket: Path, choice: Choice) -> None:
        self.socket = socket
        self._choice = choice
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it and wait until it listens. Raises EngineError with Podman's own words."""
        self._process = await self._spawn()
        for _ in range(500):
            if self._process.returncode is not None:
                break
            if await self._answers():
                self._watch = asyncio.create_task(self._keep())
                return
            await asyncio.sleep(0.01)
        raise EngineError(
            ErrorCode.UNAVAILABLE,
            msg("Podman's service did not start for this account."),
            msg("Run `podman info` as the account: it says what is missing."),
        )

    async def stop(self) -> None:
        """Stop it. Containers keep running."""
        if self._watch:
            self._watch.cancel()
        if self._process and self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), STOP_PATIENCE)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        self.socket.unlink(missing_ok=True)

    async def reload(self) -> None:
        """Make it reread registries.conf, which it otherwise reads only once.

        On SIGHUP it discards what it has read; running requests continue. It does not report when
        it is done, so wait a little.
        """
        if self._process and self._process.returncode is None:
            self._process.send_signal(signal.SIGHUP)
            await asyncio.sleep(RELOAD_PATIENCE)

    async def _spawn(self) -> asyncio.subprocess.Process:
        self.socket.unlink(missing_ok=True)
        return await asyncio.create_subprocess_exec(
            "podman",
            *self._choice.options(),
            "system",
            "service",
            "--time=0",
            f"unix://{self.socket}",
            stdin=asyncio.subprocess.DEVNULL,
            # Its output goes to the engine's own log (the journal, or the launcher's file).
            preexec_fn=die_with(os.getpid()),
        )

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_unix_connection(str(self.socket))
        except OSError:
            return False
        writer.close()
        return True

    async def _keep(self) -> None:
        pause = 0.05
        while self._process:
            began = asyncio.get_running_loop().time()
            code = await self._process.wait()
            log.warning("podman system service ended with %s; starting it again", code)
            if asyncio.get_running_loop().time() - began > HEALTHY_AFTER:
                pause = 0.05
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)
            self._process = await self._spawn()
