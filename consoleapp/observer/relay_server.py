"""The observer's side of the relay: check a request, query the engine, pass on the answers."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, cast
from uuid import UUID

from django.core import signing
from django.db import DatabaseError, connections
from django.utils import timezone
from pydantic import BaseModel, ValidationError
from redis.asyncio import Redis

from consoleapp.accounts.access import refuse, role_on
from consoleapp.accounts.models import ApiToken, LinuxAccount, User
from consoleapp.core.actor import Actor
from consoleapp.live import relay_protocol
from consoleapp.live.redaction import masked
from consoleapp.live.shares import Shares
from consoleapp.policies.check import NotAllowed, check_query
from consoleapp.policies.effective_policy import (
    PolicyViolation,
    effective_policy,
    query_violations_of,
)
from consoleapp.recordings.models import How
from consoleapp.recordings.recorder import NotRecorded, Recorder, Session, recording
from consoleapp.snapshots import store
from engine.client import Engine, Terminal
from engine.schema.characters import as_json
from engine.schema.errors import EngineError, EngineUnreachable, ErrorCode
from engine.schema.messages import msg
from engine.schema.parameters import Role
from engine.schema.queries import ContainerTerminal, Query, QueryFailed, TerminalSize

MOST_AT_ONCE = 200
"""Queries of all users together, as long as each user has at least a few."""
MOST_OF_A_USER = 30
LONGEST_WAIT = 60
"""Seconds that Redis blocks while there is no request."""
LINES_A_BATCH = 256
BYTES_A_BATCH = 64 * 1024
REEVALUATE_EVERY = 10.0
"""Seconds after which policies are evaluated again for an open terminal."""
logger = logging.getLogger(__name__)


class _Refused(Exception):
    """Carries the QueryFailed with the reason."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.answer = QueryFailed(code=code, message=message)


class _ReaderGone(Exception):
    """Raised when nobody reads the answers any more."""


async def answer_forever(host: int) -> None:
    """Take requests until cancelled. Raises RedisDown."""
    used: dict[str, float] = {}
    shares = Shares(MOST_OF_A_USER, of_all=MOST_AT_ONCE)
    going_on: set[asyncio.Task[None]] = set()
    redis = store.streaming()
    try:
        while True:
            got = await redis.blpop([relay_protocol.requests(host)], timeout=LONGEST_WAIT)
            now = time.time()
            for each in [
                i for i, at in used.items() if at < now - 2 * relay_protocol.VALID_SECONDS
            ]:
                del used[each]
            if got is None:
                continue
            try:
                request = relay_protocol.verify(cast(bytes, got[1]))
            except (signing.BadSignature, ValidationError, ValueError) as error:
                logger.warning("a relayed request is not ours: %s", type(error).__name__)
                continue
            if request.id in used:
                logger.warning("a relayed request came twice")
                continue
            used[request.id] = now
            # A coroutine even if there are too many: whoever asked gets an answer.
            too_many = shares.of(request.user) if shares.is_used_up(request.user) else 0
            task = asyncio.create_task(_answer(redis, request, too_many))
            if not too_many:
                shares.add(request.user)
                task.add_done_callback(partial(_give_back, shares, request.user))
            going_on.add(task)
            task.add_done_callback(going_on.discard)
    finally:
        for task in going_on:
            task.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)
        await redis.aclose()


def _give_back(shares: Shares, user: int, _: "asyncio.Task[None]") -> None:
    shares.remove(user)


async def _answer(redis: Redis, request: relay_protocol.Request, too_many: int) -> None:
    outlet = _Outlet(redis, relay_protocol.Names(request.id))
    try:
        try:
            if too_many:
                raise _Refused(
                    ErrorCode.CONFLICT,
                    msg(
                        "You have %(too_many)s logs, terminals and other streams of this host "
                        "open, which is your share. Close some of them first.",
                        too_many=too_many,
                    ),
                )
            admitted = await asyncio.to_thread(_allowed, request)
            await outlet.element(relay_protocol.ACCEPTED)
            async with Engine(Path(admitted.account.socket), admitted.account.uid) as engine:
                if not isinstance(admitted.query, ContainerTerminal):
                    answers: AsyncIterator[BaseModel] = engine.query(admitted.query)
                    if not admitted.reveal:
                        answers = masked(admitted.query, answers)
                    await outlet.pour(answers)
                elif session := admitted.session(UUID(request.id)):
                    await _record(outlet, engine, admitted, session)
                else:
                    async with engine.terminal(admitted.query) as terminal:
                        await _converse(outlet, terminal, admitted, None)
        except _Refused as refused:
            await outlet.say(refused.answer)
        except NotRecorded as error:
            await outlet.say(QueryFailed(code=ErrorCode.POLICY, message=str(error)))
        except EngineError as error:
            await outlet.say(QueryFailed(**error.report.model_dump(mode="json")))
        except EngineUnreachable as error:
            await outlet.say(QueryFailed(code=ErrorCode.UNAVAILABLE, message=str(error)))
        except (ValidationError, DatabaseError) as error:
            logger.exception("answering %s broke off", request.query)
            fault = msg("A fault in Berth's observer: %(__name__)s.", __name__=type(error).__name__)
            await outlet.say(QueryFailed(code=ErrorCode.INTERNAL, message=fault))
        await outlet.element(relay_protocol.ENDED)
    except _ReaderGone:
        logger.debug("the reader of %s left", request.query)
    except store.RedisDown as error:
        logger.warning("a relayed answer could not be handed over: %s", error)
    except Exception:
        logger.exception("answering %s broke off", request.query)


