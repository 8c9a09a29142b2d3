"""A form about images, shown in a dialog or on its own page, and submitted."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused
from consoleapp.core.requests import Request
from consoleapp.operations.submit import submit
from consoleapp.policies.check import NotAllowed
from consoleapp.web.accepted import accepted, refused
from consoleapp.web.model_form import ModelForm


def submitted(
    request: Request, account: LinuxAccount, form: ModelForm, *, next: str
) -> HttpResponse | None:
    """Return the response to a posted form; None if it is (still) to be filled in."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        operation = submit(account, form.parsed, actor=Actor.of(request))
    except NotAllowed as error:
        error.show_in(form)
        return None
    except Refused as error:
        return refused(request, error, next=next)
    return accepted(request, operation, next=next)


def ask(
    request: Request,
    account: LinuxAccount,
    form: ModelForm,
    *,
    title: str,
    button: str,
    icon: str,
    next: str,
    hint: str = "",
) -> HttpResponse:
    """Show the form with errors at its fields, or the result of submitting it to `account`."""
    if answer := submitted(request, account, form, next=next):
        return answer
    context = {
        "form": form,
        "title": title,
        "button": button,
        "icon": icon,
        "hint": hint,
        "upload_limit": settings.BERTH_UPLOAD_LIMIT,
    }
    template = "images/_form.html" if request.htmx else "images/form.html"
    return render(request, template, context, status=422 if form.errors else 200)
