"""Post to webhooks: signed, only to permitted addresses, without following redirects.

Signed according to the Standard Webhooks specification (version 1.0, symmetric), so that receivers
find a library for their language: HMAC-SHA256 over id, timestamp, and body.
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
from engine.schema.messages import msg

TIMEOUT = 10.0
PREFIX = "whsec_"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_ISATAP = 0x5EFE
_UNICAST = ipaddress.ip_network("2000::/3")
_SPECIAL = tuple(
    ipaddress.ip_network(each)
    for each in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20", "2001:db8::/32")
)
"""Protocols and documentation. Python's tables do not know all of them."""
_NOWHERE = msg(
    "Its host is not on the internet, or has no address. An administrator can allow a network "
    "in BERTH_WEBHOOK_NETWORKS."
)
"""The same for an unknown name and one that leads inside, which must remain indistinguishable."""
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
    """Everything sent to a webhook."""

    url: str
    headers: dict[str, str]
    body: bytes


def new_secret() -> tuple[str, str]:
    """Return a secret as its owner sees it, once, and as it is stored."""
    secret = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    return secret, encrypt(secret)


def message(delivery: Delivery) -> Message:
    """Return the message for `delivery`, which has a webhook. Raises Unreadable."""
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
        "webhook-signature": signature(decrypt(hook.encrypted_secret), str(delivery.pk), at, body),
    }
    return Message(hook.url, headers, body)


def signature(secret: str, identity: str, at: int, body: bytes) -> str:
    """Return the value of `webhook-signature`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{identity}.{at}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


async def post(sent: Message) -> Undelivered | None:
    """Post it. None: the receiver has accepted it."""
    scheme = urlsplit(sent.url).scheme

    def connect(info: Any) -> socket.socket:
        # Checked for each address of a name, right before the connection: a name may resolve
        # differently between a check and the connection.
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
            return _failure_of(answer.status)
    except TimeoutError:
        return Undelivered(
            msg("It did not answer within %(seconds)s s.", seconds=f"{TIMEOUT:.0f}"), again=True
        )
    except aiohttp.ClientConnectorCertificateError as error:
        reason = _words(error.certificate_error)
        return Undelivered(msg("Its certificate is not accepted: %(why)s.", why=reason), again=True)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if forbidden := _forbidden(error):
            return Undelivered(str(forbidden), again=False)
        return Undelivered(_reason(error), again=True)


def check(address: Address, *, encrypted: bool) -> None:
    """Raise Forbidden if a webhook may not connect there.

    Private, loopback, and link-local addresses (the cloud's metadata, Berth's own neighbors) must
    be in BERTH_WEBHOOK_NETWORKS. Connections without TLS are only possible there.
    """
    meant = _meant(address)
    if any(meant in network or address in network for network in settings.BERTH_WEBHOOK_NETWORKS):
        return
    if not _on_the_internet(meant):
        raise Forbidden(_NOWHERE)
    if not encrypted:
        raise Forbidden(msg("Addresses of the internet are only reached by https."))


def _on_the_internet(address: Address) -> bool:
    if address.is_multicast or not address.is_global:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _SPECIAL)
    # Everything else is reserved, local (including fec0::/10), or embeds an IPv4 address.
    return address in _UNICAST and not any(address in network for network in _SPECIAL)


def _meant(address: Address) -> Address:
    """Return the IPv4 address embedded in an IPv6 address, if any."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    within = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64 or (int(address) >> 32) & 0xFDFFFFFF == _ISATAP:
        return within
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, address))[1]


def _failure_of(status: int) -> Undelivered | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return Undelivered(
            msg("It answered %(status)s: redirects are not followed.", status=status), again=False
        )
    again = status >= 500 or status in (408, 425, 429)
    return Undelivered(msg("It answered %(status)s.", status=status), again)


def _forbidden(error: BaseException) -> Forbidden | None:
    """Return the exception that `check` raised below the layers of the client."""
    errors: list[BaseException | None] = [error]
    while errors:
        each = errors.pop()
        if isinstance(each, Forbidden):
            return each
        if each is not None:
            errors += [each.__cause__, each.__context__]
            if isinstance(each, BaseExceptionGroup):
                errors += each.exceptions
    return None


def _reason(error: BaseException) -> str:
    """Return why there was no answer, without an address or a name server's message."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return _NOWHERE
    if isinstance(error, aiohttp.ClientConnectorError):
        why = error.os_error.strerror or type(error.os_error).__name__
        return msg("No connection: %(why)s.", why=why)
    return msg("No connection: %(why)s.", why=type(error).__name__)


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
        "type": occurrence.event_type,
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
