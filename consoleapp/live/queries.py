"""The WebSocket of one query: logs, stats, or a terminal. static/js/stream.js is its other end.

The page's first message is {"query", "parameters", "acks"}. It then sends TerminalInput and
TerminalSize if the query accepts them and, if it set "acks", {"type": "seen"} for every message
that it has processed. It gets {"type": "opened"}, then JSON arrays of answers. Close codes: 1000
ended, 4400 invalid, 4401 not signed in, 4403 refused, 4404 no such account, 4429 too many, 4503
nobody answers. The reason is a sentence.
"""

import asyncio
import logging
import time
from contextlib import aclosing
from typing import Any

from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import translation
from pydantic import Field, ValidationError

from consoleapp.accounts import passwords, second_factor
from consoleapp.accounts.access import refuse, role_on, visible_accounts
from consoleapp.accounts.models import LinuxAccount
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.i18n.choice import of_scope
from consoleapp.i18n.rendering import in_language
from consoleapp.live import relay, relay_protocol
from consoleapp.live.session_access import release, role_of
from consoleapp.live.shares import Shares
from consoleapp.live.translation import answers_in_language
from engine.schema.messages import msg
from engine.schema.parameters import Model
from engine.schema.queries import QUERIES, ContainerTerminal, Query

LARGEST_MESSAGE = 128 * 1024
MOST_UNSEEN = 16
"""The maximum number of unacknowledged messages to a page that sends acknowledgments."""
ASK_AGAIN_EVERY = 10.0
MOST_OF_A_USER = 60
"""WebSockets of one user per web process."""
_shares = Shares(MOST_OF_A_USER)
logger = logging.getLogger(__name__)


class First(Model):
    """The page's first message."""

    query: str = Field(max_length=50)
    parameters: dict[str, Any] = {}
    acks: bool = False


