"""Forms that change the account's registries.conf, logins, and certificates."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.live import relay
from consoleapp.operations.submit import submit
from consoleapp.web.accepted import accepted, refused
from consoleapp.web.engine_failure import failure
from consoleapp.web.model_form import ModelForm
from consoleapp.web.registries.forms import EDITS, LoginForm, TrustForm
from engine.schema.errors import EngineError
from engine.schema.parameters import Parameters, Role
from engine.schema.queries import RegistriesShow
from engine.schema.registries import RegistriesEdit


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def edit(request: AccountRequest, account: LinuxAccount, what: str) -> HttpResponse:
    """Edit the file. The form is a panel that shows the current content."""
    if what not in EDITS:
        raise Http404("there is no such edit")
    kind = EDITS[what]
    if request.method == "POST":
        form = kind(request.POST)
        if not form.is_valid():
            context = {"form": form, "title": kind.title, "action": kind.action}
            return render(request, "registries/form.html", context, status=422)
        try:
            parameters = RegistriesEdit(seen=form.seen_digest, edit=form.parsed)
        except ValueError:
            return refused(request, _("The form is damaged. Reload the page."), next=request.path)
        return _submitted(request, account, parameters)
    if not request.htmx:
        context = {"title": kind.title, "panel": request.get_full_path()}
        return render(request, "registries/form.html", context)
    try:
        shown = relay.document_sync(account, RegistriesShow(), Actor.of(request))["data"]
    except (EngineError, relay.Unanswered) as error:
        return render(request, "_panel_failed.html", {"error": failure(error)})
    initial = {"seen": shown["own_digest"], **_present(what, shown, request.GET)}
    form = kind(initial=initial)
    return render(request, "registries/_form.html", {"form": form, "action": kind.action})


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def login(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Log in to a registry."""
    form = LoginForm(request.POST or None, initial={"registry": request.GET.get("registry", "")})
    return _prefilled(request, account, form, _("Sign in to a registry"), _("Sign in"))


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def trust(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Trust a certificate authority."""
    form = TrustForm(request.POST or None, initial={"registry": request.GET.get("registry", "")})
    return _prefilled(request, account, form, _("Trust a certificate authority"), _("Trust"))


def _prefilled(
    request: Request, account: LinuxAccount, form: ModelForm, title: str, action: str
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        return _submitted(request, account, form.parsed)
    context = {"form": form, "title": title, "action": action}
    return render(request, "registries/form.html", context, status=422 if form.errors else 200)


def _submitted(request: Request, account: LinuxAccount, parameters: Parameters) -> HttpResponse:
    following = reverse("registries:list", args=[account.key])
    try:
        operation = submit(account, parameters, actor=Actor.of(request))
    except Refused as error:
        return refused(request, error, next=following)
    return accepted(request, operation, next=following)


def _present(what: str, shown: dict[str, Any], change: Any) -> dict[str, Any]:
    """Return the form's initial values."""
    match what:
        case "search":
            return {"registries": "\n".join(shown["search"])}
        case "text":
            return {"text": shown["own_text"]}
        case "alias":
            name = change.get("name", "")
            found = next((each for each in shown["aliases"] if each["name"] == name), None)
            return {"name": name, "value": found["value"] if found else ""}
    prefix = change.get("prefix", "")
    found = next((each for each in shown["registries"] if each["prefix"] == prefix), None)
    if found is None:
        return {"prefix": prefix}
    lines = [
        " ".join(
            [each["location"]]
            + ([each["pull_from"]] if each["pull_from"] != "all" else [])
            + (["insecure"] if each["insecure"] else [])
        )
        for each in found["mirrors"]
    ]
    location = "" if found["location"] == prefix else found["location"]
    return {
        **found,
        "was": prefix if found["own"] else "",
        "location": location,
        "mirrors": "\n".join(lines),
    }
