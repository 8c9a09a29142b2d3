"""Messages to a syslog server: RFC 5424, over a Unix socket, UDP, or TCP (RFC 6587, by length)."""

import asyncio
import os
import socket
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from consoleapp.audit.chain import moment

# Facility 13 is "log audit"; severities are 5 (notice) and 4 (warning).
_NOTICE, _WARNING = 13 * 8 + 5, 13 * 8 + 4
_TIMEOUT = 10.0
LONGEST_DATAGRAM = 60_000
_PORTS = {"udp": 514, "tcp": 601}


class BadAddress(ValueError):
    """Raised for an invalid address of a syslog server. The message shows a valid one."""


@dataclass(frozen=True)
class Server:
    """`scheme` is unix, udp, or tcp; `path` is for unix, `host` and `port` for the others."""

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""

    @property
    def longest(self) -> int | None:
        """Return the maximum number of bytes of a message."""
        return None if self.scheme == "tcp" else LONGEST_DATAGRAM


def server(url: str) -> Server:
    """Parse unix:///dev/log, udp://host:514, or tcp://host:601. Raises BadAddress."""
    try:
        parts = urlsplit(url)
        if parts.scheme == "unix" and parts.path and not parts.netloc:
            return Server("unix", path=parts.path)
        if parts.scheme in _PORTS and parts.hostname:
            return Server(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme])
    except ValueError as error:
        raise BadAddress(f"{url}: {error}") from error
    raise BadAddress(f"{url} is none of unix:///dev/log, udp://host:514, tcp://host:601")


def message(kind: str, at: datetime, text: str, *, warning: bool = False) -> bytes:
    """Return one message. `text` is ASCII without line ends, as JSON can be written."""
    priority = _WARNING if warning else _NOTICE
    name = socket.gethostname()[:255] or "-"
    return f"<{priority}>1 {moment(at)} {name} berth {os.getpid()} {kind} - {text}".encode()


async def send(to: Server, messages: list[bytes]) -> None:
    """Send `messages` in order. Raises OSError (including TimeoutError) on failure."""
    async with asyncio.timeout(_TIMEOUT):
        if to.scheme == "tcp":
            await _stream(to, messages)
        else:
            await asyncio.to_thread(_datagrams, to, messages)


async def _stream(to: Server, messages: list[bytes]) -> None:
    _, writer = await asyncio.open_connection(to.host, to.port)
    try:
        for each in messages:
            writer.write(b"%d %s" % (len(each), each))
        await writer.drain()
    finally:
        writer.close()
        await writer.wait_closed()


def _datagrams(to: Server, messages: list[bytes]) -> None:
    if to.scheme == "unix":
        family, address = socket.AF_UNIX, to.path
    else:
        found = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_DGRAM)
        family, address = found[0][0], found[0][4]  # type: ignore[assignment]  # IPv6 has longer addresses
    with socket.socket(family, socket.SOCK_DGRAM) as door:
        door.settimeout(_TIMEOUT / 2)
        door.connect(address)
        for each in messages:
            door.send(each)
