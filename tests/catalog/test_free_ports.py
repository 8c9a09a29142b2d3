"""An engine reports free host ports: real sockets, whoever uses them."""

import socket

import pytest

from engine.queries.ports import free
from engine.schema.queries import FreePorts


@pytest.mark.parametrize(
    ("family", "kind", "protocol"),
    [
        (socket.AF_INET, socket.SOCK_STREAM, "tcp"),
        (socket.AF_INET6, socket.SOCK_STREAM, "tcp"),
        (socket.AF_INET, socket.SOCK_DGRAM, "udp"),
    ],
)
async def test_a_port_that_somebody_has_is_skipped(family, kind, protocol):
    with socket.socket(family, kind) as other:
        other.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        query = FreePorts(first=port, last=port, protocol=protocol)
        assert [answer.data async for answer in free(None, query)] == [{"free": []}]
    assert [answer.data async for answer in free(None, query)] == [{"free": [port]}]
    without = query.model_copy(update={"without": [port]})
    assert [answer.data async for answer in free(None, without)] == [{"free": []}]
