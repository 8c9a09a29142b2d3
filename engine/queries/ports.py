"""Find free host ports. The kernel knows them, whoever uses the others."""

import errno
import socket
from collections.abc import AsyncIterator

from engine.podman.client import Podman
from engine.schema.queries import Document, FreePorts

_NO_IPV6 = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


async def free(podman: Podman, query: FreePorts) -> AsyncIterator[Document]:
    """Answer the first `count` ports of the range that can be bound now."""
    taken = set(query.without)
    found: list[int] = []
    for port in range(query.first, query.last + 1):
        if port not in taken and _can_bind(port, query.protocol):
            found.append(port)
            if len(found) == query.count:
                break
    yield Document(data={"free": found})


def _can_bind(port: int, protocol: str) -> bool:
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104 - tried, never listened on
        try:
            probe = socket.socket(family, _KINDS[protocol])
        except OSError:
            continue  # a host without IPv6
        with probe:
            if protocol == "tcp":  # as Podman does: a connection in TIME_WAIT does not matter
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((address, port))
            except OSError as error:
                if family == socket.AF_INET6 and error.errno in _NO_IPV6:
                    continue
                return False
    return True
