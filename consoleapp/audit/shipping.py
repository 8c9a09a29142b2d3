"""Ship chained events to syslog and to a webhook. Runs in the observer.

Each destination has a cursor in the database: the last link that it received. The cursor moves
after the delivery, so an event may arrive twice (with the same `seq`) but none is missed, whatever
stops in between. A destination that does not answer is tried again at growing intervals. Nothing
waits for it.
"""

import asyncio
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from consoleapp.audit import export, syslog
from consoleapp.audit.models import Cursor, Event, Link

EVERY = 1.0
AT_ONCE = 200
LONGEST_WAIT = 60.0
_TIMEOUT = aiohttp.ClientTimeout(total=20)
_FAILED = ("failed", "refused", "lost")
logger = logging.getLogger(__name__)

Deliver = Callable[[list[dict[str, Any]]], Awaitable[None]]


class Undelivered(Exception):
    """Raised if a destination did not accept the events. The message says what it did instead."""


async def ship_forever() -> None:
    """Ship to every configured destination until cancelled. Returns immediately without any."""
    async with asyncio.TaskGroup() as group:
        for name, deliver in destinations().items():
            group.create_task(_ship(name, deliver))


def destinations() -> dict[str, Deliver]:
    """Return the destinations by the names of their cursors. Logs and skips invalid settings."""
    found: dict[str, Deliver] = {}
    if settings.BERTH_AUDIT_SYSLOG:
        try:
            found["syslog"] = to_syslog(syslog.server(settings.BERTH_AUDIT_SYSLOG))
        except syslog.BadAddress as error:
            logger.error("BERTH_AUDIT_SYSLOG: %s", error)
    if settings.BERTH_AUDIT_WEBHOOK:
        try:
            secret = Path(settings.BERTH_AUDIT_WEBHOOK_SECRET_FILE).read_bytes().strip()
        except OSError as error:
            secret = b""
            logger.error("BERTH_AUDIT_WEBHOOK_SECRET_FILE cannot be read: %s", error)
        if secret:
            found["webhook"] = to_webhook(settings.BERTH_AUDIT_WEBHOOK, secret)
        else:
            logger.error("events go to no webhook without a secret to sign them with")
    return found


def to_syslog(server: syslog.Server) -> Deliver:
    """Send one message per event, and another for a checkpoint."""

    async def deliver(lines: list[dict[str, Any]]) -> None:
        now = timezone.now()
        messages: list[bytes] = []
        for line in lines:
            warning = line["outcome"] in _FAILED
            messages.append(_fitting(server, line, warning))
            if line["checkpoint"]:
                messages.append(
                    syslog.message("audit-checkpoint", now, json.dumps(line["checkpoint"]))
                )
        try:
            await syslog.send(server, messages)
        except OSError as error:
            raise Undelivered(str(error) or type(error).__name__) from error

    return deliver


def to_webhook(url: str, secret: bytes) -> Deliver:
    """Post JSON lines with X-Berth-Signature: t=<time>,v1=<HMAC-SHA256 of "<time>.<body>">.

    Any 2xx answer confirms the receipt. Redirects are not followed: they could lead anywhere.
    """

    async def deliver(lines: list[dict[str, Any]]) -> None:
        body = "".join(json.dumps(line) + "\n" for line in lines).encode()
        headers = {
            "Content-Type": "application/jsonl",
            "User-Agent": "Berth",
            "X-Berth-Signature": signature(secret, body, int(time.time())),
        }
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                if not 200 <= answer.status < 300:
                    raise Undelivered(f"it answered {answer.status}")
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise Undelivered(str(error) or type(error).__name__) from error

    return deliver


def signature(secret: bytes, body: bytes, now: int) -> str:
    """Return the value of X-Berth-Signature."""
    digest = hmac.new(secret, b"%d." % now + body, hashlib.sha256).hexdigest()
    return f"t={now},v1={digest}"


async def ship(name: str, deliver: Deliver) -> int:
    """Ship one batch. Return its number of links. Raises Undelivered, DatabaseError."""
    seqs, lines = await asyncio.to_thread(_next, name)
    if lines:
        await deliver(lines)
    if seqs:
        await asyncio.to_thread(_took, name, seqs[-1])
    return len(seqs)


async def _ship(name: str, deliver: Deliver) -> None:
    wait = EVERY
    while True:
        try:
            sent = await ship(name, deliver)
            wait = 0.0 if sent == AT_ONCE else EVERY
        except (Undelivered, DatabaseError) as error:
            wait = min(LONGEST_WAIT, max(EVERY, wait) * 2)
            logger.warning("audit events do not reach %s, again in %.0f s: %s", name, wait, error)
        except Exception:
            wait = LONGEST_WAIT
            logger.exception("shipping audit events to %s broke off", name)
        await asyncio.sleep(wait)


def _next(name: str) -> tuple[list[int], list[dict[str, Any]]]:
    try:
        cursor, _ = Cursor.objects.get_or_create(name=name)
        links = Link.objects.filter(seq__gt=cursor.seq).order_by("seq")
        batch = dict(links.values_list("seq", "event_id")[:AT_ONCE])
        events = list(Event.objects.filter(pk__in=batch.values()))
        return list(batch), sorted(export.lines(events), key=lambda line: line["seq"])
    finally:
        connections.close_all()  # the next batch may run in another thread


def _took(name: str, seq: int) -> None:
    try:
        Cursor.objects.filter(name=name).update(seq=seq)
    finally:
        connections.close_all()


def _fitting(server: syslog.Server, line: dict[str, Any], warning: bool) -> bytes:
    """Return an event's message, without parameters and long details if it would not fit."""
    at = timezone.now()
    whole = syslog.message("audit", at, json.dumps(line), warning=warning)
    if server.longest is None or len(whole) <= server.longest:
        return whole
    cut = line | {"parameters": None, "detail": line["detail"][:1000], "cut": True}
    return syslog.message("audit", at, json.dumps(cut), warning=warning)
