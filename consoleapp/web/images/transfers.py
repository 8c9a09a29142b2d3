"""Transfers of images: to a registry, to another account, from a file."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from consoleapp.accounts.access import require_role, role_on, visible_accounts
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.web.images import rows
from consoleapp.web.images.form_view import ask
from consoleapp.web.images.forms import LoadForm, PushForm, ShareForm
from engine.schema.parameters import Role
from engine.schema.snapshot import ImageRow


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def push(request: AccountRequest, account: LinuxAccount, image: str) -> HttpResponse:
    """Push an image to a registry, under any name."""
    row = known(account, image)
    name = rows.title(row) if row else image
    form = PushForm(request.POST or None, image=name, initial={"destination": _outside(row)})
    return ask(
        request,
        account,
        form,
        title=_("Push %(name)s") % {"name": name},
        button=_("Push"),
        icon="upload",
        next=reverse("images:detail", args=[account.key, image]),
    )


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def share(request: AccountRequest, account: LinuxAccount, image: str) -> HttpResponse:
    """Share an image with another account of the host, in the audit log of both."""
    row = known(account, image)
    accounts = {each.key: each for each in _others(request, account)}
    name = row.tags[0] if row and row.tags else ""
    form = ShareForm(
        request.POST or None,
        image=name or image,
        source=account.key,
        accounts=list(accounts),
        initial={"tag": name},
    )
    taking = accounts.get(request.POST.get("account", ""), account)
    return ask(
        request,
        taking,
        form,
        title=_("Share %(name)s") % {"name": name or image[:12]},
        button=_("Share"),
        icon="arrows-exchange",
        next=reverse("images:detail", args=[account.key, image]),
        hint="" if accounts else _("You are not an operator of any other account on this host."),
    )


@require_http_methods(["GET", "POST"])
@require_role(Role.OPERATOR)
def load(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Load an archive made by `podman save` or `docker save`."""
    return ask(
        request,
        account,
        LoadForm(request.POST or None),
        title=_("Load images from a file"),
        button=_("Load"),
        icon="file-upload",
        next=reverse("images:list", args=[account.key]),
    )


def known(account: LinuxAccount, image: str) -> ImageRow | None:
    """Return the image in the account's snapshot."""
    return next((row for row in rows.of_account(account) if row.id == image), None)


def _outside(row: ImageRow | None) -> str:
    """Return a name of the image in a registry, as an initial suggestion."""
    tags = row.tags if row else []
    return next((tag for tag in tags if not tag.startswith("localhost/")), "")


def _others(request: Request, account: LinuxAccount) -> list[LinuxAccount]:
    found = []
    for other in visible_accounts(request.user).filter(host=account.host).exclude(pk=account.pk):
        role = role_on(request.user, other)
        if role and role.covers(Role.OPERATOR):
            found.append(other)
    return found
