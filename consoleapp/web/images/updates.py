"""Check registries for newer images, only on request."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.live import relay
from consoleapp.web.engine_failure import failure
from consoleapp.web.images import rows
from consoleapp.web.images.transfers import known
from engine.schema.errors import EngineError
from engine.schema.parameters import Role
from engine.schema.queries import ImageUpdates
from engine.schema.registry_facts import Updates

_MOST = 100
"""The maximum number of names to check at once."""


@require_GET
@require_role(Role.OPERATOR)
def of_list(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Check the images that the list's toolbar selects."""
    shown = rows.chosen(rows.of_account(account), rows.Filter(request.GET))
    return _answered(request, account, [tag for image in shown for tag in image.tags])


@require_GET
@require_role(Role.OPERATOR)
def of_image(request: AccountRequest, account: LinuxAccount, image: str) -> HttpResponse:
    """Check all names of one image."""
    row = known(account, image)
    if row is None:
        raise Http404("no such image")
    return _answered(request, account, row.tags)


def _answered(request: Request, account: LinuxAccount, names: list[str]) -> HttpResponse:
    # Local images have no registry to query.
    names = [name for name in names if not name.startswith("localhost/")]
    context: dict[str, Any] = {"left_out": max(0, len(names) - _MOST)}
    if not names:
        return render(request, "images/_updates.html", context)
    try:
        query = ImageUpdates(images=names[:_MOST])
        answer = relay.document_sync(account, query, Actor.of(request))
    except (EngineError, relay.Unanswered) as error:
        return render(request, "_panel_failed.html", {"error": failure(error)})
    found = Updates.model_validate(answer["data"]).images
    context |= {
        "updates": [each for each in found if each.state == "update"],
        "unknown": [each for each in found if each.state == "unknown"],
        "same": sum(each.state == "same" for each in found),
    }
    return render(request, "images/_updates.html", context)
