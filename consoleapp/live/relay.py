"""The web tier's queries to engines, which it cannot reach: through Redis and the observer."""

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast
from uuid import UUID

from asgiref.sync import async_to_sync
from pydantic import ValidationError

from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.live import relay_protocol
from consoleapp.snapshots import store
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import load, msg
from engine.schema.queries import Query, TerminalInput, TerminalSize

ACCEPTED_WITHIN = 10.0
_RENEW_EVERY = 4.0


class Unanswered(Exception):
    """Raised if nobody answered in time. Its text is a sentence."""


class RelayedQuery:
    """One running query. Iterate over `batches`, `send` to a terminal, and always `close` it."""

    def __init__(
        self, account: LinuxAccount, query: Query, actor: Actor, *, reveal: bool = False
    ) -> None:
        if actor.user is None:
            raise Unanswered(msg("Nobody is signed in."))
        self._host = account.host_id
        self._request = relay_protocol.Request(
            id=secrets.token_hex(16),
            account=account.pk,
            user=actor.user.pk,
            token=actor.token.pk if actor.token else None,
            ip=actor.ip[:45],
            query=query.query,
            parameters=query.model_dump(mode="json"),
            reveal=reveal,
        )
        self._names = relay_protocol.Names(self._request.id)
        self.session = UUID(self._request.id)
        self._duplex = query.duplex
        self._redis = store.streaming()
        self._alive: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()

    async def batches(self) -> AsyncGenerator[bytes, None]:
        """Yield JSON arrays of answers as the engine sent them; b"" first, when it was accepted.

        Raises Unanswered.
        """
        try:
            await self._ask()
            accepted = False
            while True:
                wait = relay_protocol.SILENT_AFTER if accepted else ACCEPTED_WITHIN
                got = await self._redis.blpop([self._names.answers], timeout=wait)
                if got is None:
                    raise Unanswered(
                        msg("The connection to the engine was lost.")
                        if accepted
                        else msg("The observer of the account's host does not answer.")
                    )
                element = cast(bytes, got[1])
                if element == relay_protocol.ENDED:
                    return
                if element == relay_protocol.ACCEPTED:
                    if not accepted:
                        yield b""
                    accepted = True
                    continue
                if len(element) > relay_protocol.LARGEST_ELEMENT:
                    raise Unanswered(msg("The answer is too large."))
                relay_protocol.ANSWERS.validate_json(element)
                yield element
        except store.RedisDown as error:
            raise Unanswered(msg("Berth's Redis does not answer.")) from error
        except ValidationError as error:
            raise Unanswered(msg("The answer makes no sense.")) from error

    async def send(self, message: TerminalInput | TerminalSize) -> None:
        """Send input. Waits until the terminal has taken previous input."""
        try:
            async with self._sending:
                # Another process removes them.
                while await self._redis.llen(self._names.typed) >= relay_protocol.MOST_TYPED:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
                async with self._redis.pipeline(transaction=False) as pipe:
                    pipe.rpush(self._names.typed, message.model_dump_json())
                    pipe.expire(self._names.typed, 30)
                    await pipe.execute()
        except store.RedisDown as error:
            raise Unanswered(msg("Berth's Redis does not answer.")) from error

    async def close(self) -> None:
        """Stop the engine's work on it, if it has not ended."""
        if self._alive:
            self._alive.cancel()
        names = self._names
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.delete(names.reader, names.answers, names.typed)
                if self._duplex:  # so that an abandoned shell ends now, not at the next check
                    pipe.rpush(names.typed, relay_protocol.ENDED)
                    pipe.expire(names.typed, int(relay_protocol.SIGN_OF_LIFE))
                await pipe.execute()
        except store.RedisDown:
            pass  # the keys expire, and a producer without Redis stops by itself
        finally:
            await self._redis.aclose()

    async def _ask(self) -> None:
        names, host = self._names, relay_protocol.requests(self._host)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(names.reader, "1", ex=int(relay_protocol.SILENT_AFTER))
            pipe.rpush(host, self._request.sign())
            pipe.ltrim(host, -1000, -1)
            pipe.expire(host, relay_protocol.VALID_SECONDS)
            await pipe.execute()
        self._alive = asyncio.create_task(self._stay())

    async def _stay(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_EVERY)
            try:
                await self._redis.set(self._names.reader, "1", ex=int(relay_protocol.SILENT_AFTER))
            except store.RedisDown:
                continue  # the reading side notices and reports it


async def ask(
    account: LinuxAccount, query: Query, actor: Actor, *, reveal: bool = False
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the answers as JSON objects, with any QueryFailed last. Raises Unanswered."""
    relayed = RelayedQuery(account, query, actor, reveal=reveal)
    try:
        async with aclosing(relayed.batches()) as batches:
            async for batch in batches:
                for answer in json.loads(batch or b"[]"):
                    yield load(answer) if answer["type"] == "error" else answer
    finally:
        await relayed.close()


async def document(
    account: LinuxAccount, query: Query, actor: Actor, *, reveal: bool = False
) -> dict[str, Any]:
    """Return the first answer, with secrets for operators who `reveal` them.

    Raises EngineError if the engine refused, Unanswered after 10 s.
    """
    try:
        async with asyncio.timeout(ACCEPTED_WITHIN):
            async with aclosing(ask(account, query, actor, reveal=reveal)) as answers:
                answer = await anext(answers, None)
    except TimeoutError as error:
        raise Unanswered(msg("The engine did not answer in time.")) from error
    if answer is None:
        raise Unanswered(msg("The engine had no answer."))
    if answer["type"] == "error":
        known = answer["code"] in list(ErrorCode)
        code = ErrorCode(answer["code"]) if known else ErrorCode.INTERNAL
        raise EngineError(code, answer["message"], answer.get("remedy", ""))
    return answer


document_sync = async_to_sync(document)
