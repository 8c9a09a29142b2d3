"""The doctor: the health of an account's session, with a remedy per finding."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.requests import AccountRequest
from consoleapp.live import relay
from consoleapp.snapshots import reader
from consoleapp.web.engine_failure import failure
from engine.schema.errors import EngineError
from engine.schema.parameters import Role
from engine.schema.unit_queries import Health, SessionHealth

_WORST_FIRST = ("problem", "warning", "ok")


@require_GET
@require_role(Role.VIEWER)
def doctor(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the page, which loads the findings."""
    reader.watch(account)
    return render(request, "doctor/doctor.html", {})


@require_GET
@require_role(Role.VIEWER)
def findings(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the findings, problems first, and the switch for lingering."""
    role = request.role
    try:
        answer = relay.document_sync(account, SessionHealth(), Actor.of(request))
    except (EngineError, relay.Unanswered) as error:
        return render(request, "_panel_failed.html", {"error": failure(error)})
    health = Health.model_validate(answer)
    known = reader.load(account)
    context = {
        "findings": sorted(health.findings, key=lambda each: _WORST_FIRST.index(each.state)),
        "problems": sum(each.state == "problem" for each in health.findings),
        "warnings": sum(each.state == "warning" for each in health.findings),
        "info": known.snapshot.info if known and known.snapshot else None,
        "operates": role.covers(Role.OPERATOR),
    }
    return render(request, "doctor/_findings.html", context)
