"""Decide whom to believe about the origin of a request: only the proxies in the settings.

The web server (uvicorn) is configured to believe nobody. Here, `X-Forwarded-For` and
`X-Forwarded-Proto` of a trusted proxy become the client and the scheme of the request. Both are
then removed, so that nothing later can believe them by mistake.
"""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from django.conf import settings

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]
Address = IPv4Address | IPv6Address
FOR, PROTO = b"x-forwarded-for", b"x-forwarded-proto"


def from_proxies(app: App) -> App:
    """Wrap `app` so that it sees the clients behind trusted proxies."""

    async def wrapped(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = _as_outside(scope)
        await app(scope, receive, send)

    return wrapped


def _as_outside(scope: Scope) -> Scope:
    peer = (scope.get("client") or ("", 0))[0]
    headers: list[tuple[bytes, bytes]] = list(scope["headers"])
    hops = [value for name, value in headers if name == FOR]
    outside: dict[str, Any] = {
        **scope,
        "headers": [(name, value) for name, value in headers if name not in (FOR, PROTO)],
    }
    if not _trusted(peer):
        return outside
    if client := client_of(hops):
        outside["client"] = (client, 0)
    schemes = [value.strip().lower() for name, value in headers if name == PROTO]
    if schemes and schemes[-1] in (b"http", b"https"):
        socket = scope["type"] == "websocket"
        outside["scheme"] = schemes[-1].decode().replace("http", "ws" if socket else "http")
    return outside


def client_of(hops: Sequence[bytes]) -> str:
    """Return the last address that is not a trusted proxy; empty if there is no valid one.

    Each proxy appends its peer. Everything left of the first stranger is that stranger's claim, and
    everything left of an unreadable entry is nobody's.
    """
    farthest = ""
    for hop in reversed(b",".join(hops).split(b",")):
        address = _address(hop.decode("latin-1").strip())
        if address is None:
            return farthest
        farthest = str(address)
        if not _trusted(farthest):
            return farthest
    return farthest


def _trusted(peer: str) -> bool:
    if not peer:  # through a Unix socket
        return bool(settings.BERTH_TRUSTED_UNIX_PROXY)
    address = _address(peer)
    return address is not None and any(
        address in network for network in settings.BERTH_TRUSTED_PROXIES
    )


def _address(text: str) -> Address | None:
    """Parse an address, even with a port or in brackets. Unwraps IPv4 in IPv6."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.scope_id is not None:
            return None
        return found.ipv4_mapped or found
    return found
