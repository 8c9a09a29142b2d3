"""The audit log: a list to filter and export, and the details of one event."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from consoleapp.accounts.access import require_role
from consoleapp.accounts.audit_access import owns, readable, readable_events
from consoleapp.accounts.models import LinuxAccount
from consoleapp.audit.chain_status import chain_status
from consoleapp.audit.models import Link
from consoleapp.audit.search import matching, newest
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.recordings.access import of_event
from consoleapp.web.audit.export import as_csv, as_json_lines
from consoleapp.web.audit.filters import EventFilters
from consoleapp.web.audit.history import lives_of
from consoleapp.web.query import query_without_page
from engine.schema.parameters import Role

ROWS = 50
_EXPORTS = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "jsonl": (as_json_lines, "application/jsonl; charset=utf-8"),
}


@require_safe
@login_required
def everything(request: Request) -> HttpResponseBase:
    """List the events that the user may read; with ?export=csv|jsonl, return them as a file."""
    filters = EventFilters(request.GET)
    if export := request.GET.get("export"):
        return _file(request, filters, export)
    before = request.GET.get("before", "")
    page = newest(
        readable(request.user),
        filters.criteria,
        before=int(before) if before.isdecimal() and len(before) < 19 else None,
        size=ROWS,
    )
    context = {
        "filters": filters,
        "page": page,
        "before": before,
        "query": query_without_page(request, "before"),
        "chain_status": chain_status(),
    }
    partial = request.htmx and not request.htmx.history_restore_request
    return render(request, f"audit/{'_table' if partial else 'list'}.html", context)


@require_safe
@login_required
def detail(request: Request, event_id: int) -> HttpResponse:
    """Show everything recorded about one event, and its place in the chain."""
    event = get_object_or_404(readable_events(request.user), pk=event_id)
    context = {
        "event": event,
        "link": Link.objects.filter(event=event).first(),
        "recording": of_event(request.user, event),
    }
    return render(request, "audit/detail.html", context)


@require_safe
@require_role(Role.VIEWER)
def history(request: AccountRequest, account: LinuxAccount, container: str) -> HttpResponse:
    """Show one container from its launch to its removal, under all of its names."""
    lives = lives_of(account, container)
    if not owns(request.user, account.pk):
        lives = [life.visible_to(request.user) for life in lives]
    context = {"container": container, "lives": lives}
    return render(request, "audit/history.html", context)


def _file(request: Request, filters: EventFilters, export: str) -> HttpResponseBase:
    if export not in _EXPORTS:
        raise Http404("there is no such export")
    write, content_type = _EXPORTS[export]
    events = matching(readable(request.user), filters.criteria)
    response = StreamingHttpResponse(write(events), content_type=content_type)
    name = f"berth-audit-{timezone.now():%Y%m%d-%H%M%S}.{export}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
