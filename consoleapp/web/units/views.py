"""The list of an account's units and Quadlets."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.requests import AccountRequest
from consoleapp.snapshots import reader
from consoleapp.web.query import query_without_page
from consoleapp.web.units import rows, templates
from engine.schema.parameters import Role

_ROWS_A_PAGE = 100


@require_GET
@require_role(Role.VIEWER)
def units(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the list. htmx gets only the table."""
    reader.watch(account)
    known = reader.load(account)
    snapshot = known.snapshot if known else None
    every = snapshot.units if snapshot else []
    choice = rows.Filter(request.GET)
    found = rows.chosen(every, choice)
    role = request.role
    context = {
        "seen": known,
        "known": snapshot is not None,
        "info": snapshot.info if snapshot else None,
        "page": Paginator(found, _ROWS_A_PAGE).get_page(request.GET.get("page")),
        "query": query_without_page(request),
        "chip_query": query_without_page(request, "state"),
        "filters": choice,
        "chips": rows.chips(every, choice),
        "stale": [row.unit for row in every if row.needs_reload and not row.problem],
        "operates": role.covers(Role.OPERATOR),
        "starters": templates.STARTERS,
        "view": "list",
    }
    only_table = request.htmx and not request.htmx.boosted
    return render(request, f"units/{'_table' if only_table else 'list'}.html", context)


@require_GET
@require_role(Role.VIEWER)
def journal(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the journal of all units of the account."""
    reader.watch(account)
    return render(request, "units/journal.html", {"unit": "", "view": "journal"})