class Queries(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    """One connection, one query."""

    async def connect(self) -> None:
        self._work: asyncio.Task[None] | None = None
        self._relayed: relay.RelayedQuery | None = None
        self._query: Query | None = None
        self._acks = False
        self._unseen = 0
        self._acknowledged = asyncio.Event()
        self._counted: int | None = None
        await self.accept()
        self._language = of_scope(self.scope)
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close(4401, msg("Sign in first."))
            return
        if passwords.owed(user):
            await self.close(4401, msg("Choose a password of your own first."))
            return
        if _shares.is_used_up(user.pk):
            await self.close(
                4429, msg("You have too many logs and terminals open. Close some first.")
            )
            return
        self._counted = user.pk
        _shares.add(user.pk)
        if await sync_to_async(second_factor.missing)(user):
            await self.close(4401, msg("Set up a second factor first."))
            return
        self._actor = Actor(user=user, ip=(self.scope.get("client") or [""])[0], source="page")
        key = self.scope["url_route"]["kwargs"]["account"]
        self._account = await sync_to_async(self._find)(key)
        if self._account is None:
            await self.close(4404, msg("There is no such account."))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Handle the first message, then input."""
        if getattr(self, "_account", None) is None:
            return
        if text_data is None or len(text_data) > LARGEST_MESSAGE:
            await self.close(4400, msg("A message is too large, or not text."))
            return
        try:
            if self._relayed is None:
                await self._begin(First.model_validate_json(text_data))
            elif text_data == '{"type":"seen"}':
                self._unseen = max(0, self._unseen - 1)
                self._acknowledged.set()
            elif self._query and self._query.duplex:
                await self._relayed.send(relay_protocol.TYPED.validate_json(text_data))
            else:
                await self.close(4400, msg("This query takes no input."))
        except (ValidationError, KeyError):
            await self.close(4400, msg("The message makes no sense."))
        except relay.Unanswered as error:
            await self.close(4503, str(error))

    async def disconnect(self, code: int) -> None:
        """End the query: the page left, or the server closed."""
        if self._counted is not None:
            _shares.remove(self._counted)
            self._counted = None
        if self._work and self._work is not asyncio.current_task():
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close with a reason, of which a close frame carries 123 bytes."""
        with translation.override(self._language):
            reason = in_language(reason or "")
        short = reason.encode()[:120].decode(errors="ignore")
        await super().close(code, short or None)

    async def _begin(self, first: First) -> None:
        account = self._account
        assert account is not None  # noqa: S101 - receive has checked it
        self._query = QUERIES[first.query].model_validate(first.parameters)
        if not await sync_to_async(self._may)(account, self._query):
            await self.close(
                4403,
                msg(
                    "This needs the role %(role)s on %(account)s.",
                    role=self._query.role,
                    account=account,
                ),
            )
            return
        self._acks = first.acks
        self._relayed = relay.RelayedQuery(account, self._query, self._actor)
        self._work = asyncio.create_task(self._serve(account, self._query, self._relayed))

    async def _serve(
        self, account: LinuxAccount, query: Query, relayed: relay.RelayedQuery
    ) -> None:
        """Send answers until they end, the page leaves, or permission is withdrawn."""
        watching = asyncio.create_task(self._watch_access(account, query))
        showing = asyncio.create_task(self._show(account, query, relayed))
        code, reason = 1000, ""
        try:
            await asyncio.wait({watching, showing}, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                code, reason = 4403, msg("You may not see this any more.")
            else:
                showing.result()
        except relay.Unanswered as error:
            code, reason = 4503, str(error)
        except Exception:
            logger.exception("showing %s broke off", query.query)
            code, reason = 1011, msg("A fault in Berth.")
        finally:
            for task in (watching, showing):
                task.cancel()
            await asyncio.gather(watching, showing, return_exceptions=True)
            await relayed.close()
        await self.close(code, reason)

    async def _show(self, account: LinuxAccount, query: Query, relayed: relay.RelayedQuery) -> None:
        opened_at: float | None = None
        try:
            async with aclosing(relayed.batches()) as batches:
                async for batch in batches:
                    if batch:
                        await self._pass_on(batch.decode())
                        continue
                    opened_at = time.monotonic()
                    if isinstance(query, ContainerTerminal):
                        await sync_to_async(self._audit)(account, query, relayed, None)
                    await self.send('{"type":"opened"}')
        finally:
            if opened_at is not None and isinstance(query, ContainerTerminal):
                seconds = round(time.monotonic() - opened_at, 1)
                # In its own task: this one is being cancelled if the page left.
                closing = asyncio.ensure_future(
                    sync_to_async(self._audit, thread_sensitive=False)(
                        account, query, relayed, seconds
                    )
                )
                await asyncio.shield(closing)

    async def _pass_on(self, text: str) -> None:
        while self._acks and self._unseen >= MOST_UNSEEN:
            self._acknowledged.clear()
            await self._acknowledged.wait()
        self._unseen += 1
        with translation.override(self._language):
            text = answers_in_language(text)
        await self.send(text)

    async def _watch_access(self, account: LinuxAccount, query: Query) -> None:
        """Return when the session or the grant ends."""
        session = self.scope["session"].session_key
        while True:
            await asyncio.sleep(ASK_AGAIN_EVERY)
            role = await role_of(session, account.pk)
            if role is None or not role.covers(query.role):
                return

    # --- in a thread, with the database -------------------------------------------------------

    def _find(self, key: str) -> LinuxAccount | None:
        try:
            return visible_accounts(self._actor.user).filter(key=key).first()
        finally:
            release()

    def _may(self, account: LinuxAccount, query: Query) -> bool:
        try:
            role = role_on(self._actor.user, account)
            if role is not None and role.covers(query.role):
                return True
            refuse(self._actor, account, f"query {query.query}", query.role)
            return False
        finally:
            release()

    def _audit(
        self,
        account: LinuxAccount,
        query: ContainerTerminal,
        relayed: relay.RelayedQuery,
        seconds: float | None,
    ) -> None:
        """Audit the opening (no `seconds`) or closing of a terminal, never its input."""
        try:
            parameters: dict[str, Any] = {
                "command": [t[:200] for t in query.command_line[:20]],
                "session": str(relayed.session),
            }
            if query.user:
                parameters["user"] = query.user
            if seconds is not None:
                parameters["seconds"] = seconds
            record(
                "terminal.opened" if seconds is None else "terminal.closed",
                actor=self._actor,
                account=account,
                kind=query.query,
                target=query.container,
                parameters=parameters,
            )
        finally:
            release()
