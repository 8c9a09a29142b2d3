"""The list of an account's images, and what is done to images."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from pydantic import ValidationError

from consoleapp.accounts.access import Actor, Refused, require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.live import snapshots
from consoleapp.operations.models import Operation
from consoleapp.operations.submit import submit
from consoleapp.web.accepted import accepted, refused
from consoleapp.web.images import rows
from consoleapp.web.images.forms import PullForm
from consoleapp.web.query import query_without_page
from engine.schema.kinds import parse
from engine.schema.parameters import Role

_ROWS_A_PAGE = 100
_KINDS = ("image.remove", "image.prune", "image.tag", "image.untag")
_SEVERAL = "image.remove"


@require_GET
@require_role(Role.VIEWER)
def images(request: HttpRequest, account: LinuxAccount) -> HttpResponse:
    """The list; htmx gets only the table."""
    snapshots.watch(account)
    seen = snapshots.load(account)
    choice = rows.Filter(request.GET)
    every = seen.snapshot.images if seen and seen.snapshot else []
    role: Role = request.role  # type: ignore[attr-defined]
    context = {
        "seen": seen,
        "known": bool(seen and seen.snapshot),
        "page": Paginator(rows.chosen(every, choice), _ROWS_A_PAGE).get_page(
            request.GET.get("page")
        ),
        "query": query_without_page(request),
        "filters": choice,
        "count": len(every),
        "size": sum(image.size for image in every),
        "operates": role.covers(Role.OPERATOR),
    }
    only_table = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    return render(request, f"images/{'_table' if only_table else 'list'}.html", context)


@require_GET
@require_role(Role.VIEWER)
def pulls(request: HttpRequest, account: LinuxAccount) -> HttpResponse:
    """The pulls that have not ended."""
    running = Operation.objects.filter(account=account, kind="image.pull", ended_at=None)
    return render(request, "images/_pulls.html", {"pulls": running.order_by("requested_at")})


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def pull(request: HttpRequest, account: LinuxAccount) -> HttpResponse:
    """The form for a pull, in the dialog of the list or as a page of its own."""
    form = PullForm(request.POST) if request.method == "POST" else PullForm(initial=_asked(request))
    if request.method == "POST" and form.is_valid():
        return _submit(request, account, [form.parameters])
    template = "images/_pull.html" if request.htmx else "images/pull.html"  # type: ignore[attr-defined]
    return render(request, template, {"form": form}, status=422 if form.errors else 200)


@require_GET
@require_role(Role.OPERATOR)
def prune(request: HttpRequest, account: LinuxAccount) -> HttpResponse:
    """Which images a prune would remove, and how many bytes they have."""
    seen = snapshots.load(account)
    if seen is None or seen.snapshot is None:
        raise Http404("nothing is known of the account's images yet")
    preview = rows.would_go(seen.snapshot.images, every="all" in request.GET)
    return render(request, "images/_prune.html", {"preview": preview, "seen": seen})


@require_POST
@require_role(Role.OPERATOR)
def act(request: HttpRequest, account: LinuxAccount) -> HttpResponse:
    """Do a kind of operation to the images `image` (several: only removing)."""
    kind = request.POST.get("kind", "")
    if kind not in _KINDS:
        return _unclear(request, account, "There is no such action on images.")
    wanted = request.POST.getlist("image")
    if kind != "image.prune" and not wanted:
        return _unclear(request, account, "No image was chosen.")
    if kind != _SEVERAL and len(wanted) > 1:
        return _unclear(request, account, "This is done to one image at a time.")
    try:
        asked = [parse(kind, _parameters(request, kind, image)) for image in wanted or [""]]
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        return _unclear(request, account, f"{fault['loc'][0]}: {fault['msg']}")
    return _submit(request, account, asked)


def _parameters(request: HttpRequest, kind: str, image: str) -> dict[str, Any]:
    posted = request.POST
    if kind == "image.prune":
        return {"all": "all" in posted}
    if kind == "image.remove":
        return {"image": image, "force": "force" in posted}
    if kind == "image.tag":
        return {"image": image, "tag": posted.get("tag", "")}
    return {"image": image, "tags": posted.getlist("tags")}


def _submit(request: HttpRequest, account: LinuxAccount, asked: list[Any]) -> HttpResponse:
    following = reverse("images:list", args=[account.key])
    try:
        operations = [submit(account, each, actor=Actor.of(request)) for each in asked]
    except Refused as error:
        return refused(request, error, next=following)
    return accepted(request, operations, next=following)


def _unclear(request: HttpRequest, account: LinuxAccount, reason: str) -> HttpResponse:
    following = reverse("images:list", args=[account.key])
    return refused(request, reason, next=following, status=400)


def _asked(request: HttpRequest) -> dict[str, str]:
    return {"image": request.GET["image"]} if "image" in request.GET else {}
