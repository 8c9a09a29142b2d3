"""Pages about something that the account's snapshot does not know: it may not know it yet.

The observer is asked to look, and the page (templates/_look_again.html) asks again when it hears of
a change, with an element whose id tells such a request from a person's.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRefresh

from consoleapp.accounts.models import LinuxAccount
from consoleapp.snapshots import reader

_LOOKING = "look-again"


def missing(
    request: HttpRequest,
    account: LinuxAccount,
    template: str,
    context: dict[str, object],
    *,
    known: bool,
) -> HttpResponse:
    """`template` as 404, or as 503 when nothing is `known` of the account; 204 when asked again."""
    reader.refresh(account)
    if looks_again(request):
        return HttpResponse(status=204)
    return render(request, template, context, status=404 if known else 503)


def looks_again(request: HttpRequest) -> bool:
    """Whether a page that said "missing" asks again."""
    return request.htmx.trigger == _LOOKING  # type: ignore[attr-defined,no-any-return]


def appeared() -> HttpResponse:
    """To a page that asked again: what it is about is there now, so load it."""
    return HttpResponseClientRefresh()
