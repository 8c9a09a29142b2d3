"""The parts of a container's page that need its engine. htmx loads each separately."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from pydantic import ValidationError

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.requests import AccountRequest
from consoleapp.live import relay
from consoleapp.web import inspection
from consoleapp.web.containers import inspected
from consoleapp.web.engine_failure import failure
from engine.schema import queries
from engine.schema.errors import EngineError
from engine.schema.parameters import REDACTED, Role

Answer = Mapping[str, Any]


def _overview(answer: Answer) -> dict[str, Any]:
    read = inspected.read(answer["data"])
    masked = any(variable.value == REDACTED for variable in read.environment)
    return {"inspected": read, "masked": masked}


def _health(answer: Answer) -> dict[str, Any]:
    return {"health": inspected.read(answer["data"]).health}


def _inspect(answer: Answer) -> dict[str, Any]:
    data = answer["data"]
    lines, cut = inspection.tree(data)
    raw = json.dumps(data, indent=2, ensure_ascii=False)
    return {"lines": lines, "cut": cut, "raw": raw, "masked": REDACTED in raw}


def _table(answer: Answer) -> dict[str, Any]:
    return {"titles": answer["titles"], "rows": answer["rows"]}


PANELS: dict[str, tuple[type[queries.Query], Callable[[Answer], dict[str, Any]]]] = {
    "overview": (queries.ContainerInspect, _overview),
    "processes": (queries.ContainerTop, _table),
    "changes": (queries.ContainerChanges, _table),
    "health": (queries.ContainerInspect, _health),
    "inspect": (queries.ContainerInspect, _inspect),
}


@require_GET
@require_role(Role.VIEWER)
def panel(
    request: AccountRequest, account: LinuxAccount, container: str, panel: str
) -> HttpResponse:
    """Show one panel, or why it is unavailable. `?reveal=1` unmasks secrets for operators."""
    if panel not in PANELS:
        raise Http404(f"there is no panel called {panel!r}")
    query, prepare = PANELS[panel]
    role = request.role
    reveal = "reveal" in request.GET and role.covers(Role.OPERATOR)
    context = {"container": container, "panel": panel, "operates": role.covers(Role.OPERATOR)}
    try:
        wanted = query.model_validate({"container": container})
        answer = relay.document_sync(account, wanted, Actor.of(request), reveal=reveal)
    except ValidationError as error:
        raise Http404("no container can have that name") from error
    except (EngineError, relay.Unanswered) as error:
        return render(request, "_panel_failed.html", {**context, "error": failure(error)})
    context |= {"revealed": reveal, **prepare(answer)}
    return render(request, f"containers/detail/_{panel}.html", context)


@require_GET
@require_role(Role.VIEWER)
def raw(request: AccountRequest, account: LinuxAccount, container: str) -> HttpResponse:
    """Return the inspect data as a JSON file, masked as on the page."""
    role = request.role
    reveal = "reveal" in request.GET and role.covers(Role.OPERATOR)
    try:
        query = queries.ContainerInspect(container=container)
        answer = relay.document_sync(account, query, Actor.of(request), reveal=reveal)
    except ValidationError as error:
        raise Http404("no container can have that name") from error
    except (EngineError, relay.Unanswered) as error:
        report = failure(error)
        return HttpResponse(f"{report['message']}\n", status=502, content_type="text/plain")
    text = _inspect(answer)["raw"]
    response = HttpResponse(text, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{container[:64]}.json"'
    return response
