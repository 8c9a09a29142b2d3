"""Query the engine, and render its answer as part of a page."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from pydantic import ValidationError

from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.requests import AccountRequest
from consoleapp.live import relay
from consoleapp.web.engine_failure import failure
from consoleapp.web.model_form import first_error
from engine.schema.errors import EngineError
from engine.schema.messages import load
from engine.schema.parameters import Role
from engine.schema.queries import Query


def filled(
    request: AccountRequest,
    account: LinuxAccount,
    query: type[Query],
    parameters: dict[str, Any],
    template: str,
    **context: Any,
) -> HttpResponse:
    """Render `template` with the answer as `answer`, or why there is none."""
    role = request.role
    context |= {"operates": role.covers(Role.OPERATOR)}
    try:
        wanted = query.model_validate(parameters)
        answer = relay.document_sync(account, wanted, Actor.of(request))
    except ValidationError as error:
        message = first_error(error)
        return render(request, "registries/_failed.html", {"error": {"message": message}})
    except (EngineError, relay.Unanswered) as error:
        return render(request, "_panel_failed.html", {**context, "error": failure(error)})
    return render(request, template, {**context, "answer": load(answer.get("data", answer))})
