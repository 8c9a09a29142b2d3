"""Join the pieces of long lines in a container's output for readers of whole lines.

An engine sends long lines in pieces, so that its memory and the relay's messages stay small.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

LONGEST_LINE = 1024 * 1024
"""Characters. A longer line stays in pieces of this size, all but the last one `partial`."""


async def whole(
    answers: AsyncGenerator[dict[str, Any], None],
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the answers with the pieces of each line joined, at the time of the first piece."""
    begun: dict[str, tuple[dict[str, Any], list[str], int]] = {}
    async with aclosing(answers):
        async for answer in answers:
            if answer["type"] != "line":
                yield answer
                continue
            stream = answer["stream"]
            first, pieces, length = begun.pop(stream, (answer, [], 0))
            pieces.append(answer["text"])
            length += len(answer["text"])
            if answer.get("partial") and length < LONGEST_LINE:
                begun[stream] = (first, pieces, length)
            else:
                partial = bool(answer.get("partial"))
                yield {**first, "text": "".join(pieces), "partial": partial}
    for first, pieces, _ in begun.values():
        yield {**first, "text": "".join(pieces), "partial": False}