@dataclass(frozen=True)
class _Admitted:
    """An allowed query. `recording` says whose policies require a recording."""

    account: LinuxAccount
    query: Query
    actor: Actor
    recording: str = ""
    reveal: bool = False

    def session(self, key: UUID) -> Session | None:
        """Return the session to record, if any."""
        if not (self.recording and isinstance(self.query, ContainerTerminal)):
            return None
        return Session(key, self.account, self.actor, self.query, self.recording)


def _allowed(request: relay_protocol.Request) -> _Admitted:
    """Return the query if its user may send it now. Raises _Refused, after auditing it."""
    try:
        try:
            query = request.parsed()
        except (KeyError, ValidationError) as error:
            raise _Refused(ErrorCode.INVALID, msg("The query makes no sense.")) from error
        user = User.objects.filter(pk=request.user, is_active=True).first()
        account = LinuxAccount.objects.filter(pk=request.account, active=True).first()
        if user is None or account is None:
            raise _Refused(ErrorCode.FORBIDDEN, msg("There is no such account, or no such user."))
        token = _token(request, user)
        role = role_on(user, account)
        enough = role is not None and role.covers(query.role)
        if token and token.scope == "read" and query.role is not Role.VIEWER:
            enough = False
        actor = Actor(user=user, token=token, ip=request.ip, source=_source(token))
        if not enough:
            refuse(actor, account, f"query {query.query}", query.role)
            raise _Refused(
                ErrorCode.FORBIDDEN,
                msg(
                    "This needs the role %(role)s on %(account)s.", role=query.role, account=account
                ),
            )
        asking = ""
        if isinstance(query, ContainerTerminal):
            asking = effective_policy(user, account).recording
            query = query.model_copy(update={"recorded": bool(asking)})
        try:
            check_query(account, query, actor)
        except NotAllowed as error:
            raise _Refused(ErrorCode.POLICY, str(error)) from error
        operates = role is not None and role.covers(Role.OPERATOR)
        reads_only = token is not None and token.scope == "read"
        return _Admitted(
            account, query, actor, asking, request.reveal and operates and not reads_only
        )
    finally:
        connections.close_all()


def _source(token: ApiToken | None) -> Literal["page", "api"]:
    return "api" if token else "page"


def _token(request: relay_protocol.Request, user: User) -> ApiToken | None:
    if request.token is None:
        return None
    token = ApiToken.objects.filter(pk=request.token, user=user, revoked_at=None).first()
    if token is None or (token.expires_at and token.expires_at <= timezone.now()):
        raise _Refused(ErrorCode.FORBIDDEN, msg("The token is not valid any more."))
    return token


async def _record(outlet: "_Outlet", engine: Engine, request: _Admitted, session: Session) -> None:
    """Run a terminal whose output is recorded before it is shown. Raises NotRecorded."""
    async with recording(session) as recorder:
        try:
            await outlet.say(relay_protocol.Recorded(id=session.key))
            async with engine.terminal(session.query) as terminal:
                await _converse(outlet, terminal, request, recorder)
        except (EngineError, EngineUnreachable) as error:
            recorder.ends(How.FAILED, str(error))
            raise
        except _Refused as refused:
            recorder.ends(How.STOPPED, refused.answer.message)
            raise
        except store.RedisDown:
            recorder.ends(How.BROKEN_OFF)
            raise


