"""Pages about an object that is missing from the account's snapshot, perhaps only so far.

They ask the observer to look, and load again on changes (templates/_look_again.html). The id of an
element distinguishes such a request from a user's.
"""

from django.http import HttpResponse
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRefresh

from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.requests import Request
from consoleapp.snapshots import reader

_LOOKING = "look-again"


def missing(
    request: Request,
    account: LinuxAccount,
    template: str,
    context: dict[str, object],
    *,
    known: bool,
) -> HttpResponse:
    """Render `template` as 404, or 503 if nothing is `known` of the account; 204 for a repeat."""
    reader.refresh(account)
    if looks_again(request):
        return HttpResponse(status=204)
    return render(request, template, context, status=404 if known else 503)


def looks_again(request: Request) -> bool:
    """Return whether the page of a missing object asks again."""
    return request.htmx.trigger == _LOOKING


def appeared() -> HttpResponse:
    """Tell a page that asked again to load the object, which now exists."""
    return HttpResponseClientRefresh()
