"""Limits on the answers of an engine, which runs as another account and may send anything.

Each limit is far above what a correct engine sends. An answer beyond it raises `EngineFault` before
it costs memory or time.
"""

from collections.abc import AsyncIterator
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from engine.schema.errors import EngineFault
from engine.schema.messages import msg

MIB = 1024 * 1024
SNAPSHOT = 16 * MIB
"""Bytes of an answer that is read as a whole. A thousand containers take less than 1 MiB."""
EVENT = MIB
MESSAGE = 2 * MIB
"""Bytes per line of an operation's stream."""
ANSWER = 16 * MIB
"""Bytes per line of a query's stream: an inspect document, or a table of many rows."""
REFUSAL = 64 * 1024
"""Bytes of an error answer."""
DEPTH = 100
"""Levels of lists and objects in a document. Podman's own documents have about ten."""
WHOLE_SECONDS = 60.0
"""The time for an answer that is read as a whole, from the request to its last byte."""
SILENCE_SECONDS = 60.0
"""The time between two pieces of a file."""
T = TypeVar("T")


def parse(adapter: TypeAdapter[T], text: bytes | str) -> T:
    """Parse `text` into a model. Raises EngineFault for anything else."""
    try:
        found = adapter.validate_json(text)
    except (ValidationError, RecursionError) as error:
        raise EngineFault(
            msg("The engine's answer makes no sense to this version of the console."),
            msg("Restart the account's engine, so that it is of the console's version."),
        ) from error
    if depth(getattr(found, "data", None)) > DEPTH:
        raise EngineFault(msg("The engine's answer is nested too deeply."))
    return found


def depth(data: Any) -> int:
    """Return the levels of nested lists and objects. Stops counting beyond DEPTH."""
    level, row = 0, [data]
    while row and level <= DEPTH:
        row = [child for each in row for child in _children(each)]
        level += bool(row)
    return level


def _children(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


async def whole(pieces: AsyncIterator[bytes], most: int) -> bytes:
    """Join all pieces. Raises EngineFault if they exceed `most` bytes."""
    return b"".join([piece async for piece in counted(pieces, most)])


async def start(pieces: AsyncIterator[bytes], most: int) -> bytes:
    """Return the first `most` bytes of the pieces without reading the rest."""
    found = bytearray()
    async for piece in pieces:
        found += piece
        if len(found) >= most:
            break
    return bytes(found[:most])


async def counted(pieces: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    """Yield `pieces`. Raises EngineFault when they exceed `most` bytes."""
    passed = 0
    async for piece in pieces:
        passed += len(piece)
        if passed > most:
            raise EngineFault(msg("The engine sent more than %(most)s bytes.", most=most))
        yield piece


async def lines(pieces: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    """Yield the lines without their newlines. Raises EngineFault for a line over `most` bytes."""
    begun: list[bytes] = []
    length = 0
    async for piece in pieces:
        first, *more = piece.split(b"\n")
        for end in more:
            if length + len(first) > most:
                raise _endless(most)
            yield b"".join([*begun, first])
            begun, length, first = [], 0, end
        begun.append(first)
        length += len(first)
        if length > most:
            raise _endless(most)


def _endless(most: int) -> EngineFault:
    return EngineFault(msg("The engine sent a line of more than %(most)s bytes.", most=most))
