"""Telling a webhook: signed, to permitted addresses only, without following redirects.

Signed as the Standard Webhooks specification says (version 1.0, symmetric), so that receivers find
a library in their language: HMAC-SHA256 over id, timestamp and body.
"""

import base64
import hashlib
import hmac
import ipaddress
import json
import secrets
import socket
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from django.conf import settings

from consoleapp.core.encryption import decrypt, encrypt
from consoleapp.notifications import words
from consoleapp.notifications.models import Delivery
from engine.schema.characters import readable

TIMEOUT = 10.0
PREFIX = "whsec_"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_ISATAP = 0x5EFE
_UNICAST = ipaddress.ip_network("2000::/3")
_SPECIAL = tuple(
    ipaddress.ip_network(each)
    for each in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20", "2001:db8::/32")
)
"""Protocols and documentation, not all of which Python's tables know."""
_NOWHERE = (
    "Its host is not on the internet, or has no address. An administrator can allow a network "
    "in BERTH_WEBHOOK_NETWORKS."
)
"""Says the same of a name that is unknown and of one that leads inside: which, is nobody's."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(OSError):
    """Raised instead of connecting to an address that the administrator has not allowed."""


@dataclass(frozen=True)
class Undelivered:
    """Why it was not delivered, for its owner, and whether to try again."""

    error: str
    again: bool


@dataclass(frozen=True)
class Message:
    """All that a webhook is sent."""

    url: str
    headers: dict[str, str]
    body: bytes


def new_secret() -> tuple[str, str]:
    """A secret as its owner sees it, once, and as it is kept."""
    secret = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    return secret, encrypt(secret)


def message(delivery: Delivery) -> Message:
    """What is sent for `delivery`, which has a webhook. Raises seal.Unreadable."""
    hook = delivery.webhook
    if hook is None:
        raise ValueError("a delivery by e-mail")
    body = readable(json.dumps(_payload(delivery), ensure_ascii=False)).encode()
    at = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Berth",
        "webhook-id": str(delivery.pk),
        "webhook-timestamp": str(at),
        "webhook-signature": signature(decrypt(hook.sealed), str(delivery.pk), at, body),
    }
    return Message(hook.url, headers, body)


def signature(secret: str, identity: str, at: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{identity}.{at}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


async def post(sent: Message) -> Undelivered | None:
    """Deliver it. None: the receiver has it."""
    scheme = urlsplit(sent.url).scheme

    def connect(info: Any) -> socket.socket:
        # Asked for each address that a name has, right before the connection to it: what a name
        # means may change between a look and the connection.
        check(ipaddress.ip_address(info[4][0].partition("%")[0]), encrypted=scheme == "https")
        return socket.socket(info[0], info[1], info[2])

    try:
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(socket_factory=connect, force_close=True),
                timeout=aiohttp.ClientTimeout(total=TIMEOUT),
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            ) as session,
            session.post(
                sent.url, data=sent.body, headers=sent.headers, allow_redirects=False
            ) as answer,
        ):
            return _judged(answer.status)
    except TimeoutError:
        return Undelivered(f"It did not answer within {TIMEOUT:.0f} s.", again=True)
    except aiohttp.ClientConnectorCertificateError as error:
        said = _words(error.certificate_error)
        return Undelivered(f"Its certificate is not accepted: {said}.", again=True)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if forbidden := _forbidden(error):
            return Undelivered(str(forbidden), again=False)
        return Undelivered(_said(error), again=True)


def check(address: Address, *, encrypted: bool) -> None:
    """Raises Forbidden where a webhook may not go.

    Private, loopback and link-local addresses (the cloud's metadata, Berth's own neighbours) only
    if they are in BERTH_WEBHOOK_NETWORKS; and without TLS only there.
    """
    meant = _meant(address)
    if any(meant in network or address in network for network in settings.BERTH_WEBHOOK_NETWORKS):
        return
    if not _on_the_internet(meant):
        raise Forbidden(_NOWHERE)
    if not encrypted:
        raise Forbidden("Addresses of the internet are only reached by https.")


def _on_the_internet(address: Address) -> bool:
    if address.is_multicast or not address.is_global:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _SPECIAL)
    # All else is reserved, local (fec0::/10 as well), or has an IPv4 address in it in some old way.
    return address in _UNICAST and not any(address in network for network in _SPECIAL)


def _meant(address: Address) -> Address:
    """The IPv4 address that stands in an IPv6 one, if one does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    within = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64 or (int(address) >> 32) & 0xFDFFFFFF == _ISATAP:
        return within
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, address))[1]


def _judged(status: int) -> Undelivered | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return Undelivered(f"It answered {status}: redirects are not followed.", again=False)
    again = status >= 500 or status in (408, 425, 429)
    return Undelivered(f"It answered {status}.", again)


def _forbidden(error: BaseException) -> Forbidden | None:
    """What `check` raised, below the layers of the client."""
    seen: list[BaseException | None] = [error]
    while seen:
        each = seen.pop()
        if isinstance(each, Forbidden):
            return each
        if each is not None:
            seen += [each.__cause__, each.__context__]
            if isinstance(each, BaseExceptionGroup):
                seen += each.exceptions
    return None


def _said(error: BaseException) -> str:
    """Why there was no answer, without an address or what a name server says."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return _NOWHERE
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"No connection: {error.os_error.strerror or type(error.os_error).__name__}."
    return f"No connection: {type(error).__name__}."


def _words(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:300].rstrip(".")


def _payload(delivery: Delivery) -> dict[str, Any]:
    occurrence = delivery.occurrence
    if occurrence is None:
        return {
            "type": "test",
            "timestamp": delivery.created_at.isoformat(),
            "data": {"title": "A test from Berth", "detail": "Nothing has happened."},
        }
    return {
        "type": occurrence.happening,
        "timestamp": occurrence.at.isoformat(),
        "data": {
            "account": occurrence.account.key,
            "host": occurrence.account.host.name,
            "title": words.title(occurrence),
            "name": occurrence.name,
            "object": occurrence.object,
            "operation": str(occurrence.operation) if occurrence.operation else None,
            "detail": occurrence.detail,
            "grouped": words.grouped(occurrence),
            "more": occurrence.more,
            "path": words.place(occurrence),
            "url": words.address(words.place(occurrence)) or None,
        },
    }
