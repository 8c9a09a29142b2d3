"""Copy between registries."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.operations.submit import submit
from consoleapp.web.accepted import accepted, refused
from consoleapp.web.model_form import ModelForm
from consoleapp.web.registries.forms import CopyForm, SyncForm
from consoleapp.web.registries.query_view import filled
from engine.schema.parameters import Role
from engine.schema.queries import SyncPlan


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def copy(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Copy one image."""
    initial = {"source": request.GET.get("source", "")}
    form = CopyForm(request.POST or None, initial=initial | {"all": True})
    return _answered(request, account, form, "registries/copy.html")


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def sync(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Sync tags, after a dry run."""
    initial = {"source": request.GET.get("source", ""), "pattern": "*"}
    form = SyncForm(request.POST or None, initial=initial)
    return _answered(request, account, form, "registries/sync.html")


@require_GET
@require_role(Role.OPERATOR)
def plan(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show the dry run."""
    names = ("source", "destination", "pattern")
    given = {name: request.GET.get(name, "").strip() for name in names}
    return filled(request, account, SyncPlan, given, "registries/_plan.html", **given)


def _answered(
    request: Request, account: LinuxAccount, form: ModelForm, template: str
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        following = reverse("operations:list")
        try:
            operation = submit(account, form.parsed, actor=Actor.of(request))
        except Refused as error:
            return refused(request, error, next=request.path)
        return accepted(request, operation, next=following)
    return render(request, template, {"form": form}, status=422 if form.errors else 200)
