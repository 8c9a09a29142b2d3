"""The audit log: a list to narrow and to take away, and everything about one event."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from consoleapp.web.audit.export import as_csv, as_json_lines
from consoleapp.web.audit.filters import EventFilters, readable_events
from consoleapp.web.query import query_without_page

ROWS = 50
_EXPORTS = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "jsonl": (as_json_lines, "application/jsonl; charset=utf-8"),
}


@require_safe
@login_required
def everything(request: HttpRequest) -> HttpResponseBase:
    """The events that the person may read; with ?export=csv|jsonl all that match, as a file."""
    filters = EventFilters(request.GET)
    events = filters.apply(readable_events(request.user))
    if export := request.GET.get("export"):
        if export not in _EXPORTS:
            raise Http404("there is no such export")
        write, content_type = _EXPORTS[export]
        response = StreamingHttpResponse(write(events), content_type=content_type)
        name = f"berth-audit-{timezone.now():%Y%m%d-%H%M%S}.{export}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    context = {
        "filters": filters,
        "page": Paginator(events, ROWS).get_page(request.GET.get("page")),
        "query": query_without_page(request),
    }
    partial = request.htmx and not request.htmx.history_restore_request
    return render(request, f"audit/{'_table' if partial else 'list'}.html", context)


@require_safe
@login_required
def detail(request: HttpRequest, event_id: int) -> HttpResponse:
    """Everything that was written down about one event."""
    event = get_object_or_404(readable_events(request.user), pk=event_id)
    return render(request, "audit/detail.html", {"event": event})