async def _converse(
    outlet: "_Outlet", terminal: Terminal, request: _Admitted, recorder: Recorder | None
) -> None:
    """Relay both ways until the command ends, the page leaves, or a policy forbids it."""
    answers = aiter(terminal)
    shown = asyncio.create_task(outlet.pour(recorder.tap(answers) if recorder else answers))
    typed = asyncio.create_task(_type(outlet, terminal, recorder))
    judged = asyncio.create_task(_reevaluate(request))
    tasks = (shown, typed, judged)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        next(task for task in tasks if task.done()).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _reevaluate(request: _Admitted) -> None:
    """Raise _Refused when a policy has changed so that the terminal could not be opened now."""
    while True:
        await asyncio.sleep(REEVALUATE_EVERY)
        try:
            violation = await asyncio.to_thread(_verdict, request)
        except DatabaseError as error:
            logger.warning("a terminal's policies cannot be looked at: %s", error)
            continue
        if violation:
            raise _Refused(
                ErrorCode.POLICY,
                msg("Not allowed by policy any more: %(violation)s", violation=violation),
            )


def _verdict(request: _Admitted) -> PolicyViolation | None:
    try:
        return next(
            iter(query_violations_of(request.actor.user, request.account, request.query)), None
        )
    finally:
        connections.close_all()


async def _type(outlet: "_Outlet", terminal: Terminal, recorder: Recorder | None) -> None:
    async with store.streaming() as redis:
        while True:
            got = await redis.blpop([outlet.names.typed], timeout=5)
            if got is not None and got[1] == relay_protocol.ENDED:
                return
            if got is not None and len(got[1]) < 100_000:
                message = relay_protocol.TYPED.validate_json(got[1])
                if recorder and isinstance(message, TerminalSize):
                    await recorder.resized(message)
                await terminal.send(message)


class _Outlet:
    """Passes on the answers of one query, no faster than they are read."""

    def __init__(self, redis: Redis, names: relay_protocol.Names) -> None:
        self.names = names
        self._redis = redis
        self._lines: list[str] = []
        self._bytes = 0

    async def element(self, element: bytes) -> None:
        """Add an element. Raises _ReaderGone."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.rpush(self.names.answers, element)
            pipe.expire(self.names.answers, 30)
            pipe.exists(self.names.reader)
            waiting, _, reader = await pipe.execute()
        if not reader:
            await self._redis.delete(self.names.answers, self.names.typed)
            raise _ReaderGone
        while waiting > relay_protocol.MOST_WAITING:
            await asyncio.sleep(0.01)
            waiting = await self._redis.llen(self.names.answers)
            if not await self._redis.exists(self.names.reader):
                await self._redis.delete(self.names.answers, self.names.typed)
                raise _ReaderGone

    async def say(self, answer: BaseModel) -> None:
        """Send one answer immediately."""
        self._add(answer)
        await self.flush()

    async def flush(self) -> None:
        """Send what was collected."""
        if not self._lines:
            return
        batch = f"[{','.join(self._lines)}]".encode()
        self._lines, self._bytes = [], 0
        await self.element(batch)

    async def pour(self, answers: AsyncIterator[BaseModel]) -> None:
        """Send all of `answers` in batches, with heartbeats while there are none.

        Whatever arrives while a batch is being sent goes with the next one: a single answer never
        waits, and many travel together.
        """
        waiting: asyncio.Queue[BaseModel | None] = asyncio.Queue(2 * LINES_A_BATCH)
        pumping = asyncio.create_task(_pump(answers, waiting))
        try:
            while True:
                if waiting.empty():
                    await self.flush()
                try:
                    async with asyncio.timeout(relay_protocol.SIGN_OF_LIFE):
                        answer = await waiting.get()
                except TimeoutError:
                    await self.element(relay_protocol.ACCEPTED)
                    continue
                if answer is None:
                    break
                self._add(answer)
                if len(self._lines) >= LINES_A_BATCH or self._bytes >= BYTES_A_BATCH:
                    await self.flush()
            await self.flush()
            await pumping  # raises what ended it
        finally:
            pumping.cancel()
            await asyncio.gather(pumping, return_exceptions=True)

    def _add(self, answer: BaseModel) -> None:
        line = as_json(answer)
        self._lines.append(line)
        self._bytes += len(line)


async def _pump(
    answers: AsyncIterator[BaseModel], waiting: "asyncio.Queue[BaseModel | None]"
) -> None:
    try:
        async with aclosing(answers):  # type: ignore[type-var]  # it is a generator
            async for answer in answers:
                await waiting.put(answer)
    except Exception:
        await waiting.put(None)  # errors are raised where this task is awaited
        raise
    await waiting.put(None)
