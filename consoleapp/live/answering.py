"""The observer's end of a relay: checks a request, asks the engine, hands the answers back."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.core import signing
from django.db import close_old_connections
from pydantic import TypeAdapter, ValidationError
from redis.exceptions import RedisError

from consoleapp.accounts.access import role_on
from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.live import names
from consoleapp.live.connections import async_redis
from consoleapp.live.relay import END, SALT
from engine.client import Engine
from engine.schema.errors import EngineError, EngineUnreachable, ErrorCode, ErrorReport
from engine.schema.queries import (
    QUERIES,
    ContainerTerminal,
    Query,
    QueryFailed,
    TerminalInput,
    TerminalSize,
)

TICKET_SECONDS = 30
BATCH_LINES, BATCH_BYTES, BATCH_SECONDS = 500, 256 * 1024, 0.02
BATCHES_AHEAD = 8
KEEP_SECONDS = 60
_TYPED: TypeAdapter[TerminalInput | TerminalSize] = TypeAdapter(TerminalInput | TerminalSize)
logger = logging.getLogger(__name__)


class ReaderGone(Exception):
    """Raised to end an answer that nobody reads any more."""


async def answer() -> None:
    """Take requests, one task each, until cancelled."""
    tasks: set[asyncio.Task[None]] = set()
    try:
        while True:
            try:
                popped = await async_redis().blpop([names.REQUESTS], timeout=2)
            except RedisError as error:
                logger.warning("Redis does not answer: %s", error)
                await asyncio.sleep(0.5)
                continue
            if popped is not None:
                task = asyncio.create_task(_serve(popped[1]))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
    finally:
        for task in tasks:
            task.cancel()


async def _serve(ticket: bytes) -> None:
    try:
        wish = signing.loads(ticket.decode(), salt=SALT, max_age=TICKET_SECONDS)
    except (signing.BadSignature, UnicodeDecodeError):
        logger.warning("ignored a request that Berth did not sign, or an old one")
        return
    request = str(wish["request"])
    try:
        if not await async_redis().set(f"berth:relay:{request}:taken", "1", nx=True, ex=120):
            logger.warning("ignored a request that came twice")
            return
        out = Outlet(request)
        try:
            query = QUERIES[wish["query"]].model_validate(wish["parameters"])
            account = await sync_to_async(_granted)(wish["account"], wish["user"], query)
            async with Engine(Path(account.socket), account.uid) as engine:
                if isinstance(query, ContainerTerminal):
                    await _terminal(engine, query, request, out)
                else:
                    await _stream(engine, query, out)
        except EngineError as error:
            await out.put(_failed(error.report))
        except EngineUnreachable as error:
            await out.put(_failed(ErrorReport(code=ErrorCode.UNAVAILABLE, message=str(error))))
        except ReaderGone:
            return
        await out.end()
    except RedisError as error:
        logger.warning("an answer was not delivered: %s", error)
    except ReaderGone:
        return


def _failed(report: ErrorReport) -> dict[str, Any]:
    failed = QueryFailed(code=report.code, message=report.message, remedy=report.remedy)
    return failed.model_dump(mode="json")


def _granted(account_id: int, user_id: int | None, query: Query) -> LinuxAccount:
    """The web tier checked the grant; it is checked again where the engine is at hand."""
    close_old_connections()
    account = LinuxAccount.objects.filter(pk=account_id, active=True).first()
    user = User.objects.filter(pk=user_id).first()
    role = role_on(user, account) if account and user else None
    if account is None or role is None or not role.covers(query.role):
        raise EngineError(ErrorCode.NOT_FOUND, "There is no such account.")
    return account


class Outlet:
    """Hands answers over in batches: soon when they are few, waiting when the reader is behind."""

    def __init__(self, request: str) -> None:
        self._answers, self._alive = names.answers_key(request), names.alive_key(request)
        self._waiting: list[str] = []
        self._size = 0
        self._flushing = asyncio.Lock()
        self.news = asyncio.Event()

    async def put(self, answer: dict[str, Any] | str) -> None:
        """Raises ReaderGone."""
        text = answer if isinstance(answer, str) else json.dumps(answer)
        self._waiting.append(text)
        self._size += len(text)
        self.news.set()
        if len(self._waiting) >= BATCH_LINES or self._size >= BATCH_BYTES:
            await self.flush()

    async def flush(self) -> None:
        """Hand over what there is. Raises ReaderGone."""
        async with self._flushing:
            redis = async_redis()
            self.news.clear()
            while (
                not await redis.exists(self._alive)
                or await redis.llen(self._answers) >= BATCHES_AHEAD
            ):
                if not await redis.exists(self._alive):
                    await redis.delete(self._answers)
                    raise ReaderGone
                await asyncio.sleep(0.02)
            if self._waiting:
                batch, self._waiting, self._size = f"[{','.join(self._waiting)}]", [], 0
                await redis.rpush(self._answers, batch)
                await redis.expire(self._answers, KEEP_SECONDS)

    async def end(self) -> None:
        """Hand the rest over, and the end. Raises ReaderGone."""
        await self.flush()
        await async_redis().rpush(self._answers, END)
        await async_redis().expire(self._answers, KEEP_SECONDS)


async def _flush_regularly(out: Outlet) -> None:
    while True:
        # Also without news: that is how it is noticed that the reader is gone.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await out.news.wait()
        await asyncio.sleep(BATCH_SECONDS)
        await out.flush()


async def _first_done(*works: Any) -> None:
    """Run all until one ends; the others are cancelled. Raises what the first one raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _stream(engine: Engine, query: Query, out: Outlet) -> None:
    async def read() -> None:
        async for answer in engine.query(query):
            await out.put(answer.model_dump_json())

    await _first_done(read(), _flush_regularly(out))


async def _terminal(engine: Engine, query: ContainerTerminal, request: str, out: Outlet) -> None:
    async with engine.terminal(query) as terminal:

        async def show() -> None:
            async for shown in terminal:
                await out.put(shown.model_dump_json())

        async def type_in() -> None:
            async for message in _typed(request):
                await terminal.send(message)

        await _first_done(show(), type_in(), _flush_regularly(out))


async def _typed(request: str) -> AsyncIterator[TerminalInput | TerminalSize]:
    while True:
        popped = await async_redis().blpop([names.input_key(request)], timeout=5)
        if popped is None:
            continue
        with contextlib.suppress(ValidationError):  # checked at the page's door; Redis is hostile
            yield _TYPED.validate_json(popped[1])
