"""Mask what looks like a secret in an engine's answers before they are passed on.

The observer does this, so it applies to pages, the API, and WebSockets. Only an explicit request
gets the unmasked answer, and only from users who may also act on the account.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

from pydantic import BaseModel

from engine.schema.layers import ImageCompare, ImageLayers
from engine.schema.parameters import (
    REDACTED,
    SECRET_WORDS,
    URL_WITH_PASSWORD,
    is_secret,
    redact_word,
)
from engine.schema.queries import (
    ContainerInspect,
    ContainerTop,
    Document,
    ImageHistory,
    ImageInspect,
    ManifestInspect,
    Query,
    RemoteImageInspect,
    Table,
)
from engine.schema.snapshot import ContainerRow, ImageRow

MASKED = (
    *(ContainerInspect, ContainerTop, ImageInspect, ImageHistory, ManifestInspect),
    *(ImageLayers, ImageCompare, RemoteImageInspect),
)
"""The queries whose answers contain other people's variables, labels, and command lines."""
_DEEPEST = 100
# Bounded, so that many unterminated quotes are not each searched to the end of the text.
_ASSIGNMENT = re.compile(
    r"""(?<![\w.-])([A-Za-z_][\w.-]{0,200})="""
    r"""("(?:[^"\\]|\\.){0,4096}"|'[^']{0,4096}'|\S+)"""
)
_OPTION = re.compile(r"""(?<!\S)(--?[\w-]{1,100})(\s+)("[^"]{0,4096}"|'[^']{0,4096}'|[^\s-]\S*)""")


async def masked(query: Query, answers: AsyncIterator[BaseModel]) -> AsyncIterator[BaseModel]:
    """Yield `answers` to `query`, masked if they may contain secrets."""
    async with aclosing(answers):  # type: ignore[type-var]  # it is a generator
        async for answer in answers:
            yield _masked(answer) if isinstance(query, MASKED) else answer


def _masked(answer: BaseModel) -> BaseModel:
    if isinstance(answer, Document):
        return answer.model_copy(update={"data": redacted(answer.data)})
    if isinstance(answer, Table):
        rows = [[redacted(cell) for cell in row] for row in answer.rows]
        return answer.model_copy(update={"rows": rows})
    return answer


def container_row(row: ContainerRow) -> ContainerRow:
    """Return a masked row of a snapshot."""
    return row.model_copy(update={"labels": redacted(row.labels), "command": redacted(row.command)})


def image_row(row: ImageRow) -> ImageRow:
    """Return the same for an image."""
    return row.model_copy(update={"labels": redacted(row.labels)})


def redacted(data: Any, depth: int = 0) -> Any:
    """Return the data with masked secrets: variables, labels, and command lines."""
    if depth > _DEEPEST:
        return REDACTED
    if isinstance(data, Mapping):
        called = data.get("name") or data.get("Name")
        return {
            name: REDACTED
            if isinstance(value, str)
            and (is_secret(str(name), value) or _is_value_of(called, str(name), value))
            else redacted(value, depth + 1)
            for name, value in data.items()
        }
    if isinstance(data, list):
        return [
            REDACTED
            if isinstance(each, str) and each and number and _asks_for_one(data[number - 1])
            else redacted(each, depth + 1)
            for number, each in enumerate(data)
        ]
    if isinstance(data, str):
        whole = redact_word(data)
        return whole if whole != data else redacted_text(data)
    return data


def redacted_text(text: str) -> str:
    """Mask a command line, a build instruction, or another text with assignments."""
    text = _ASSIGNMENT.sub(_assignment, text)
    text = _OPTION.sub(_option, text)
    return URL_WITH_PASSWORD.sub(_url, text)


def _assignment(found: "re.Match[str]") -> str:
    name, value = found.groups()
    return f"{name}={REDACTED}" if SECRET_WORDS.search(name) else f"{name}={value}"


def _option(found: "re.Match[str]") -> str:
    name, space, value = found.groups()
    return f"{name}{space}{REDACTED if SECRET_WORDS.search(name) else value}"


def _url(found: "re.Match[str]") -> str:
    return f"{found[0][: found[0].index(':', 3) + 1]}{REDACTED}@"


def _is_value_of(called: Any, key: str, value: str) -> bool:
    """Return whether it is the secret in `{"name": "DB_PASSWORD", "value": "…"}`."""
    return (
        isinstance(called, str)
        and key.lower() in ("value", "before", "after")
        and is_secret(called, value)
    )


def _asks_for_one(word: Any) -> bool:
    """Return whether the next word of a command line is a secret: `--password`."""
    return isinstance(word, str) and bool(
        re.fullmatch(r"--?[\w-]{1,100}", word) and SECRET_WORDS.search(word)
    )
