"""The list of requests, and everything that an approver needs to know about one."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from consoleapp.accounts.models import User
from consoleapp.accounts.notes import remember
from consoleapp.core.requests import Request
from consoleapp.operations import disclosure
from consoleapp.operations.approval.approvers import decidable
from consoleapp.operations.models import Operation
from consoleapp.operations.visible import operable, visible_operation, visible_operations
from consoleapp.web.navigation import DECIDES
from consoleapp.web.query import query_without_page

ROWS = 50
SHOWN = ("waiting", "mine", "all")


@require_safe
@login_required
def everything(request: Request) -> HttpResponse:
    """List requests that I may decide (`show=waiting`), my own (`mine`), or all visible ones."""
    user: User = request.user
    show = request.GET.get("show", "")
    show = show if show in SHOWN else "waiting"
    words = request.GET.get("q", "").replace("\x00", "")[:200].strip()
    rows = _rows(user, show)
    if words:
        rows = rows.filter(
            Q(target__icontains=words)
            | Q(kind__icontains=words)
            | Q(actor_name__icontains=words)
            | Q(account__key__icontains=words)
        )
    page = Paginator(rows.order_by("-requested_at", "pk"), ROWS).get_page(request.GET.get("page"))
    mine = set(decidable(user).filter(pk__in=[row.pk for row in page]).values_list("pk", flat=True))
    _keep_the_way(request, bool(mine))
    context = {
        "show": show,
        "q": words,
        "page": page,
        "query": query_without_page(request),
        "mine_to_decide": mine,
    }
    partial = request.htmx and not request.htmx.history_restore_request
    return render(request, f"approvals/{'_table' if partial else 'list'}.html", context)


@require_safe
@login_required
def counter(request: Request) -> HttpResponse:
    """Return the number of requests that I may decide, for the menu."""
    count = decidable(request.user).count()
    return render(request, "approvals/_counter.html", {"approvals_count": count})


@require_safe
@login_required
def detail(request: Request, operation_id: UUID) -> HttpResponse:
    """Show one request: exactly what will run, why it waits, and the buttons for approvers."""
    partial = request.htmx and not request.htmx.history_restore_request
    name = f"approvals/{'_detail' if partial else 'detail'}.html"
    return render(request, name, about(request, operation_id))


def about(request: Request, operation_id: UUID) -> dict[str, Any]:
    """Return the template's context for one request. Raises Http404."""
    operation = visible_operation(request.user, operation_id)
    approval = getattr(operation, "approval", None)
    if approval is None:
        raise Http404("it needed no approval")
    may_decide = decidable(request.user).filter(pk=operation.pk).exists()
    _keep_the_way(request, may_decide)
    sees_all = may_decide or operation.account_id in operable(request.user)
    return {
        "operation": operation,
        "parameters": disclosure.parameters(operation, operates=sees_all),
        "approval": approval,
        "requirements": approval.requirements.prefetch_related("groups").order_by("pk"),
        "may_decide": may_decide,
        "is_mine": operation.requested_by_id == request.user.pk,
    }


def _keep_the_way(request: Request, decides: bool) -> None:
    """Keep the menu entry for users who once had something to decide."""
    if decides:
        remember(request, DECIDES, True)


def _rows(user: User, show: str) -> QuerySet[Operation]:
    if show == "waiting":
        return decidable(user).select_related("account", "approval")
    rows = visible_operations(user).filter(approval__isnull=False).select_related("approval")
    return rows.filter(requested_by=user) if show == "mine" else rows
