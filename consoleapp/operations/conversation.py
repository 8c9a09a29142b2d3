"""Talking to an engine from a worker's thread.

The talking is asynchronous and lives in one event loop a process; the thread hears the messages
through a queue, and does the database's part in between.
"""

import asyncio
import functools
import logging
import queue
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from consoleapp.accounts.models import LinuxAccount
from engine.client import Engine
from engine.schema.parameters import Parameters
from engine.schema.progress import Message, Recollection

ANSWER_WITHIN = 5.0
T = TypeVar("T")
logger = logging.getLogger(__name__)


class Conversation:
    """One operation's messages, from the engine of `account`. Use it as a context manager."""

    def __init__(self, account: LinuxAccount, operation_id: UUID, parameters: Parameters) -> None:
        self._engine = functools.partial(Engine, Path(account.socket), account.uid)
        self._operation_id = operation_id
        self._parameters = parameters
        self._heard: queue.SimpleQueue[Message | Exception] = queue.SimpleQueue()
        self._talk = _soon(self._listen())

    async def _listen(self) -> None:
        try:
            async with self._engine() as engine:
                async for message in engine.run(self._operation_id, self._parameters):
                    self._heard.put(message)
        except Exception as error:  # handed to the thread that listens, which raises it
            self._heard.put(error)
        else:
            self._heard.put(EOFError("the engine said no more before the end"))

    def hear(self, within: float) -> Message | None:
        """The next message; None when there was none `within` seconds.

        Raises what the client raised: EngineUnreachable, EngineError; EOFError after the last.
        """
        try:
            said = self._heard.get(timeout=max(within, 0.001))
        except queue.Empty:
            return None
        if isinstance(said, Exception):
            raise said
        return said

    def __enter__(self) -> "Conversation":
        return self

    def __exit__(self, *_: object) -> None:
        self._talk.cancel()


def cancel(account: LinuxAccount, operation_id: UUID) -> None:
    """Ask the engine to end an operation. Raises EngineUnreachable, EngineError, TimeoutError."""

    async def ask() -> None:
        async with Engine(Path(account.socket), account.uid) as engine:
            await engine.cancel(operation_id)

    _answer(ask())


def recall(account: LinuxAccount, operation_id: UUID) -> Recollection:
    """What the engine remembers of it. Raises EngineUnreachable, EngineError, TimeoutError."""

    async def ask() -> Recollection:
        async with Engine(Path(account.socket), account.uid) as engine:
            return await engine.recall(operation_id)

    return _answer(ask())


def _answer(asking: Coroutine[Any, Any, T]) -> T:
    return _soon(asyncio.wait_for(asking, ANSWER_WITHIN)).result()


def _soon(coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
    return asyncio.run_coroutine_threadsafe(coroutine, _loop())


_starting = threading.Lock()
_running: list[asyncio.AbstractEventLoop] = []


def _loop() -> asyncio.AbstractEventLoop:
    """The process's event loop for engines, begun at its first use."""
    with _starting:
        if not _running:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="engines", daemon=True).start()
            _running.append(loop)
    return _running[0]
