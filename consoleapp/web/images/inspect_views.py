"""Views that need the engine: a layer's files, a comparison of images, the disk."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET
from pydantic import ValidationError

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.live import relay
from consoleapp.web.engine_failure import failure
from consoleapp.web.images import rows
from consoleapp.web.images.transfers import known
from engine.schema.disk import DiskReport, DiskUse, PrunePreview, WouldGo
from engine.schema.errors import EngineError
from engine.schema.layers import Comparison, FilesOfLayer, ImageCompare, LayerFiles
from engine.schema.parameters import REDACTED, Role, is_secret
from engine.schema.query import Query

_FILES_A_PAGE = 200
_SHOWN = 500
# The engine's words on the pages, marked for translation.
_WORDS = (
    gettext_noop("added"), gettext_noop("removed"), gettext_noop("changed"),
    gettext_noop("link"), gettext_noop("hard link"), gettext_noop("device"), gettext_noop("pipe"),
)  # fmt: skip


@require_GET
@require_role(Role.VIEWER)
def layer(request: AccountRequest, account: LinuxAccount, image: str, layer: int) -> HttpResponse:
    """Show a page of a layer's files. htmx gets only the table."""
    page = request.GET.get("page", "1")
    number = max(1, min(int(page), 5_000)) if page.isdecimal() and len(page) < 6 else 1
    context: dict[str, Any] = {
        "image": image,
        "row": known(account, image),
        "layer": layer,
        "search": request.GET.get("q", "")[:200],
        "number": number,
    }
    if not request.htmx:
        return render(request, "images/layer.html", context)
    values = {"image": image, "layer": layer, "search": context["search"], "limit": _FILES_A_PAGE}
    values["offset"] = (number - 1) * _FILES_A_PAGE
    answer = _ask(request, account, LayerFiles, values)
    if isinstance(answer, HttpResponse):
        return answer
    found = FilesOfLayer.model_validate(answer)
    first = (number - 1) * _FILES_A_PAGE
    context |= {
        "found": found,
        "first": first + 1,
        "last": first + len(found.files),
        "more": first + len(found.files) < found.total,
    }
    return render(request, "images/_files.html", context)


@require_GET
@require_role(Role.VIEWER)
def compare(request: AccountRequest, account: LinuxAccount, image: str) -> HttpResponse:
    """Compare this image with another one of the account (`with`)."""
    other = request.GET.get("with", "")
    every = rows.of_account(account)
    context: dict[str, Any] = {
        "image": image,
        "row": next((row for row in every if row.id == image), None),
        "other": other,
        "choices": [(row.id, rows.title(row)) for row in every if row.id != image],
    }
    if not (request.htmx and other):
        return render(request, "images/compare.html", context)
    answer = _ask(request, account, ImageCompare, {"image": image, "other": other})
    if isinstance(answer, HttpResponse):
        return answer
    found = Comparison.model_validate(answer)
    settings = [
        (each.name, _masked(each.name, each.before), _masked(each.name, each.after))
        for each in found.settings
    ]
    context |= {"found": found, "settings": settings, "files": found.files[:_SHOWN]}
    return render(request, "images/_comparison.html", context)


@require_GET
@require_role(Role.VIEWER)
def disk(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show what uses the disk."""
    if not request.htmx:
        return render(request, "images/disk.html", {"operates": _operates(request)})
    answer = _ask(request, account, DiskUse, {})
    if isinstance(answer, HttpResponse):
        return answer
    report = DiskReport.model_validate(answer)
    return render(request, "images/_disk.html", {"report": report, "most": _SHOWN})


@require_GET
@require_role(Role.VIEWER)
def going(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show exactly what each prune would remove now, with its button."""
    answer = _ask(request, account, PrunePreview, {})
    if isinstance(answer, HttpResponse):
        return answer
    would = WouldGo.model_validate(answer)
    context: dict[str, Any] = {"would": would, "operates": _operates(request)}
    return render(request, "images/_going.html", context)


@require_GET
@require_role(Role.OPERATOR)
def prune(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show which images a prune would remove, and the bytes that this frees."""
    answer = _ask(request, account, PrunePreview, {})
    if isinstance(answer, HttpResponse):
        return answer
    would, every = WouldGo.model_validate(answer), "all" in request.GET
    context: dict[str, Any] = {
        "every": every,
        "images": would.unused if every else would.dangling,
        "size": would.unused_size if every else would.dangling_size,
    }
    return render(request, "images/_prune.html", {"preview": context})


def _operates(request: AccountRequest) -> bool:
    role = request.role
    return role.covers(Role.OPERATOR)


def _ask(
    request: Request, account: LinuxAccount, query: type[Query], parameters: dict[str, Any]
) -> dict[str, Any] | HttpResponse:
    """Return the document's data, or a panel that says why there is none."""
    try:
        answer = relay.document_sync(account, query.model_validate(parameters), Actor.of(request))
    except ValidationError as error:
        raise Http404("no image can have that id") from error
    except (EngineError, relay.Unanswered) as error:
        return render(request, "_panel_failed.html", {"error": failure(error)})
    data: dict[str, Any] = answer["data"]
    return data


def _masked(name: str, value: str) -> str:
    return REDACTED if is_secret(name, value) else value
