"""Lists of operations, and the details of one."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from consoleapp.accounts.access import require_role
from consoleapp.accounts.audit_access import owns, readable_events
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.operations import disclosure
from consoleapp.operations.models import Operation
from consoleapp.operations.visible import operable, visible_operation, visible_operations
from consoleapp.web.operations.filters import OperationFilters
from consoleapp.web.query import query_without_page
from engine.schema.parameters import Role

ROWS = 50


@require_safe
@login_required
def everything(request: Request) -> HttpResponse:
    """List all operations that the user may see; with ?mine=1, only their own."""
    operations = visible_operations(request.user)
    mine = bool(request.GET.get("mine"))
    if mine:
        operations = operations.filter(requested_by=request.user)
    return _list(request, operations, {"mine": mine})


@require_safe
@require_role(Role.VIEWER)
def of_account(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """List the operations of one account."""
    operations = visible_operations(request.user).filter(account=account)
    return _list(request, operations, {"of": account})


def _list(
    request: Request, operations: QuerySet[Operation], context: dict[str, Any]
) -> HttpResponse:
    filters = OperationFilters(request.GET, request.user, with_account="of" not in context)
    page = Paginator(filters.apply(operations), ROWS).get_page(request.GET.get("page"))
    context |= {
        "filters": filters,
        "page": page,
        "query": query_without_page(request),
        "operable": operable(request.user),
    }
    partial = request.htmx and not request.htmx.history_restore_request
    return render(request, f"operations/{'_table' if partial else 'list'}.html", context)


@require_safe
@login_required
def detail(request: Request, operation_id: UUID) -> HttpResponse:
    """Show one operation: states, progress, parameters, command, result or error, audit events."""
    operation = visible_operation(request.user, operation_id)
    may_operate = operation.account_id in operable(request.user)
    readable = readable_events(request.user)
    mine = operation.requested_by_id == request.user.pk
    context = {
        "operation": operation,
        "parameters": disclosure.parameters(operation, operates=may_operate),
        "may_operate": may_operate,
        "shows_address": mine or owns(request.user, operation.account_id),
        "events": readable.filter(operation=operation.pk).order_by("at", "pk")[:100],
        "retries": operation.retries.order_by("requested_at")[:20],
    }
    partial = request.htmx and not request.htmx.history_restore_request
    return render(request, f"operations/{'_detail' if partial else 'detail'}.html", context)
