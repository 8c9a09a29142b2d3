"""Auto-update: what newer images would change now, and the daily timer."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.requests import AccountRequest
from consoleapp.live import relay
from consoleapp.operations.models import Operation
from consoleapp.snapshots import reader
from consoleapp.web.engine_failure import failure
from engine.schema.errors import EngineError
from engine.schema.parameters import Role
from engine.schema.unit_queries import AutoUpdatePreview, AutoUpdates

_RUNS = 5


@require_GET
@require_role(Role.VIEWER)
def updates(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the page. It loads the dry run, which queries registries."""
    reader.watch(account)
    known = reader.load(account)
    role = request.role
    runs = Operation.objects.filter(account=account, kind="autoupdate.run")
    context = {
        "info": known.snapshot.info if known and known.snapshot else None,
        "operates": role.covers(Role.OPERATOR),
        "runs": runs.order_by("-requested_at")[:_RUNS],
        "view": "updates",
    }
    return render(request, "units/updates.html", context)


@require_GET
@require_role(Role.VIEWER)
def panel(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the dry run and the timer."""
    role = request.role
    try:
        answer = relay.document_sync(account, AutoUpdatePreview(), Actor.of(request))
    except (EngineError, relay.Unanswered) as error:
        return render(request, "_panel_failed.html", {"error": failure(error)})
    found = AutoUpdates.model_validate(answer)
    pending = [each for each in found.containers if each.updated == "pending"]
    context = {"found": found, "pending": pending, "operates": role.covers(Role.OPERATOR)}
    return render(request, "units/_updates.html", context)
