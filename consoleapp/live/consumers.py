"""WebSockets: logs, plots and terminals, from the browser to a relay.

The page's first message is {"query": …, "parameters": …}. Then arrays of answers come, and a
terminal's input goes the other way. Close codes: 4401 not signed in, 4403 refused, 4404 no such
account, 4400 a message that makes no sense, 4503 nobody answers.
"""

import asyncio
import contextlib
import json
import time
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from pydantic import TypeAdapter, ValidationError

from consoleapp.accounts.access import Actor, refuse, role_on, visible_accounts
from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.audit.record import record
from consoleapp.live.relay import Conversation, Unanswered, open_conversation
from engine.schema.queries import QUERIES, Query, TerminalInput, TerminalSize

CHECK_SECONDS = 10.0
_TYPED: TypeAdapter[TerminalInput | TerminalSize] = TypeAdapter(TerminalInput | TerminalSize)


class Queries(AsyncWebsocketConsumer):
    """One query over one WebSocket."""

    async def connect(self) -> None:
        """Accept whoever is signed in; what they may ask is known with the first message."""
        self._conversation: Conversation | None = None
        self._task: asyncio.Task[None] | None = None
        await self.accept()
        if not self.scope["user"].is_authenticated:
            await self.close(4401)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """The query, then a terminal's input."""
        if not text_data or len(text_data) > 200_000:
            return await self.close(4400)
        try:
            if self._task is None:
                wish = json.loads(text_data)
                query = QUERIES[wish["query"]].model_validate(wish.get("parameters", {}))
                self._task = asyncio.create_task(self._answer(query))
            elif self._conversation is not None:
                message = _TYPED.validate_json(text_data)
                await self._conversation.send(message.model_dump(mode="json"))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            await self._fail("invalid", f"{place}: {first['msg']}", 4400)
        except (ValueError, KeyError, TypeError, AttributeError):
            await self._fail("invalid", "That is no query.", 4400)
        except Unanswered as error:
            await self._fail("unreachable", str(error), 4503)

    async def disconnect(self, code: int) -> None:
        """The page is gone: so is what it asked for."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _answer(self, query: Query) -> None:
        user: User = self.scope["user"]
        client = self.scope.get("client") or [""]
        actor = Actor(user=user, ip=str(client[0]), source="page")
        key = self.scope["url_route"]["kwargs"]["account"]
        account, role = await database_sync_to_async(_held)(user.pk, key)
        if account is None or role is None:
            return await self.close(4404)
        if not role.covers(query.role):
            await database_sync_to_async(refuse)(actor, account, query.query, query.role)
            return await self._fail("forbidden", f"This needs the role {query.role}.", 4403)
        began = time.monotonic()
        container = str(getattr(query, "container", ""))
        if query.duplex:
            await database_sync_to_async(record)(
                "terminal.opened", actor=actor, account=account, kind=query.query, target=container,
                parameters=query.model_dump(mode="json", exclude_defaults=True),
            )  # fmt: skip
        watch = asyncio.create_task(self._watch_grant(user.pk, key, query))
        try:
            self._conversation = await open_conversation(account, query, actor)
            async for batch in self._conversation.batches():
                await self.send(json.dumps(batch))
            await self.close(1000)
        except Unanswered as error:
            await self._fail("unreachable", str(error), 4503)
        finally:
            watch.cancel()
            if self._conversation is not None:
                await self._conversation.close()
            if query.duplex:
                await database_sync_to_async(record)(
                    "terminal.closed", actor=actor, account=account, kind=query.query,
                    target=container, detail=f"after {time.monotonic() - began:.0f} s",
                )  # fmt: skip

    async def _watch_grant(self, user_id: int, key: str, query: Query) -> None:
        session = self.scope["session"].session_key
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            _, role = await database_sync_to_async(_held)(user_id, key)
            alive = await database_sync_to_async(self.scope["session"].exists)(session)
            if not alive or role is None or not role.covers(query.role):
                await self.close(4403)
                if self._conversation is not None:
                    await self._conversation.close()
                return

    async def _fail(self, code: str, message: str, close: int) -> None:
        error: dict[str, Any] = {"type": "error", "code": code, "message": message, "remedy": ""}
        await self.send(json.dumps([error]))
        await self.close(close)


def _held(user_id: int, key: str) -> tuple[LinuxAccount | None, Any]:
    user = User.objects.filter(pk=user_id).first()
    account = visible_accounts(user).filter(key=key).first() if user else None
    return account, role_on(user, account) if account else None
