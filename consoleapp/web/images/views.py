"""The list of an account's images, and actions on images."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from pydantic import ValidationError

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.operations.models import Operation
from consoleapp.snapshots import reader
from consoleapp.web.accepted import refused, request_all
from consoleapp.web.images import rows
from consoleapp.web.images.form_view import submitted
from consoleapp.web.images.forms import PullForm
from consoleapp.web.model_form import first_named_error
from consoleapp.web.query import query_without_page
from engine.schema.kinds import parse
from engine.schema.parameters import Role
from engine.schema.volumes import VolumePrune

_ROWS_A_PAGE = 100
_KINDS = ("image.remove", "image.prune", "image.tag", "image.untag", "image.save")
_MOVING = (
    "image.pull",
    "image.push",
    "image.save",
    "image.load",
    "image.share",
    "manifest.push",
)
_SEVERAL = ("image.remove", "image.tag")


@require_GET
@require_role(Role.VIEWER)
def images(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the list. htmx gets only the table."""
    reader.watch(account)
    known = reader.load(account)
    choice = rows.Filter(request.GET)
    every = known.snapshot.images if known and known.snapshot else []
    role = request.role
    context = {
        "seen": known,
        "known": bool(known and known.snapshot),
        "page": Paginator(rows.chosen(every, choice), _ROWS_A_PAGE).get_page(
            request.GET.get("page")
        ),
        "query": query_without_page(request),
        "filters": choice,
        "count": len(every),
        "size": sum(image.size for image in every),
        "operates": role.covers(Role.OPERATOR),
    }
    only_table = request.htmx and not request.htmx.boosted
    return render(request, f"images/{'_table' if only_table else 'list'}.html", context)


@require_GET
@require_role(Role.VIEWER)
def pulls(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show running pulls, pushes, and similar operations."""
    running = Operation.objects.filter(account=account, kind__in=_MOVING, ended_at=None)
    return render(request, "images/_pulls.html", {"pulls": running.order_by("requested_at")})


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def pull(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the form for a pull, in the list's dialog or on its own page."""
    form = (
        PullForm(request.POST) if request.method == "POST" else PullForm(initial=_filters(request))
    )
    following = reverse("images:list", args=[account.key])
    if answer := submitted(request, account, form, next=following):
        return answer
    template = "images/_pull.html" if request.htmx else "images/pull.html"
    return render(request, template, {"form": form}, status=422 if form.errors else 200)


@require_POST
@require_role(Role.OPERATOR)
def act(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Submit a kind of operation for the images `image`, of which the list can select several."""
    kind = request.POST.get("kind", "")
    if kind not in _KINDS:
        return _unclear(request, account, _("Unknown action on images."))
    wanted = request.POST.getlist("image")
    if kind != "image.prune" and not wanted:
        return _unclear(request, account, _("Select an image first."))
    names = {row.id: rows.title(row) for row in rows.of_account(account)}
    try:
        if kind == "image.save":
            form = {
                "images": [names.get(image, image) for image in wanted],
                "format": request.POST.get("format") or "docker-archive",
            }
            return _submit(request, account, [parse(kind, form)])
        if kind not in _SEVERAL and len(wanted) > 1:
            return _unclear(request, account, _("Select only one image for this."))
        parameters = [
            parse(kind, _parameters(request, kind, image, names)) for image in wanted or [""]
        ]
    except ValidationError as error:
        return _unclear(request, account, first_named_error(error))
    return _submit(request, account, parameters)


@require_POST
@require_role(Role.OPERATOR)
def prune_volumes(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Remove the volumes that no container uses, from the disk page."""
    return _submit(request, account, [VolumePrune()])


def _parameters(request: Request, kind: str, image: str, names: dict[str, str]) -> dict[str, Any]:
    posted = request.POST
    if kind == "image.prune":
        return {"all": "all" in posted}
    if kind == "image.remove":
        return {"image": image, "force": "force" in posted}
    if kind == "image.tag":
        # For several images: the repository and tag of each, in another registry.
        old = names.get(image, image).partition("/")
        return {"image": image, "tag": posted.get("tag", "").replace("{}", old[2] or old[0])}
    return {"image": image, "tags": posted.getlist("tags")}


def _submit(request: Request, account: LinuxAccount, parameters: list[Any]) -> HttpResponse:
    following = reverse("images:list", args=[account.key])
    return request_all(request, account, parameters, next=following)


def _unclear(request: Request, account: LinuxAccount, reason: str) -> HttpResponse:
    following = reverse("images:list", args=[account.key])
    return refused(request, reason, next=following, status=400)


def _filters(request: Request) -> dict[str, str]:
    return {"image": request.GET["image"]} if "image" in request.GET else {}
