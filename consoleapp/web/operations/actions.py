"""The buttons: cancel and retry."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused
from consoleapp.core.requests import Request
from consoleapp.i18n.rendering import in_language
from consoleapp.operations.models import Operation
from consoleapp.operations.submit import cancel, retry
from consoleapp.operations.visible import visible_operation, visible_operations
from consoleapp.web.accepted import accepted, refused


def _url(operation: Operation) -> str:
    return reverse("operations:detail", args=[operation.pk])


@require_POST
@login_required
def cancel_one(request: Request, operation_id: UUID) -> HttpResponse:
    """Cancel one operation."""
    operation = visible_operation(request.user, operation_id)
    try:
        cancel(operation, actor=Actor.of(request))
    except Refused as refusal:
        return refused(request, refusal, next=_url(operation))
    return accepted(
        request,
        operation,
        next=_url(operation),
        label=_("Cancel %(operation)s") % {"operation": _name(operation)},
    )


@require_POST
@login_required
def retry_one(request: Request, operation_id: UUID) -> HttpResponse:
    """Retry one operation, as a new one."""
    operation = visible_operation(request.user, operation_id)
    try:
        again = retry(operation, actor=Actor.of(request))
    except Refused as refusal:
        return refused(request, refusal, next=_url(operation))
    return accepted(request, again, next=_url(again))


@require_POST
@login_required
def cancel_many(request: Request) -> HttpResponse:
    """Cancel all selected operations. Those that have ended are skipped."""
    chosen = _ids(request.POST.getlist("operation"))
    operations = visible_operations(request.user).filter(pk__in=chosen, ended_at=None)
    cancelled: list[Operation] = []
    violations_of: list[str] = []
    for operation in operations:
        try:
            cancel(operation, actor=Actor.of(request))
            cancelled.append(operation)
        except Refused as refusal:
            violations_of.append(f"{_name(operation)}: {in_language(str(refusal))}")
    back = reverse("operations:list")
    if violations_of:
        return refused(request, " ".join(violations_of), next=back)
    if not cancelled:
        return refused(request, _("None of the selected operations is running."), next=back)
    count = len(cancelled)
    label = ngettext("Cancel %(count)s operation", "Cancel %(count)s operations", count)
    return accepted(request, cancelled, next=back, label=label % {"count": count})


def _ids(texts: list[str]) -> list[UUID]:
    found = []
    for text in texts[:1000]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue  # not a valid id of an operation
    return found


def _name(operation: Operation) -> str:
    return f"{operation.kind} {operation.target}".strip()
