"""Limits on what an engine answers: it runs as somebody else's account, and may be anything.

Each limit is far above what an honest engine sends. Beyond it the answer is an `EngineFault`,
before it costs memory or time.
"""

from collections.abc import AsyncIterator
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from engine.schema.errors import EngineFault

MIB = 1024 * 1024
SNAPSHOT = 16 * MIB
"""Bytes of an answer that is read as a whole; a thousand containers take less than one."""
EVENT = MIB
MESSAGE = 2 * MIB
"""Bytes of one line of an operation's stream."""
ANSWER = 16 * MIB
"""Bytes of one line of a query's stream: an inspect document, or a table of many rows."""
REFUSAL = 64 * 1024
"""Bytes of an answer that says why not."""
DEPTH = 100
"""Levels of lists and objects in a document; Podman's own have about ten."""
WHOLE_SECONDS = 60.0
"""For an answer that is read as a whole, from the request to its last byte."""
SILENCE_SECONDS = 60.0
"""Between two pieces of a file."""
T = TypeVar("T")


def parse(adapter: TypeAdapter[T], text: bytes | str) -> T:
    """The model in `text`. Raises EngineFault for anything else."""
    try:
        found = adapter.validate_json(text)
    except (ValidationError, RecursionError) as error:
        raise EngineFault(
            "The engine's answer makes no sense to this version of the console.",
            "Restart the account's engine, so that it is of the console's version.",
        ) from error
    if depth(getattr(found, "data", None)) > DEPTH:
        raise EngineFault("The engine's answer is nested too deeply.")
    return found


def depth(data: Any) -> int:
    """How many levels of lists and objects there are; stops looking beyond DEPTH."""
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
    """All pieces as one. Raises EngineFault when they are more than `most` bytes."""
    return b"".join([piece async for piece in counted(pieces, most)])


async def start(pieces: AsyncIterator[bytes], most: int) -> bytes:
    """The first pieces, until there are `most` bytes; the rest is not read."""
    found = bytearray()
    async for piece in pieces:
        found += piece
        if len(found) >= most:
            break
    return bytes(found[:most])


async def counted(pieces: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    """`pieces`, as long as they are not more than `most` bytes. Raises EngineFault."""
    passed = 0
    async for piece in pieces:
        passed += len(piece)
        if passed > most:
            raise EngineFault(f"The engine sent more than {most} bytes.")
        yield piece


async def lines(pieces: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    """What ends with a newline, one by one. Raises EngineFault for a line over `most` bytes."""
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
    return EngineFault(f"The engine sent a line of more than {most} bytes.")
