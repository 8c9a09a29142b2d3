"""Server-sent events: what changed in the accounts that a page is about."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.loader import render_to_string

from consoleapp.accounts.access import require_role, visible_accounts
from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.live import snapshots
from consoleapp.live.hub import hub
from consoleapp.operations.models import Operation
from engine.schema.parameters import Role

CHECK_SECONDS = 10.0
EVENT_NAME = re.compile(r"^[a-z0-9-]{1,60}$")


@require_role(Role.VIEWER)
async def account_stream(request: HttpRequest, account: LinuxAccount) -> HttpResponseBase:
    """Events of one account, and toasts of all."""
    return await _stream(request, account)


async def all_stream(request: HttpRequest) -> HttpResponseBase:
    """Operations and toasts of every account that the person may see."""
    user = await request.auser()
    if not user.is_authenticated:
        return HttpResponse(status=401)
    return await _stream(request, None)


async def _stream(request: HttpRequest, account: LinuxAccount | None) -> HttpResponseBase:
    user = await request.auser()
    response = StreamingHttpResponse(
        _events(request, user.pk, account), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _events(
    request: HttpRequest, user_id: int, account: LinuxAccount | None
) -> AsyncIterator[str]:
    allowed = await sync_to_async(_allowed)(request, user_id)
    yield "retry: 1000\n\n"
    async with hub().listen(frozenset(allowed)) as listener:
        yield _spell("hello", "{}")
        checked = time.monotonic()
        watched = 0.0
        while True:
            now = time.monotonic()
            if now - checked > CHECK_SECONDS:
                checked = now
                # Signed out, or the grants changed: the browser connects again, or cannot.
                if await sync_to_async(_allowed)(request, user_id) != allowed:
                    return
                yield ": still here\n\n"
            if account is not None and now - watched > CHECK_SECONDS:
                watched = now
                await sync_to_async(snapshots.watch, thread_sensitive=False)(account)
            try:
                async with asyncio.timeout(CHECK_SECONDS):
                    about, message = await listener.messages.get()
            except TimeoutError:
                continue
            text = await _render(message, about, user_id, account)
            if text:
                yield text


async def _render(
    message: dict[str, Any], about: int, user_id: int, account: LinuxAccount | None
) -> str:
    event, data = message["event"], message.get("data")
    if not EVENT_NAME.match(event) or not isinstance(data, dict):
        return ""
    if event == "toast":
        if data.get("requested_by") != user_id:
            return ""
        return await sync_to_async(_toast)(str(data.get("id")))
    general = event == "hello" or event.startswith("operation")
    if not general and (account is None or about != account.pk):
        return ""
    return _spell(event, json.dumps(data))


def _toast(operation_id: str) -> str:
    operation = Operation.objects.select_related("account").filter(pk=operation_id).first()
    if operation is None:
        return ""
    return _spell("toast", render_to_string("operations/_toast.html", {"operation": operation}))


def _spell(event: str, data: str) -> str:
    lines = "".join(f"data: {line}\n" for line in data.splitlines()) or "data:\n"
    return f"event: {event}\n{lines}\n"


def _allowed(request: HttpRequest, user_id: int) -> set[int]:
    """The accounts that the stream may tell of now; none when the session is over."""
    if not request.session.exists(request.session.session_key):
        return set()
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return set(visible_accounts(user).values_list("pk", flat=True)) if user else set()
