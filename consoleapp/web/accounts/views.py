"""The list of Linux accounts, and the overview of one."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.accounts.roles import accounts_with_roles
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.operations.visible import operable, visible_operations
from consoleapp.web.accounts.summary import summarise
from engine.schema.parameters import Role

RECENT = 8


@require_safe
@login_required
def everything(request: Request) -> HttpResponse:
    """List all accounts that the user has a grant for."""
    summaries = [summarise(account, role) for account, role in accounts_with_roles(request.user)]
    return render(request, "accounts/list.html", {"summaries": summaries})


@require_safe
@require_role(Role.VIEWER)
def overview(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show one account: its Podman, storage, limits, and recent events."""
    recent = visible_operations(request.user).filter(account=account)
    recent = recent.order_by("-requested_at")[:RECENT]
    context = {
        "summary": summarise(account, request.role),
        "recent": recent,
        "operable": operable(request.user),
    }
    partial = request.htmx and not request.htmx.history_restore_request
    return render(request, f"accounts/{'_overview' if partial else 'detail'}.html", context)


@require_safe
@require_role(Role.VIEWER)
def silence(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show how long the account's engine has not answered."""
    return render(request, "accounts/_silence.html")


@require_safe
@require_role(Role.VIEWER)
def card(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show one account's card for the dashboard."""
    summary = summarise(account, request.role)
    return render(request, "accounts/_card.html", {"summary": summary})
