"""The page of one image: its names, history, users, and Podman's own data about it."""

import json
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods
from pydantic import ValidationError

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused
from consoleapp.core.requests import AccountRequest
from consoleapp.live import relay
from consoleapp.live.redaction import redacted
from consoleapp.operations.submit import submit
from consoleapp.snapshots import reader
from consoleapp.web import inspection
from consoleapp.web.accepted import accepted, refused
from consoleapp.web.engine_failure import failure
from consoleapp.web.images import rows
from consoleapp.web.images.forms import TagForm
from consoleapp.web.missing import appeared, looks_again, missing
from engine.schema.errors import EngineError
from engine.schema.layers import ImageLayers, LayerList
from engine.schema.parameters import Role
from engine.schema.queries import ImageInspect, ManifestInspect
from engine.schema.query import Query
from engine.schema.snapshot import ImageRow

_SAVED_AS = [
    ("docker-archive", gettext_lazy("Save as a docker-archive")),
    ("oci-archive", gettext_lazy("Save as an oci-archive")),
]
_QUERIES: dict[str, type[Query]] = {
    "layers": ImageLayers,
    "entries": ManifestInspect,
    "inspect": ImageInspect,
}


@require_GET
@require_role(Role.VIEWER)
def image(request: AccountRequest, account: LinuxAccount, image: str, view: str) -> HttpResponse:
    """Show one tab of an image's page, which itself never waits for an engine."""
    found, row = _find(account, image)
    if row is None or found is None or found.snapshot is None:
        known = bool(found and found.snapshot)
        context: dict[str, Any] = {"asked": image, "seen": found, "known": known}
        return missing(request, account, "images/missing.html", context, known=known)
    if looks_again(request):
        return appeared()
    role = request.role
    users = rows.users(row, found.snapshot.containers)
    units = rows.units(row, found.snapshot.units, users)
    context = {
        "row": row,
        "seen": found,
        "title": rows.title(row),
        "users": users,
        "units": units,
        "used_by": len(users) + len(units),
        "view": view,
        "operates": role.covers(Role.OPERATOR),
        "save_formats": _SAVED_AS,
        "form": TagForm(image=row.id),
    }
    return render(request, "images/detail.html", context)


@require_GET
@require_role(Role.VIEWER)
def panel(request: AccountRequest, account: LinuxAccount, image: str, panel: str) -> HttpResponse:
    """Show what needs the engine: an image's history, or its inspect data."""
    if panel not in _QUERIES:
        raise Http404(f"there is no panel called {panel!r}")
    try:
        field = "name" if panel == "entries" else "image"
        query = _QUERIES[panel].model_validate({field: image})
    except ValidationError as error:
        raise Http404("no image can have that id") from error
    try:
        answer = relay.document_sync(account, query, Actor.of(request))
    except (EngineError, relay.Unanswered) as error:
        return render(request, "_panel_failed.html", {"error": failure(error)})
    role = request.role
    context = {"image": image, "operates": role.covers(Role.OPERATOR), **_PREPARE[panel](answer)}
    return render(request, f"images/_{panel}.html", context)


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def tag(request: AccountRequest, account: LinuxAccount, image: str) -> HttpResponse:
    """Add a name to the image."""
    form = TagForm(request.POST or None, image=image)
    context = {"form": form, "image": image}
    if not form.is_valid():
        template = "images/_tag.html" if request.htmx else "images/tag.html"
        return render(request, template, context, status=422 if form.errors else 200)
    try:
        operation = submit(account, form.parsed, actor=Actor.of(request))
    except Refused as error:
        return refused(request, error, next=request.path)
    return accepted(request, operation, next=request.path.removesuffix("tag/"))


def _find(
    account: LinuxAccount, image: str
) -> tuple[reader.AccountSnapshot | None, ImageRow | None]:
    reader.watch(account)
    known = reader.load(account)
    every = known.snapshot.images if known and known.snapshot else []
    wanted = image.removeprefix("sha256:")
    matches = [row for row in every if row.id.startswith(wanted)] if len(wanted) >= 12 else []
    return known, matches[0] if len(matches) == 1 else None


def _layers(answer: dict[str, Any]) -> dict[str, Any]:
    found = LayerList.model_validate(answer["data"])
    layers = list(reversed(found.layers))
    return {
        "layers": layers,
        "count": sum(layer.number is not None for layer in layers),
        "total": sum(layer.size for layer in layers),
    }


def _entries(answer: dict[str, Any]) -> dict[str, Any]:
    listed = answer["data"].get("manifests") or []
    entries = []
    for entry in listed if isinstance(listed, list) else []:
        platform = entry.get("platform") or {}
        words = [platform.get(name) for name in ("os", "architecture", "variant")]
        entries.append(
            {
                "digest": str(entry.get("digest") or ""),
                "size": entry.get("size"),
                "platform": "/".join(str(word) for word in words if word),
                "media_type": str(entry.get("mediaType") or ""),
            }
        )
    return {"entries": entries}


def _inspect(answer: dict[str, Any]) -> dict[str, Any]:
    data = redacted(answer["data"])
    lines, cut = inspection.tree(data)
    return {"lines": lines, "cut": cut, "raw": json.dumps(data, indent=2, ensure_ascii=False)}


_PREPARE = {"layers": _layers, "entries": _entries, "inspect": _inspect}
