"""Download a container's logs, streamed line by line, so that memory use stays constant."""

import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from django import forms
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET
from pydantic import ValidationError

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.requests import AccountRequest
from consoleapp.live import log_lines, relay
from consoleapp.web.engine_failure import failure
from engine.schema.errors import EngineError
from engine.schema.parameters import Role
from engine.schema.queries import ContainerLogs

# CSI sequences; OSC, DCS, PM, and APC up to their end; any other two-character escape.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x1b\\|\x07|$)|[ -/]*[0-~])")
_LINES_A_CHUNK = 500


class Wanted(forms.Form):
    """Which lines to return, and in which format."""

    tail = forms.IntegerField(min_value=0, max_value=1_000_000, required=False)
    since = forms.DateTimeField(required=False)
    stream = forms.ChoiceField(
        choices=[("", "both"), ("stdout", "stdout"), ("stderr", "stderr")], required=False
    )
    timestamps = forms.BooleanField(required=False)
    escapes = forms.BooleanField(required=False)


@require_GET
@require_role(Role.VIEWER)
async def download(
    request: AccountRequest, account: LinuxAccount, container: str
) -> HttpResponseBase:
    """Return the logs as a text file; 400 for invalid parameters."""
    wanted = Wanted(request.GET)
    if not wanted.is_valid():
        return HttpResponse(wanted.errors.as_text(), status=400, content_type="text/plain")
    choice = wanted.cleaned_data
    try:
        query = ContainerLogs(container=container, tail=choice["tail"], since=choice["since"])
    except ValidationError as error:
        raise Http404("no container can have that name") from error
    answers = log_lines.whole(relay.ask(account, query, Actor.of(request)))
    try:
        first = await anext(answers, None)
    except (EngineError, relay.Unanswered) as error:
        return HttpResponse(f"{failure(error)['message']}\n", status=502, content_type="text/plain")
    if first and first.get("type") == "error":
        status = 404 if first["code"] == "not_found" else 502
        return HttpResponse(f"{first['message']}\n", status=status, content_type="text/plain")
    response = StreamingHttpResponse(
        _text(first, answers, choice), content_type="text/plain; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{container[:64]}.log"'
    return response


async def _text(
    first: dict[str, Any] | None, rest: AsyncIterator[dict[str, Any]], choice: dict[str, Any]
) -> AsyncIterator[str]:
    lines = [spell(first, choice)] if first else []
    async for answer in rest:
        lines.append(spell(answer, choice))
        if len(lines) >= _LINES_A_CHUNK:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


def spell(answer: dict[str, Any], choice: dict[str, Any]) -> str:
    """Return one answer as text, with a newline unless it continues; "" for the other stream."""
    if answer.get("type") == "error":
        return f"\n[Berth: the logs could not be read to their end: {answer.get('message', '')}]\n"
    if choice["stream"] and answer.get("stream") != choice["stream"]:
        return ""
    text = answer.get("text", "")
    if not choice["escapes"]:
        text = _ESCAPES.sub("", text)
    at = answer.get("at") if choice["timestamps"] else None
    when = datetime.fromisoformat(at).isoformat(timespec="milliseconds") + " " if at else ""
    return f"{when}{text}" + ("" if answer.get("partial") else "\n")
