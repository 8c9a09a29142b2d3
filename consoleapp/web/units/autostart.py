"""“Keep running”: a container becomes a unit, after a preview of its file."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from pydantic import ValidationError

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.requests import AccountRequest
from consoleapp.live import relay
from consoleapp.web.container_lookup import look_up
from consoleapp.web.engine_failure import failure
from consoleapp.web.units import rows, styles
from engine.schema import unit_queries as queries
from engine.schema.errors import EngineError
from engine.schema.parameters import Role


@require_GET
@require_role(Role.OPERATOR)
def keep(request: AccountRequest, account: LinuxAccount, container: str) -> HttpResponse:
    """Show the page that explains the three styles. It loads a preview of each.

    htmx, which asks when units change, gets nothing (204) until a unit keeps the container.
    """
    found = look_up(account, container)
    waits = bool(request.htmx)
    if found.row is None or found.snapshot is None:
        if waits:  # its unit is about to recreate it
            return HttpResponse(status=204)
        raise Http404("there is no such container")
    unit = rows.of_container(found.snapshot.units, found.row.name, found.row.unit)
    if waits and unit is None:
        return HttpResponse(status=204)
    context = {"row": found.row, "info": found.snapshot.info, "managed_by": unit}
    return render(request, "units/keep.html", context)


@require_GET
@require_role(Role.OPERATOR)
def panel(request: AccountRequest, account: LinuxAccount, container: str) -> HttpResponse:
    """Show the files that each style would write, and what it cannot carry over."""
    try:
        query = queries.ContainerUnitPreview(container=container)
        answer = relay.document_sync(account, query, Actor.of(request))
    except ValidationError as error:
        raise Http404("no container can have that name") from error
    except (EngineError, relay.Unanswered) as error:
        return render(request, "_panel_failed.html", {"error": failure(error)})
    preview = queries.UnitPreview.model_validate(answer)
    context = {"preview": preview, "offers": styles.offers(preview), "kind": "container.autostart"}
    return render(request, "units/_offers.html", context)
