"""The grants on one account, for its owners and for administrators."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from consoleapp.accounts.access import require_role
from consoleapp.accounts.models import Grant, LinuxAccount, User
from consoleapp.accounts.service import is_service
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.core.requests import AccountRequest, Request
from consoleapp.i18n.rendering import in_language
from consoleapp.web.choices import choices_of
from engine.schema.parameters import Role

_ROLES = [(role.value, gettext_lazy(role.value)) for role in Role]


class GrantForm(forms.Form):
    """A new grant to a user or group, identified by number, since both may have the same name."""

    holder = forms.ChoiceField(label=gettext_lazy("To"))
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=_ROLES,
        initial=Role.OPERATOR.value,
        help_text=gettext_lazy(
            "A viewer sees everything and changes nothing. An operator can also launch, stop, "
            "remove and open terminals. An owner can also manage grants."
        ),
    )

    def __init__(self, data: Mapping[str, Any] | None, account: LinuxAccount) -> None:
        super().__init__(data)
        self.account = account
        self.holders = _holders()
        kinds = (
            (_("Groups"), [h for h in self.holders.values() if isinstance(h, Group)]),
            (_("Users"), [h for h in self.holders.values() if _is_person(h)]),
            (_("Service accounts"), [h for h in self.holders.values() if _is_program(h)]),
        )
        choices: list[tuple[str, object]] = [("", "")]
        choices += [(kind, [(_key(h), str(h)) for h in found]) for kind, found in kinds if found]
        choices_of(self, "holder").choices = choices

    def clean_holder(self) -> User | Group:
        """Return the user or group with that number."""
        found = self.holders[self.cleaned_data["holder"]]
        if self.account.grants.filter(**_whose(found)).exists():
            message = _("%(name)s already has a grant. Change its role below.")
            raise forms.ValidationError(message % {"name": found})
        return found

    def clean(self) -> dict[str, object]:
        """Refuse a program as owner: it could admit others."""
        values: dict[str, object] = super().clean() or {}
        holder = values.get("holder")
        if isinstance(holder, User) and values.get("role") == Role.OWNER and is_service(holder):
            self.add_error("role", _no_owner(holder))
        return values


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.OWNER)
def page(request: AccountRequest, account: LinuxAccount) -> HttpResponse:
    """Show all grants of the account, and a form for a new one."""
    form = GrantForm(request.POST or None, account)
    if request.method == "POST" and form.is_valid():
        holder, role = form.cleaned_data["holder"], form.cleaned_data["role"]
        with transaction.atomic():
            grant = Grant.objects.create(account=account, role=role, **_whose(holder))
            _record("grant.created", request, grant, {"role": role})
        messages.success(request, _is_now(grant))
        return redirect("accounts:grants", account.key)
    held = account.grants.select_related("user__serviceaccount", "group").order_by(
        "group__name", "user__username"
    )
    context = {
        "form": form,
        "grants": [(grant, str(grant.user or grant.group)) for grant in held],
        "roles": _ROLES,
    }
    return render(request, "accounts/grants.html", context, status=422 if form.errors else 200)


@require_POST
@require_role(Role.OWNER)
@transaction.atomic
def change(request: AccountRequest, account: LinuxAccount, grant_id: int) -> HttpResponse:
    """Change a grant's role (`role`), or remove it (`remove`)."""
    grant = get_object_or_404(account.grants.select_related("user", "group"), pk=grant_id)
    role = request.POST.get("role", "")
    if request.POST.get("remove"):
        _record("grant.removed", request, grant, {"role": grant.role})
        grant.delete()
        text = _("The grant of %(name)s on %(account)s was removed.")
        messages.success(request, text % {"name": _name(grant), "account": account.key})
    elif role not in set(Role):
        messages.error(request, _("“%(role)s” is not a role.") % {"role": role})
    elif role == Role.OWNER and grant.user and is_service(grant.user):
        messages.error(request, _no_owner(grant.user))
    elif role != grant.role:
        _record("grant.changed", request, grant, {"role": [grant.role, role]})
        grant.role = role
        grant.save(update_fields=["role"])
        messages.success(request, _is_now(grant))
    return redirect("accounts:grants", account.key)


def _holders() -> dict[str, User | Group]:
    """Return everybody who can get a grant, by the form's value."""
    people = User.objects.filter(is_active=True).select_related("serviceaccount")
    found: list[User | Group] = [*Group.objects.order_by("name"), *people.order_by("username")]
    return {_key(holder): holder for holder in found}


def _key(holder: User | Group) -> str:
    return f"{'user' if isinstance(holder, User) else 'group'}-{holder.pk}"


def _is_program(holder: User | Group) -> bool:
    return isinstance(holder, User) and hasattr(holder, "serviceaccount")


def _is_person(holder: User | Group) -> bool:
    return isinstance(holder, User) and not hasattr(holder, "serviceaccount")


def _whose(holder: User | Group) -> dict[str, User | Group]:
    return {"user": holder} if isinstance(holder, User) else {"group": holder}


def _name(grant: Grant) -> str:
    if grant.user:
        return grant.user.username
    return _("The group %(name)s") % {"name": grant.group}


def _is_now(grant: Grant) -> str:
    values = {"name": _name(grant), "role": in_language(grant.role), "account": grant.account.key}
    return _("%(name)s is now %(role)s of %(account)s.") % values


def _no_owner(holder: User) -> str:
    return _("%(name)s is a service account and cannot be an owner.") % {"name": holder}


def _record(action: str, request: Request, grant: Grant, parameters: dict[str, object]) -> None:
    holder = f"user {grant.user.username}" if grant.user else f"group {grant.group}"
    record(
        action,
        actor=Actor.of(request),
        account=grant.account,
        target=holder,
        parameters=parameters,
    )
