"""The list of recorded terminals, and the page that replays one."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from consoleapp.core.actor import Actor
from consoleapp.core.requests import Request
from consoleapp.recordings.access import Access, FileGone, readable, served
from consoleapp.recordings.models import Recording
from consoleapp.web.query import query_without_page
from consoleapp.web.recordings.filters import RecordingFilters

ROWS = 50


@require_safe
@login_required
def everything(request: Request) -> HttpResponse:
    """List the recordings that the user may see, newest first. Pages are cut by row."""
    filters = RecordingFilters(request.GET)
    rows = filters.narrow(readable(request.user)).order_by("-pk")
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    else:
        before = ""
    found = list(rows[: ROWS + 1])
    context = {
        "filters": filters,
        "recordings": found[:ROWS],
        "older": found[ROWS - 1].pk if len(found) > ROWS else None,
        "before": before,
        "query": query_without_page(request, "before"),
    }
    partial = request.htmx and not request.htmx.history_restore_request
    return render(request, f"recordings/{'_table' if partial else 'list'}.html", context)


@require_safe
@login_required
def replay(request: Request, recording: UUID) -> HttpResponse:
    """Show one session, with a player that fetches it."""
    return render(request, "recordings/replay.html", {"recording": _find(request, recording)})


@require_safe
@login_required
def cast(request: Request, recording: UUID) -> HttpResponseBase:
    """Return the recording for the page's player."""
    return _served(request, recording, "recording.viewed")


@require_safe
@login_required
def download(request: Request, recording: UUID) -> HttpResponseBase:
    """Return the recording as a file for `asciinema play`."""
    return _served(request, recording, "recording.downloaded")


def _find(request: Request, recording: UUID) -> Recording:
    return get_object_or_404(readable(request.user), key=recording)


def _served(request: Request, recording: UUID, access: Access) -> HttpResponseBase:
    try:
        return served(_find(request, recording), Actor.of(request), access)
    except FileGone as error:
        raise Http404(str(error)) from error
