"""Ask the kernel who is at the other end of a Unix socket."""

import asyncio
import socket
import struct

_CREDENTIALS = struct.Struct("3i")


def peer_uid(transport: asyncio.BaseTransport | None) -> int | None:
    """Return the uid of the peer process, or None if the connection is gone."""
    connection = transport.get_extra_info("socket") if transport else None
    if connection is None:
        return None
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(raw)[1])
