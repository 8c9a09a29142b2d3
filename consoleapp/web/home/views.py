"""The dashboard: my accounts, what needs attention, recent operations, what to launch."""

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from consoleapp.accounts.models import User
from consoleapp.accounts.roles import accounts_with_roles
from consoleapp.catalog.models import visible_templates
from consoleapp.core.requests import Request
from consoleapp.operations.models import Operation
from consoleapp.operations.visible import visible_operations
from consoleapp.web.accounts.summary import summarise
from engine.schema.parameters import Role

RECENT = 8
WORRIES = 8
TEMPLATES = 6


@require_safe
@login_required
def dashboard(request: Request) -> HttpResponse:
    """Show all of the user's accounts at a glance."""
    summaries = [summarise(account, role) for account, role in accounts_with_roles(request.user)]
    worries = [worry for summary in summaries for worry in summary.worries]
    worries.sort(key=lambda worry: worry.container.created, reverse=True)
    context = {
        "summaries": summaries,
        "worries": worries[:WORRIES],
        "recent": _recent(request.user),
        "templates": visible_templates(request.user)[:TEMPLATES],
        "launch_accounts": [
            summary.account
            for summary in summaries
            if summary.role is not None and summary.role.covers(Role.OPERATOR)
        ],
        "is_new": not any(summary.containers for summary in summaries),
    }
    return render(request, "home/dashboard.html", context)


@require_safe
@login_required
def recent(request: Request) -> HttpResponse:
    """Show only the list of recent operations, for live updates."""
    return render(request, "home/_recent.html", {"recent": _recent(request.user)})


def _recent(user: User) -> QuerySet[Operation]:
    return visible_operations(user).order_by("-requested_at")[:RECENT]
