"""Server-sent events: changes in the user's accounts while a page is open."""

import json
import time
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.translation import activate, get_language
from django.views.decorators.http import require_GET

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.live.hub import Stream, hub
from consoleapp.live.session_access import accounts_of, release
from consoleapp.live.shares import Shares
from consoleapp.operations.models import Operation
from consoleapp.snapshots import reader
from consoleapp.snapshots.page_events import PageEvent
from engine.schema.parameters import Role

HEARTBEAT = 15.0
RETRY_MILLISECONDS = 1500
MOST_OF_A_USER = 100
"""Streams of one user per web process."""
_shares = Shares(MOST_OF_A_USER)
_OF_THE_ACCOUNT = {"containers", "images", "info"}


@require_GET
@require_role(Role.VIEWER)
async def account_stream(request: HttpRequest, account: LinuxAccount) -> HttpResponseBase:
    """Send everything about one account, and the operations of all accounts of the user."""
    return await _streaming(request, account)


@require_GET
async def all_streams(request: HttpRequest) -> HttpResponseBase:
    """Send operations, and `account-<key>` when an account changes. 401 without a user."""
    if not (await request.auser()).is_authenticated:
        return HttpResponse("Sign in first.\n", status=401, content_type="text/plain")
    return await _streaming(request, None)


async def _streaming(request: HttpRequest, account: LinuxAccount | None) -> HttpResponseBase:
    user = (await request.auser()).pk
    session = request.session.session_key
    await sync_to_async(release)()
    assert user is not None  # noqa: S101 - both callers have checked that somebody is signed in
    if _shares.is_used_up(user):
        return HttpResponse("Too many pages are open.\n", status=429, content_type="text/plain")
    return StreamingHttpResponse(
        _events(session, user, account, get_language()),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(
    session: str | None, user: int, account: LinuxAccount | None, language: str
) -> AsyncIterator[str]:
    activate(language)  # everything rendered later is for this stream's reader
    accounts = await accounts_of(session)
    if accounts is None or (account and account.pk not in accounts):
        return
    with _shares.one(user), hub().stream(frozenset(accounts)) as stream:
        yield f"retry: {RETRY_MILLISECONDS}\n\n"
        await _watch(account)
        check_at = time.monotonic() + HEARTBEAT
        while not stream.closing:
            if stream.missed():
                yield spell("hello", {})
            page_event = await stream.next(check_at - time.monotonic())
            if page_event is not None:
                for text in await _for(page_event, user, account, accounts):
                    yield text
            if time.monotonic() >= check_at:
                now_seen = await accounts_of(session)
                if now_seen is None or (account and account.pk not in now_seen):
                    return
                _adjust(stream, accounts, now_seen)
                await _watch(account)
                yield ": still here\n\n"
                check_at = time.monotonic() + HEARTBEAT


async def _for(
    page_event: PageEvent, user: int, account: LinuxAccount | None, accounts: dict[int, str]
) -> list[str]:
    """Return what this page needs to know about an event."""
    if page_event.account not in accounts:
        return []
    name = page_event.event
    if name == "notices":
        return [spell(name, {})] if user in page_event.people else []
    if name.startswith("operation"):
        texts = [spell(name, page_event.data)]
        if page_event.ended_for == user and page_event.source == "page":
            texts += await _toast(str(page_event.data.get("id", "")), user)
        return texts
    if name == "rows" and account is None:
        return []  # it comes with others, which suffice for a card
    if account is not None:
        return [spell(name, page_event.data)] if page_event.account == account.pk else []
    return [spell(f"account-{accounts[page_event.account]}", {})]


async def _toast(operation: str, user: int) -> list[str]:
    html = await sync_to_async(_rendered)(operation, user)
    return [_lines("toast", html)] if html else []


def _rendered(operation: str, user: int) -> str:
    """Render from the database, not from the message: HTML from Redis could be anybody's."""
    try:
        row = (
            Operation.objects.select_related("account")
            .filter(pk=operation, requested_by=user, ended_at__isnull=False)
            .first()
        )
        return render_to_string("operations/_toast.html", {"operation": row}) if row else ""
    finally:
        release()


async def _watch(account: LinuxAccount | None) -> None:
    if account is not None:
        await sync_to_async(reader.watch, thread_sensitive=False)(account)


def _adjust(stream: Stream, followed: dict[int, str], now_seen: dict[int, str]) -> None:
    if followed != now_seen:
        followed.clear()
        followed.update(now_seen)
        stream.accounts = frozenset(now_seen)
        stream.restart()


def spell(name: str, data: dict[str, str | int | bool | None]) -> str:
    """Return one event with JSON."""
    return _lines(name, json.dumps(data))


def _lines(name: str, text: str) -> str:
    body = "".join(f"data: {line}\n" for line in text.strip().splitlines())
    return f"event: {name}\n{body}\n"
