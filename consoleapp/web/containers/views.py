"""The list of an account's containers, and actions on containers."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from pydantic import ValidationError

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.requests import AccountRequest
from consoleapp.snapshots import reader
from consoleapp.web.accepted import refused, request_all
from consoleapp.web.containers import listing
from consoleapp.web.model_form import first_named_error
from consoleapp.web.query import query_without_page
from engine.schema.containers import ContainerPrune
from engine.schema.kinds import KINDS, parse
from engine.schema.parameters import Parameters, Role

LIMIT = 1000
"""The maximum number of containers per request."""
LAUNCHES = ("container.run", "container.replace")
"""Kinds that have their own forms."""
SHORT = 12
"""The number of id digits that identify rows and page events."""
_FLAGS = ("force", "volumes", "pause")


@require_GET
@require_role(Role.VIEWER)
def containers(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the list. htmx gets only the table."""
    reader.watch(account)
    known = reader.load(account)
    context = {"seen": known, **_listed(request, known)}
    only_table = request.htmx and not request.htmx.boosted
    return render(request, f"containers/{'_table' if only_table else 'list'}.html", context)


@require_GET
@require_role(Role.VIEWER)
def rows(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Return the rows `ids` that are on this page of the list, and the order of all rows on it."""
    known = reader.load(account)
    context = _listed(request, known)
    wanted = set(request.GET.get("ids", "").split(","))
    on_page = list(context["page"])
    context["rows"] = [row for row in on_page if row.id[:SHORT] in wanted]
    context["order"] = " ".join(row.id[:SHORT] for row in on_page)
    return render(request, "containers/_rows.html", context)


@require_GET
@require_role(Role.OPERATOR)
def prune(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """List the containers that a prune would remove."""
    known = reader.load(account)
    every = known.snapshot.containers if known and known.snapshot else []
    going = [each for each in every if each.state in ("exited", "created", "dead")]
    return render(request, "containers/_prune.html", {"going": going})


@require_POST
@require_role(Role.OPERATOR)
def act(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Submit a kind of operation for each posted `container`, after checking all of them."""
    kind = request.POST.get("kind", "")
    following = reverse("containers:list", args=[account.key])
    if not kind.startswith("container.") or kind not in KINDS or kind in LAUNCHES:
        return refused(request, _("Unknown action."), next=following, status=400)
    wanted = list(dict.fromkeys(request.POST.getlist("container")))[: LIMIT + 1]
    if kind == ContainerPrune.kind:
        wanted = [""]
    elif not wanted:
        return refused(request, _("Select a container first."), next=following, status=400)
    elif len(wanted) > LIMIT:
        reason = _("Select at most %(number)d containers.") % {"number": LIMIT}
        return refused(request, reason, next=following, status=400)
    try:
        parameters = [parse(kind, _parameters(request, KINDS[kind], each)) for each in wanted]
    except ValidationError as error:
        return refused(request, first_named_error(error), next=following, status=400)
    return request_all(request, account, parameters, next=following)


def _parameters(request: AccountRequest, model: type[Parameters], container: str) -> dict[str, Any]:
    given: dict[str, Any] = {"container": container} if container else {}
    for name in model.model_fields:
        if name == "container":
            continue
        if name in _FLAGS:
            given[name] = request.POST.get(name) in ("true", "on", "1")
        elif request.POST.get(name, "").strip():
            given[name] = request.POST[name].strip()
    return given


def _listed(request: AccountRequest, known: reader.AccountSnapshot | None) -> dict[str, Any]:
    """Return the context of the list and its parts."""
    choice = listing.Filter(request.GET)
    every = known.snapshot.containers if known and known.snapshot else []
    found = listing.chosen(every, choice)
    return {
        "known": bool(known and known.snapshot),
        "version": str(known.version if known else 0),
        "page": Paginator(found, choice.rows_a_page).get_page(request.GET.get("page")),
        "query": query_without_page(request, "ids"),
        "chip_query": query_without_page(request, "state", "ids"),
        "filters": choice,
        "chips": listing.chips(every, choice),
        "operates": _operates(request),
        "browser_host": request.get_host().rsplit(":", 1)[0],
    }


def _operates(request: AccountRequest) -> bool:
    role = request.role
    return role.covers(Role.OPERATOR)
