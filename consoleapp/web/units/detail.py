"""The page of one unit: status, journal, file with its versions, and its conversion."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from pydantic import ValidationError

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.live import relay
from consoleapp.snapshots import reader
from consoleapp.web.engine_failure import failure
from consoleapp.web.missing import appeared, looks_again, missing
from consoleapp.web.units import difference, rows, styles
from engine.schema import unit_queries as queries
from engine.schema.errors import EngineError
from engine.schema.parameters import Role
from engine.schema.query import Query
from engine.schema.snapshot import UnitRow
from engine.schema.unit_names import template_of

_OPERATORS_ONLY = ("file", "convert")


@require_GET
@require_role(Role.VIEWER)
def unit(request: AccountRequest, account: LinuxAccount, unit: str, view: str) -> HttpResponse:
    """Show one tab of a unit's page, which itself never waits for an engine."""
    reader.watch(account)
    found = reader.load(account)
    snapshot = found.snapshot if found else None
    row = rows.find(snapshot.units, unit) if snapshot else None
    role = request.role
    operates = role.covers(Role.OPERATOR)
    if row is None or snapshot is None:
        known = snapshot is not None
        unread = snapshot.info.units_unread if snapshot else ""
        context: dict[str, Any] = {"asked": unit, "seen": found, "known": known, "unread": unread}
        return missing(request, account, "units/missing.html", context, known=known and not unread)
    if looks_again(request):
        return appeared()
    if view in _OPERATORS_ONLY and not operates:
        view = "status"
    context = {
        "row": row,
        "unit": row.unit,
        "seen": found,
        "info": snapshot.info,
        "view": view,
        "operates": operates,
        "instance": template_of(row.unit),
        "drifts": rows.drifts(row),
        "style": styles.BY_NAME.get(row.style),
    }
    return render(request, f"units/{view}.html", context)


@require_GET
@require_role(Role.VIEWER)
def panel(request: AccountRequest, account: LinuxAccount, unit: str, panel: str) -> HttpResponse:
    """Show what needs the engine: the status, the file with its versions, a conversion."""
    if panel not in _PANELS:
        raise Http404(f"there is no panel called {panel!r}")
    role = request.role
    known = reader.load(account)
    row = rows.find(known.snapshot.units, unit) if known and known.snapshot else None
    if row is None:
        raise Http404("there is no such unit")
    if panel in _OPERATORS_ONLY and not role.covers(Role.OPERATOR):
        raise Http404("not for viewers")
    context: dict[str, Any] = {"row": row, "unit": unit, "operates": role.covers(Role.OPERATOR)}
    try:
        context |= _PANELS[panel](request, account, row)
    except ValidationError as error:
        if not row.problem:
            raise Http404("no unit can have that name") from error
        return render(request, "units/_not_a_unit.html", {"row": row})
    except (EngineError, relay.Unanswered) as error:
        return render(request, "_panel_failed.html", {"error": failure(error)})
    return render(request, f"units/_{panel}.html", context)


def _ask(request: Request, account: LinuxAccount, query: Query) -> dict[str, Any]:
    return relay.document_sync(account, query, Actor.of(request))


def _status(request: Request, account: LinuxAccount, row: UnitRow) -> dict[str, Any]:
    answer = _ask(request, account, queries.UnitStatus(unit=row.unit))
    return {"status": queries.Status.model_validate(answer)}


def _file(request: Request, account: LinuxAccount, row: UnitRow) -> dict[str, Any]:
    """Return the file, or one of its versions with what restoring it would change."""
    if not row.file or not row.readable:
        return {"file": None}
    answer = _ask(request, account, queries.UnitFileText(file=row.file))
    now = queries.FileText.model_validate(answer)
    wanted = request.GET.get("version", "")
    if not wanted:
        return {"file": now, "version": None}
    answer = _ask(request, account, queries.UnitFileText(file=row.file, version=wanted))
    then = queries.FileText.model_validate(answer)
    version = next((each for each in now.versions if each.id == wanted), None)
    lines = difference.lines(now.text, then.text)
    return {"file": now, "version": version, "asked": wanted, "lines": lines}


def _convert(request: Request, account: LinuxAccount, row: UnitRow) -> dict[str, Any]:
    """Return the unit in each of the three styles."""
    container = (row.containers or row.leftovers or [""])[0]
    if not container:
        return {"preview": None}
    answer = _ask(request, account, queries.ContainerUnitPreview(container=container))
    preview = queries.UnitPreview.model_validate(answer)
    return {"preview": preview, "offers": styles.offers(preview, present=row.style)}


_PANELS = {"status": _status, "file": _file, "convert": _convert}
