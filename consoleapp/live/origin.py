"""Enforce the same-origin rule for WebSockets, which browsers do not."""

from typing import Any
from urllib.parse import urlsplit

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.http.request import split_domain_port, validate_host


class Foreign(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    """Rejects every connection (403)."""

    async def connect(self) -> None:
        await self.close()


def same_origin(app: Any) -> Any:
    """Accept only pages of this host and port, or of CSRF_TRUSTED_ORIGINS."""
    refuse = Foreign.as_asgi()

    async def checked(scope: dict[str, Any], receive: Any, send: Any) -> Any:
        return await (app if is_ours(dict(scope["headers"])) else refuse)(scope, receive, send)

    return checked


def is_ours(headers: dict[bytes, bytes]) -> bool:
    """Return whether Host is one of ours, and Origin is the same or trusted."""
    host = headers.get(b"host", b"").decode("latin-1").lower()
    origin = headers.get(b"origin", b"").decode("latin-1").lower()
    domain, _ = split_domain_port(host)
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return False
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https"):
        return False
    if settings.SESSION_COOKIE_SECURE and parts.scheme != "https":
        return False
    return parts.netloc == host or origin in settings.CSRF_TRUSTED_ORIGINS
