"""Talk to an engine from a worker's thread.

The communication is asynchronous, in one event loop per process. The thread receives the messages
through a queue and accesses the database in between.
"""

import asyncio
import functools
import hashlib
import logging
import os
import queue
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from consoleapp.accounts.models import LinuxAccount
from consoleapp.files import spool
from consoleapp.worker.image_relay import Feed
from engine.client import Engine
from engine.schema.errors import EngineError, EngineFault, ErrorCode
from engine.schema.files import Produced
from engine.schema.messages import msg
from engine.schema.parameters import Parameters
from engine.schema.progress import (
    Cancelled,
    Failed,
    Interrupted,
    Message,
    Progress,
    Recollection,
    Succeeded,
    Unknown,
)

ANSWER_WITHIN = 5.0
REPORT_EVERY = 0.25
T = TypeVar("T")
logger = logging.getLogger(__name__)


class EngineSession:
    """The messages of one operation from the engine of `account`. Use it as a context manager."""

    def __init__(
        self,
        account: LinuxAccount,
        operation_id: UUID,
        parameters: Parameters,
        uploads: Mapping[UUID, str],
        feed: Feed | None = None,
    ) -> None:
        self._engine = functools.partial(Engine, Path(account.socket), account.uid)
        self._operation_id = operation_id
        self._parameters = parameters
        self._uploads = uploads
        """The digests of the uploads that the operation needs."""
        self._feed = feed
        self.asked = False
        """Whether the engine was asked to run it. Before that, nothing can have started."""
        self._heard: queue.SimpleQueue[Message | Exception] = queue.SimpleQueue()
        self._talk = _soon(self._listen())

    async def _listen(self) -> None:
        try:
            async with self._engine() as engine:
                if self._uploads:
                    await self._hand_over(engine)
                self.asked = True
                await self._run(engine)
        except Exception as error:  # passed to the listening thread, which raises it
            self._heard.put(error)
        else:
            self._heard.put(EOFError(msg("the engine said no more before the end")))

    async def _run(self, engine: Engine) -> None:
        feeding: asyncio.Task[None] | None = None
        try:
            async for message in engine.run(self._operation_id, self._parameters):
                if self._feed and feeding is None and isinstance(message, Progress):
                    feeding = asyncio.create_task(self._feed.run(engine, self._operation_id))
                if isinstance(message, Succeeded):
                    message = await self._with_file(engine, message)
                if isinstance(message, Cancelled) and self._feed and self._feed.error:
                    message = Failed(error=self._feed.error)
                self._heard.put(message)
        finally:
            if feeding:
                feeding.cancel()
                await asyncio.gather(feeding, return_exceptions=True)

    async def _hand_over(self, engine: Engine) -> None:
        """Pass on the uploads, unless the engine already has the operation."""
        if not isinstance(await engine.recall(self._operation_id), Unknown | Interrupted):
            return
        for upload, digest in self._uploads.items():
            path = spool.upload_path(upload)
            if not path.exists():
                raise EngineError(
                    ErrorCode.NOT_FOUND, msg("The uploaded file is gone."), msg("Upload it again.")
                )
            reported = self._reported(
                msg("Handing the upload over"), spool.pieces(path), path.stat().st_size
            )
            await engine.put_file(self._operation_id, upload, digest, reported)

    async def _with_file(self, engine: Engine, outcome: Succeeded) -> Succeeded | Failed:
        """Return the outcome after fetching the file that the operation produced."""
        try:
            await self._fetch(engine, outcome)
        except EngineError as error:
            return Failed(error=error.report)
        return outcome

    async def _fetch(self, engine: Engine, outcome: Succeeded) -> None:
        """Fetch the operation's download, if there is one. Raises EngineError."""
        if not issubclass(self._parameters.result, Produced):
            return
        try:
            made = self._parameters.result.model_validate(outcome.result)
        except ValidationError as error:
            raise EngineFault(msg("The engine does not say what file it made.")) from error
        if not made.file_name:
            return
        path = spool.download_path(self._operation_id)
        size = made.file_size
        if size > spool.free_bytes():
            raise EngineError(
                ErrorCode.UNAVAILABLE, msg("The console's disk has no room for the file.")
            )
        if path.exists() and path.stat().st_size == size:
            return  # fetched by a worker that died before it could record that
        digest = hashlib.sha256()
        try:
            with os.fdopen(spool.create(path), "wb", buffering=0) as file:
                pieces = engine.produced(self._operation_id, size)
                async for piece in self._reported(msg("Fetching the file"), pieces, size):
                    digest.update(piece)
                    await asyncio.to_thread(file.write, piece)
            if digest.hexdigest() != made.file_sha256:
                raise EngineError(ErrorCode.INTERNAL, msg("The file was damaged on its way."))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        await engine.forget_files(self._operation_id)

    async def _reported(
        self, message: str, pieces: AsyncIterator[bytes], total: int
    ) -> AsyncIterator[bytes]:
        """Yield `pieces`, with occasional progress messages."""
        passed, told_at = 0, 0.0
        async for piece in pieces:
            yield piece
            passed += len(piece)
            if time.monotonic() > told_at + REPORT_EVERY:
                told_at = time.monotonic()
                self._heard.put(
                    Progress(message=message, unit="bytes", current=passed, total=total)
                )

    def receive(self, within: float) -> Message | None:
        """Return the next message, or None after `within` seconds without one.

        Raises the client's error: EngineUnreachable, EngineError; EOFError after the last message.
        """
        try:
            message = self._heard.get(timeout=max(within, 0.001))
        except queue.Empty:
            return None
        if isinstance(message, Exception):
            raise message
        return message

    def __enter__(self) -> "EngineSession":
        return self

    def __exit__(self, *_: object) -> None:
        self._talk.cancel()


def cancel(account: LinuxAccount, operation_id: UUID) -> None:
    """Ask the engine to end an operation. Raises EngineUnreachable, EngineError, TimeoutError."""

    async def ask() -> None:
        async with Engine(Path(account.socket), account.uid) as engine:
            await engine.cancel(operation_id)

    _soon(asyncio.wait_for(ask(), ANSWER_WITHIN)).result()


def recalling(account: LinuxAccount, operation_id: UUID) -> "Future[Recollection]":
    """Return a future of what the engine remembers of it.

    Its `result` raises EngineUnreachable, EngineError, TimeoutError, or ValueError for a malformed
    answer.
    """

    async def ask() -> Recollection:
        async with Engine(Path(account.socket), account.uid) as engine:
            return await engine.recall(operation_id)

    return _soon(asyncio.wait_for(ask(), ANSWER_WITHIN))


def _soon(coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
    return asyncio.run_coroutine_threadsafe(coroutine, _loop())


_starting = threading.Lock()
_running: list[asyncio.AbstractEventLoop] = []


def _loop() -> asyncio.AbstractEventLoop:
    """Return the process's event loop for engines, starting it on first use."""
    with _starting:
        if not _running:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="engines", daemon=True).start()
            _running.append(loop)
    return _running[0]
