"""A container's output, line by line, with memory use that does not grow with its length."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Literal

import aiohttp

from engine.podman import api
from engine.podman.client import Podman
from engine.schema.queries import ContainerLogs, LogLine

_HEADER = 8
LONGEST_PIECE = 64 * 1024
"""Bytes. A longer line comes in pieces, all but the last one `partial`."""
Stream = Literal["stdout", "stderr"]


async def logs(podman: Podman, query: ContainerLogs) -> AsyncIterator[LogLine]:
    """Yield its lines, oldest first; with `follow`, until the container ends."""
    # Podman reports a missing container only after it has started to answer, so check first.
    await api.inspect_container(podman, query.container)
    # Podman's drivers treat fractions differently. So Podman gets whole seconds, rounded so that no
    # line is missing, and the rest is filtered here.
    since = query.since.astimezone(UTC) if query.since else None
    until = query.until.astimezone(UTC) if query.until else None
    params = {"stdout": "true", "stderr": "true", "timestamps": "true"}
    params["follow"] = "true" if query.follow else "false"
    if query.tail is not None:
        params["tail"] = str(query.tail)
    if since:
        params["since"] = str(int(since.timestamp()))
    if until:
        params["until"] = str(int(until.timestamp()) + 1)
    async with api.container_logs(podman, query.container, params) as response:
        async for stream, text, partial in _lines(response.content):
            line = _line(stream, text, partial)
            early = since and line.at and line.at < since
            late = until and line.at and line.at > until
            if not early and not late:
                yield line


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[tuple[Stream, str, bool]]:
    """Yield lines from Podman's frames, and whether each continues.

    A frame is 8 bytes of header (stream and length), then text.
    """
    # As bytes: a frame may end within a character.
    pending: dict[Stream, bytes] = {}
    while True:
        try:
            header = await content.readexactly(_HEADER)
            text = await content.readexactly(int.from_bytes(header[4:], "big"))
        except asyncio.IncompleteReadError:
            break
        stream: Stream = "stderr" if header[0] == 2 else "stdout"
        before = pending.pop(stream, b"")
        if before:
            # The rest of a line that was too long for one entry: its own timestamp means nothing.
            text = before + text.partition(b" ")[2]
        ends = text.endswith(b"\n")
        if not ends and len(text) < LONGEST_PIECE:
            pending[stream] = text
            continue
        yield stream, text.removesuffix(b"\n").decode("utf-8", "replace"), not ends
    for stream, text in pending.items():
        yield stream, text.decode("utf-8", "replace"), False


def _line(stream: Stream, text: str, partial: bool) -> LogLine:
    stamp, _, rest = text.partition(" ")
    at: datetime | None
    try:
        at = datetime.fromisoformat(_microseconds(stamp))
    except ValueError:
        at, rest = None, text
    return LogLine(
        stream=stream, at=at, text=rest if partial else rest.rstrip("\r"), partial=partial
    )


def _microseconds(stamp: str) -> str:
    """Parse a timestamp. Go writes nanoseconds; Python reads at most six digits."""
    head, dot, tail = stamp.partition(".")
    if not dot:
        return stamp
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}.{tail[: min(digits, 6)]}{tail[digits:]}"
