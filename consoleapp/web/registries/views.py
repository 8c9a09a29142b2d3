"""The registries of an account: what determines where images come from, and tests."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from pydantic import ValidationError

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused
from consoleapp.core.requests import AccountRequest
from consoleapp.operations.submit import submit
from consoleapp.web.accepted import accepted, refused
from consoleapp.web.model_form import first_error
from consoleapp.web.registries.query_view import filled
from engine.schema.kinds import parse
from engine.schema.parameters import Role
from engine.schema.queries import RegistriesShow, RegistryCheck, RegistryResolve

_KINDS = ("registry.logout", "registry.distrust", "image.delete-remote")
_EDITS = ("remove-registry", "remove-alias", "convert", "short-name-mode")


@require_GET
@require_role(Role.VIEWER)
def registries(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the page, which loads the engine's data."""
    role = request.role
    context = {"operates": role.covers(Role.OPERATOR), "name": request.GET.get("name", "")}
    return render(request, "registries/list.html", context)


@require_GET
@require_role(Role.VIEWER)
def overview(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the configuration, logins, certificates, and policy."""
    return filled(request, account, RegistriesShow, {}, "registries/_overview.html")


@require_GET
@require_role(Role.VIEWER)
def resolve(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show what a name resolves to."""
    name = request.GET.get("name", "")
    return filled(request, account, RegistryResolve, {"name": name}, "registries/_resolved.html")


@require_GET
@require_role(Role.OPERATOR)
def check(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Test a registry."""
    values = {"registry": request.GET.get("registry", "")}
    return filled(request, account, RegistryCheck, values, "registries/_checked.html")


@require_POST
@require_role(Role.OPERATOR)
def act(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Make changes that need no form: remove an entry, convert, set the short-name mode."""
    following = reverse("registries:list", args=[account.key])
    given = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
    kind, change = given.pop("kind", ""), given.get("change", "")
    if kind == "registries.edit" and change in _EDITS:
        parameters: dict[str, Any] = {"seen": given.pop("seen", ""), "edit": given}
    elif kind in _KINDS:
        parameters = given
    else:
        return refused(request, _("Unknown action."), next=following, status=400)
    try:
        operation = submit(account, parse(kind, parameters), actor=Actor.of(request))
    except ValidationError as error:
        return refused(request, first_error(error), next=following, status=400)
    except Refused as error:
        return refused(request, error, next=following)
    return accepted(request, operation, next=following)
