"""Manifest lists: create, add to, remove from, and push them."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from pydantic import ValidationError

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Refused
from consoleapp.core.requests import AccountRequest
from consoleapp.operations.submit import submit
from consoleapp.web.accepted import accepted, refused
from consoleapp.web.images import rows
from consoleapp.web.images.form_view import ask
from consoleapp.web.images.forms import ManifestAddForm, ManifestCreateForm, ManifestPushForm
from consoleapp.web.images.transfers import known
from engine.schema.manifests import ManifestRemove
from engine.schema.parameters import Role


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def create(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Create a list."""
    every = rows.of_account(account)
    choices = [(tag, tag) for row in every if not row.manifest_list for tag in row.tags[:1]]
    return ask(
        request,
        account,
        ManifestCreateForm(request.POST or None, choices=choices),
        title=_("Create a manifest list"),
        button=_("Create"),
        icon="list-tree",
        next=reverse("images:list", args=[account.key]),
        hint=_("One name for images of several architectures. A pull selects the right one."),
    )


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def add(request: AccountRequest, account: LinuxAccount, image: str) -> HttpResponse:
    """Add an image."""
    name = _name(account, image)
    return ask(
        request,
        account,
        ManifestAddForm(request.POST or None, name=name),
        title=_("Add to %(name)s") % {"name": name},
        button=_("Add"),
        icon="plus",
        next=reverse("images:list", args=[account.key]),
    )


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def push(request: AccountRequest, account: LinuxAccount, image: str) -> HttpResponse:
    """Push it to a registry, with or without its images."""
    name = _name(account, image)
    return ask(
        request,
        account,
        ManifestPushForm(request.POST or None, image=name),
        title=_("Push %(name)s") % {"name": name},
        button=_("Push"),
        icon="upload",
        next=reverse("images:list", args=[account.key]),
    )


@require_POST
@require_role(Role.OPERATOR)
def remove(request: AccountRequest, account: LinuxAccount, image: str) -> HttpResponse:
    """Remove `digest` from the list."""
    following = reverse("images:list", args=[account.key])
    try:
        parameters = ManifestRemove(
            name=_name(account, image), digest=request.POST.get("digest", "")
        )
        operation = submit(account, parameters, actor=Actor.of(request))
    except ValidationError:
        return refused(request, _("This is not a digest."), next=following, status=400)
    except Refused as error:
        return refused(request, error, next=following)
    return accepted(request, operation, next=following)


def _name(account: LinuxAccount, image: str) -> str:
    """Return its name: a change gives the list another id."""
    row = known(account, image)
    return rows.title(row) if row and row.tags else image
