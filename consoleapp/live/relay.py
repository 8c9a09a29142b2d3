"""Asking an engine from the web tier, which cannot reach one: by way of Redis and the observer.

A request is signed, good for half a minute, and taken once. The answers come as batches in a list;
the observer waits when the reader is behind, and stops when the reader is gone.
"""

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import async_to_sync
from django.core import signing
from redis.exceptions import RedisError

from consoleapp.accounts.access import Actor
from consoleapp.accounts.models import LinuxAccount
from consoleapp.live import names
from consoleapp.live.connections import async_redis
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.queries import Query

SALT = "berth.live.relay"
ALIVE_SECONDS = 15
FIRST_ANSWER_SECONDS = 10.0
END = b"end"


class Unanswered(Exception):
    """Raised when nobody answers: the observer or Redis is down, or the engine hangs."""


class Conversation:
    """One request under way: iterate over batches of answers, send to it if it is a terminal."""

    def __init__(self, request: str) -> None:
        self.request = request
        self._redis = async_redis()

    async def batches(self) -> AsyncIterator[list[dict[str, Any]]]:
        """Answers as they come, until the end."""
        waited_since: float | None = time.monotonic()
        marked = 0.0
        try:
            while True:
                now = time.monotonic()
                if now - marked > ALIVE_SECONDS / 3:
                    await self._redis.set(names.alive_key(self.request), "1", ex=ALIVE_SECONDS)
                    marked = now
                popped = await self._redis.blpop([names.answers_key(self.request)], timeout=2)
                if popped is None:
                    if waited_since and time.monotonic() - waited_since > FIRST_ANSWER_SECONDS:
                        raise Unanswered("The engine did not answer in time.")
                    continue
                waited_since = None
                if popped[1] == END:
                    return
                answers = json.loads(popped[1])
                if answers:
                    yield answers
        except RedisError as error:
            raise Unanswered("Redis does not answer.") from error

    async def send(self, message: dict[str, Any]) -> None:
        """What was typed into a terminal, or its new size."""
        key = names.input_key(self.request)
        try:
            await self._redis.rpush(key, json.dumps(message))
            await self._redis.expire(key, 60)
        except RedisError as error:
            raise Unanswered("Redis does not answer.") from error

    async def close(self) -> None:
        """Say that nobody reads any more."""
        with contextlib.suppress(RedisError):
            await self._redis.delete(names.alive_key(self.request), names.input_key(self.request))


async def open_conversation(account: LinuxAccount, query: Query, actor: Actor) -> Conversation:
    """Send `query` to the account's engine. Raises Unanswered when Redis is down."""
    request = secrets.token_urlsafe(18)
    ticket = signing.dumps(
        {
            "request": request,
            "account": account.pk,
            "user": actor.user.pk if actor.user else None,
            "query": query.query,
            "parameters": query.model_dump(mode="json"),
        },
        salt=SALT,
    )
    conversation = Conversation(request)
    try:
        redis = async_redis()
        await redis.set(names.alive_key(request), "1", ex=ALIVE_SECONDS)
        await redis.rpush(names.REQUESTS, ticket)
        await redis.expire(names.REQUESTS, 60)
    except RedisError as error:
        raise Unanswered("Redis does not answer.") from error
    return conversation


async def ask(account: LinuxAccount, query: Query, actor: Actor) -> AsyncIterator[dict[str, Any]]:
    """The answers to `query`, one by one. Leaving the iteration ends it at the engine too."""
    conversation = await open_conversation(account, query, actor)
    try:
        async for batch in conversation.batches():
            for answer in batch:
                yield answer
    finally:
        await conversation.close()


async def document(account: LinuxAccount, query: Query, actor: Actor) -> dict[str, Any]:
    """The first answer. Raises EngineError for a refusal, Unanswered after ten seconds."""
    try:
        async with asyncio.timeout(FIRST_ANSWER_SECONDS + 2):
            answers = ask(account, query, actor)
            try:
                answer = await anext(answers, None)
            finally:
                await answers.aclose()  # type: ignore[attr-defined]
    except TimeoutError as error:
        raise Unanswered("The engine did not answer in time.") from error
    if answer is None:
        raise Unanswered("The engine ended without an answer.")
    if answer.get("type") == "error":
        raise EngineError(_code(answer), answer.get("message", ""), answer.get("remedy", ""))
    return answer


def _code(answer: dict[str, Any]) -> ErrorCode:
    try:
        return ErrorCode(answer.get("code"))
    except ValueError:
        return ErrorCode.INTERNAL


document_sync = async_to_sync(document)
