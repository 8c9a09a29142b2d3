"""A request's origin is the peer's address, or what a trusted proxy says."""

import asyncio
import io
from ipaddress import ip_network

import pytest
from django.core.handlers.asgi import ASGIRequest

from consoleapp.web.proxies import from_proxies


def through(settings, trusted, peer, headers, kind="http"):
    """Return what the application sees of a request."""
    words = trusted.split()
    settings.BERTH_TRUSTED_PROXIES = [ip_network(word) for word in words if word != "unix"]
    settings.BERTH_TRUSTED_UNIX_PROXY = "unix" in words
    values = {}

    async def app(scope, receive, send):
        values.update(scope)

    scope = {
        "type": kind,
        "scheme": "ws" if kind == "websocket" else "http",
        "client": (peer, 1234) if peer else None,
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    asyncio.run(from_proxies(app)(scope, None, None))
    return values


FOR = "X-Forwarded-For"


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("trusted", "peer", "headers", "client"),
    [
        ("", "127.0.0.1", [(FOR, "203.0.113.9")], "127.0.0.1"),
        ("", "::1", [(FOR, "203.0.113.9")], "::1"),
        ("", "", [(FOR, "203.0.113.9")], None),
        ("10.0.0.1", "127.0.0.1", [(FOR, "203.0.113.9")], "127.0.0.1"),
        ("10.0.0.1", "10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", [(FOR, "203.0.113.9")], "203.0.113.9"),
        ("10.0.0.0/24", "10.0.0.77", [(FOR, "2001:db8::5")], "2001:db8::5"),
        ("unix", "", [(FOR, "203.0.113.9")], "203.0.113.9"),
        # Whatever precedes the proxy's own entry may be made up by the client.
        ("10.0.0.1", "10.0.0.1", [(FOR, "1.2.3.4, 203.0.113.9")], "203.0.113.9"),
        ("10.0.0.1", "10.0.0.1", [(FOR, "1.2.3.4"), (FOR, "203.0.113.9")], "203.0.113.9"),
        ("10.0.0.1", "10.0.0.1", [(FOR, "10.0.0.1, 203.0.113.9")], "203.0.113.9"),
        ("10.0.0.0/24", "10.0.0.1", [(FOR, "203.0.113.9, 10.0.0.2")], "203.0.113.9"),
        ("10.0.0.1", "10.0.0.1", [(FOR, "203.0.113.9, nonsense")], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", [(FOR, "")], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", [(FOR, ",")], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", [(FOR, "fe80::1%eth0")], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", [(FOR, "203.0.113.9:4711")], "203.0.113.9"),
        ("10.0.0.1", "10.0.0.1", [(FOR, "[2001:db8::5]:4711")], "2001:db8::5"),
        ("10.0.0.1", "::ffff:10.0.0.1", [(FOR, "::ffff:203.0.113.9")], "203.0.113.9"),
        ("10.0.0.1", "10.0.0.1", [("X-Real-IP", "203.0.113.9")], "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", [("Forwarded", "for=203.0.113.9")], "10.0.0.1"),
    ],
)
def test_the_client_is(settings, trusted, peer, headers, client, kind):
    known = through(settings, trusted, peer, headers, kind)
    assert (known["client"][0] if known["client"] else None) == client
    assert b"x-forwarded-for" not in dict(known["headers"])


@pytest.mark.parametrize(
    ("trusted", "text", "scheme"),
    [
        ("", "https", "http"),
        ("10.0.0.1", "https", "https"),
        ("10.0.0.1", "http", "http"),
        ("10.0.0.1", "gopher", "http"),
    ],
)
def test_the_scheme_is(settings, trusted, text, scheme):
    headers = [("X-Forwarded-Proto", text)]
    known = through(settings, trusted, "10.0.0.1", headers)
    assert known["scheme"] == scheme
    assert not known["headers"]
    query = ASGIRequest({**known, "path": "/", "method": "GET"}, io.BytesIO())
    assert query.is_secure() == (scheme == "https")
    socket = through(settings, trusted, "10.0.0.1", headers, "websocket")
    assert socket["scheme"] == scheme.replace("http", "ws")
