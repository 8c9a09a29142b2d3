"""The buttons: approve, decline, and explain a request."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused
from consoleapp.core.requests import Request
from consoleapp.operations.approval.decisions import Uncommented, approve, decline
from consoleapp.operations.approval.request import explain
from consoleapp.operations.audit import name
from consoleapp.operations.visible import visible_operation, visible_operations
from consoleapp.web.approvals.views import about

_MOST_CHOSEN = 200


@require_POST
@login_required
def approve_one(request: Request, operation_id: UUID) -> HttpResponse:
    """Approve one operation and queue it."""
    operation = visible_operation(request.user, operation_id)
    try:
        approve(operation, actor=Actor.of(request), comment=_typed(request, "comment"))
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It is approved, and queued."))
    return redirect("approvals:detail", operation_id)


@require_POST
@login_required
def decline_one(request: Request, operation_id: UUID) -> HttpResponse:
    """Decline one operation, with a reason."""
    operation = visible_operation(request.user, operation_id)
    try:
        decline(operation, actor=Actor.of(request), comment=_typed(request, "comment"))
    except Uncommented as error:
        context = about(request, operation_id) | {"uncommented": str(error)}
        return render(request, "approvals/detail.html", context, status=422)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It is declined."))
    return redirect("approvals:detail", operation_id)


@require_POST
@login_required
def explain_one(request: Request, operation_id: UUID) -> HttpResponse:
    """Store the requester's reason."""
    operation = visible_operation(request.user, operation_id)
    try:
        explain(operation, _typed(request, "note"), actor=Actor.of(request))
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Approvers read your reason now."))
    return redirect("operations:detail", operation_id)


@require_POST
@login_required
def approve_many(request: Request) -> HttpResponse:
    """Approve all selected operations, and report each that could not be approved."""
    done = 0
    chosen = visible_operations(request.user).filter(pk__in=_ids(request))
    for operation in chosen.filter(approval__isnull=False).order_by("requested_at"):
        try:
            approve(operation, actor=Actor.of(request))
            done += 1
        except Refused as error:
            messages.error(request, f"{name(operation)}: {error}")
    if done:
        text = ngettext("%(count)s request is approved.", "%(count)s requests are approved.", done)
        messages.success(request, text % {"count": done})
    elif not chosen:
        messages.error(request, _("Choose what to approve first."))
    return redirect("approvals:list")


def _typed(request: Request, field: str) -> str:
    return request.POST.get(field, "").replace("\x00", "")[:500]


def _ids(request: Request) -> list[UUID]:
    found = []
    for text in request.POST.getlist("operation")[:_MOST_CHOSEN]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue  # not a valid id of an operation
    return found
