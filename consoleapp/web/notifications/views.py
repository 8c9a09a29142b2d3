"""The list of notifications, the bell's number, and deliveries."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from consoleapp.core.requests import Request
from consoleapp.notifications import words
from consoleapp.notifications.models import Notice, Rule
from consoleapp.snapshots.page_events import notices_changed
from consoleapp.web.notifications import visible
from consoleapp.web.notifications.forms import NoticeFilters
from consoleapp.web.query import query_without_page

ROWS = 50


@require_safe
@login_required
def everything(request: Request) -> HttpResponse:
    """List my notifications; with ?unread=1, only unread ones."""
    notices = visible.notices(request.user)
    filters = NoticeFilters(request.GET, request.user)
    unread = bool(request.GET.get("unread"))
    shown = notices.filter(**filters.narrow())
    if unread:
        shown = shown.filter(read_at=None)
    context = {
        "page": Paginator(shown, ROWS).get_page(request.GET.get("page")),
        "filters": filters,
        "unread": unread,
        "narrowed": unread or bool(filters.narrow()),
        "has_rules": Rule.objects.filter(user=request.user).exists(),
        "query": query_without_page(request),
    }
    partial = request.htmx and not request.htmx.history_restore_request
    return render(request, f"notifications/{'_table' if partial else 'list'}.html", context)


@require_safe
@login_required
def counter(request: Request) -> HttpResponse:
    """Return the number of unread notifications, for the bell."""
    context = {"unread_count": visible.unread(request.user)}
    return render(request, "notifications/_counter.html", context)


@require_safe
@login_required
def follow(request: Request, notice_id: int) -> HttpResponse:
    """Open the page of a notification, which is marked as read."""
    notice = get_object_or_404(visible.notices(request.user), pk=notice_id)
    if notice.read_at is None:
        _mark(request, [notice])
    return redirect(words.place(notice.occurrence))


@require_POST
@login_required
def read(request: Request) -> HttpResponse:
    """Mark the selected ones as read; with `all`, every one."""
    notices = visible.notices(request.user).filter(read_at=None)
    if not request.POST.get("all"):
        chosen = [each for each in request.POST.getlist("notice") if each.isdecimal()]
        notices = notices.filter(pk__in=chosen[:500])
    _mark(request, list(notices[:5000]))
    return redirect("notifications:list")


def _mark(request: Request, notices: list[Notice]) -> None:
    ids = [notice.pk for notice in notices]
    for at in range(0, len(ids), 500):
        Notice.objects.filter(pk__in=ids[at : at + 500]).update(read_at=timezone.now())
    if notices:
        # For the bells in other tabs.
        notices_changed(notices[0].occurrence.account, [request.user.pk])


@require_safe
@login_required
def deliveries(request: Request) -> HttpResponse:
    """List what was sent to my webhooks and by e-mail, with the results."""
    shown = visible.deliveries(request.user)
    state = request.GET.get("state", "")
    if state in ("waiting", "delivered", "failed", "withdrawn"):
        shown = shown.filter(state=state)
    context = {
        "page": Paginator(shown, ROWS).get_page(request.GET.get("page")),
        "state": state,
        "query": query_without_page(request),
    }
    return render(request, "notifications/deliveries.html", context)
