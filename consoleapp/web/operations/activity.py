"""The activity drawer, and live parts for other pages."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from consoleapp.core.requests import Request
from consoleapp.operations.visible import visible_operation, visible_operations
from consoleapp.web.navigation import unfinished

RUNNING_SHOWN = 30
ENDED_SHOWN = 15


@require_safe
@login_required
def drawer(request: Request) -> HttpResponse:
    """Show my operations: all unfinished ones (up to 30), then the last 15 that ended."""
    mine = visible_operations(request.user).filter(requested_by=request.user)
    context = {
        "running": mine.filter(ended_at=None).order_by("-requested_at")[:RUNNING_SHOWN],
        "ended": mine.exclude(ended_at=None).order_by("-ended_at")[:ENDED_SHOWN],
    }
    return render(request, "operations/_drawer.html", context)


@require_safe
@login_required
def counter(request: Request) -> HttpResponse:
    """Return the number of my unfinished operations, for the button in the top bar."""
    return render(request, "operations/_counter.html", {"count": unfinished(request.user)})


@require_safe
@login_required
def progress(request: Request, operation_id: UUID) -> HttpResponse:
    """Show the progress bars of one operation."""
    operation = visible_operation(request.user, operation_id)
    context = {"operation": operation, "plain": bool(request.GET.get("plain"))}
    return render(request, "operations/_progress.html", context)
