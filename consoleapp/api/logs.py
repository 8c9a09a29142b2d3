"""/accounts/{account}/containers/{container}/logs: streamed, never held in memory."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from consoleapp.api.accounts import find_account
from consoleapp.api.credentials import actor_of
from consoleapp.api.paging import Moment
from consoleapp.api.problems import responses
from consoleapp.live import log_lines, relay
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.parameters import ContainerName
from engine.schema.queries import ContainerLogs

router = Router(tags=["containers"])
TYPES = {"text": "text/plain; charset=utf-8", "json": "application/x-ndjson"}
LINES_A_CHUNK = 500
FIRST_WITHIN = 2.0  # seconds in which an error still becomes a status, not a line


class LogFilter(BaseModel):
    """The lines to return: the last `tail` of those between `since` and `until`; default: all."""

    tail: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    since: Moment | None = None
    until: Moment | None = None
    follow: bool = False
    format: Literal["text", "json"] = "text"
    """`json`: an object per line with `at`, `stream`, `text`, and `partial`.

    `partial` is true if a line is longer than 1 MiB and continues in the next object of its stream.
    """


@router.get(
    "/accounts/{account}/containers/{container}/logs",
    response=responses({}, 503, 504),
    openapi_extra={
        "responses": {
            200: {
                "description": "The lines, oldest first",
                "content": {
                    "text/plain": {"schema": {"type": "string"}},
                    "application/x-ndjson": {"schema": {"type": "string"}},
                },
            }
        }
    },
    summary="Logs of a container",
)
async def read_logs(
    request: HttpRequest, account: str, container: ContainerName, filters: Query[LogFilter]
) -> StreamingHttpResponse:
    """Stream its output, oldest line first, with its own ANSI escapes."""
    actor = actor_of(request)
    found = await sync_to_async(find_account)(actor, account)
    query = ContainerLogs(container=container, **filters.model_dump(exclude={"format"}))
    answers = aiter(log_lines.whole(relay.ask(found, query, actor)))
    first = asyncio.ensure_future(anext(answers, None))
    done, _ = await asyncio.wait({first}, timeout=FIRST_WITHIN)
    if done:
        _raise_error(first.result())  # including the relay's own errors
    lines = _chunks(first, answers, filters)
    return StreamingHttpResponse(lines, content_type=TYPES[filters.format])


def _raise_error(answer: dict[str, Any] | None) -> None:
    if answer and answer["type"] == "error":
        raise EngineError(ErrorCode(answer["code"]), answer["message"], answer.get("remedy", ""))


async def _chunks(
    first: "asyncio.Future[dict[str, Any] | None]",
    answers: AsyncIterator[dict[str, Any]],
    filters: LogFilter,
) -> AsyncIterator[str]:
    try:
        answer = await first
        waiting: list[str] = []
        while answer is not None:
            waiting.append(_line(answer, filters.format))
            # Followed lines are sent one by one, others in chunks, since each chunk costs a send.
            if filters.follow or len(waiting) >= LINES_A_CHUNK:
                yield "".join(waiting)
                waiting = []
            answer = await anext(answers, None)
        if waiting:
            yield "".join(waiting)
    finally:
        first.cancel()
        await answers.aclose()  # type: ignore[attr-defined]  # it is a generator


def _line(answer: dict[str, Any], spelled: str) -> str:
    if spelled == "json":
        return json.dumps(answer, ensure_ascii=False) + "\n"
    if answer["type"] != "line":
        # After the first line, only the stream itself can report an error.
        return f"[{answer['message']}]\n"
    return str(answer["text"]) + ("" if answer["partial"] else "\n")
