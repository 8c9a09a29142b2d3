"""The current registries.conf files: whether Podman accepts them, and whether its service has them.

The service reads the files once and remembers them until it is told to reload.
"""

import asyncio
import hashlib
import json
import logging
import os
import stat
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.process import programs
from engine.registries import registries_conf
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.registries import LARGEST_FILE

log = logging.getLogger(__name__)
_FAULT = "getting registries: "
"""The start of the error of `podman info` if the files cause it."""
_PATIENCE = 10.0
_PAUSE = 0.1
REMEDY = msg("The Registries page shows the files. Put right what Podman says, then try again.")


@dataclass
class RegistryFiles:
    """What is known about the files, and for which content."""

    reload: Callable[[], Awaitable[None]]
    """Makes the service reread the files."""
    _judged: str = ""
    _problem: str = ""
    _registries: Any = None
    _applied: str = ""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def problem(self) -> str:
        """Return why Podman refuses the files, in its own words, or "" if it accepts them."""
        async with self._lock:
            await self._check()
            return self._problem

    async def require(self) -> None:
        """Raise EngineError with Podman's own words if it refuses the files."""
        if problem := await self.problem():
            raise _refused(problem)

    async def apply(self, in_service: Callable[[], Awaitable[Any]]) -> None:
        """Make the service use the current files. `in_service` is its view of the registries.

        Raises EngineError with Podman's own words if it refuses them.
        """
        async with self._lock:
            digest = await self._check()
            if self._problem:
                raise _refused(self._problem)
            if digest == self._applied:
                return
            await self.reload()
            loop = asyncio.get_running_loop()
            deadline = loop.time() + _PATIENCE
            while (known := await in_service() or {}) != self._registries:
                if loop.time() > deadline:
                    log.warning("the service knows %s, not %s", known, self._registries)
                    break
                await asyncio.sleep(_PAUSE)
                await self.reload()
            self._applied = digest

    async def _check(self) -> str:
        digest = await asyncio.to_thread(_digest)
        if digest == self._judged:
            return digest
        ended = await programs.run("podman", "info", "--format", "{{json .Registries}}")
        words = [line for line in ended.errors.splitlines() if _FAULT in line]
        if ended.status and not words:
            raise EngineError(
                ErrorCode.UNAVAILABLE,
                msg(
                    "Podman does not work for this account: %(last_words)s",
                    last_words=ended.last_words,
                ),
                msg("Run `podman info` as the account: it says what is missing."),
            )
        self._problem = words[-1].partition(_FAULT)[2] if words and ended.status else ""
        self._registries = {} if self._problem else json.loads(ended.output) or {}
        self._judged = digest
        return digest


def _refused(problem: str) -> EngineError:
    return EngineError(
        ErrorCode.INVALID,
        msg("Podman refuses its configuration: %(problem)s", problem=problem),
        REMEDY,
    )


def _digest() -> str:
    """Return a digest of everything that determines what Podman reads, in reading order."""
    named = os.environ.get("CONTAINERS_REGISTRIES_CONF", "")
    paths = [Path(named)] if named else []
    paths += [registries_conf.own_file(), registries_conf.HOST_FILE]
    paths += registries_conf.drop_ins(registries_conf.HOST_FOLDER)
    paths += registries_conf.drop_ins(registries_conf.own_folder())
    found = hashlib.sha256()
    for path in paths:
        content = _content(path)
        length = "none" if content is None else str(len(content))
        found.update(os.fsencode(path) + f"\0{length}\0".encode())
        found.update(content or b"")
    return found.hexdigest()


def _content(path: Path) -> bytes | None:
    with suppress(OSError):
        # A pipe in place of a file must not block the engine.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as opened:
            if stat.S_ISREG(os.fstat(file).st_mode):
                return opened.read(LARGEST_FILE)
    return None
