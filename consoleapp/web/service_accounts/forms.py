"""A service account's name, purpose, owner, and Linux accounts."""

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy

from consoleapp.accounts import names, service
from consoleapp.accounts.models import LinuxAccount
from consoleapp.web.me.forms import TokenForm
from engine.schema.parameters import Role


class ServiceChangeForm(forms.Form):
    """The fields that can change."""

    purpose = forms.CharField(
        label=gettext_lazy("Purpose"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("The program, and where it runs."),
    )
    owner = forms.ModelChoiceField(
        Group.objects.order_by("name"),
        label=gettext_lazy("Owner"),
        required=False,
        empty_label=gettext_lazy("administrators only"),
        help_text=gettext_lazy("Members of this group can also create and revoke its tokens."),
    )
    accounts = forms.ModelMultipleChoiceField(
        LinuxAccount.objects.filter(active=True).select_related("host").order_by("key"),
        required=False,
        label=gettext_lazy("Linux accounts"),
        widget=forms.CheckboxSelectMultiple({"class": "form-check-input"}),
        help_text=gettext_lazy("It can access only these accounts."),
    )
    role = forms.TypedChoiceField(
        label=gettext_lazy("Role"),
        coerce=Role,
        choices=[(role.value, gettext_lazy(role.value)) for role in service.ROLES],
        help_text=gettext_lazy(
            "A viewer sees everything and changes nothing. An operator can also launch, stop and "
            "remove, except with a token of scope read."
        ),
    )


class ServiceForm(ServiceChangeForm):
    """A new service account."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=names.LONGEST,
        help_text=gettext_lazy("Its name in operations and the audit log, for example ci-shop."),
    )
    field_order = ("name", "purpose", "owner", "accounts", "role")

    def clean_name(self) -> str:
        """Refuse a name that resembles another."""
        name = names.normalize(self.cleaned_data["name"])
        names.check(name)
        return name


class ServiceTokenForm(TokenForm):
    """A new token of a service account."""

    scope = forms.ChoiceField(
        label=gettext_lazy("Scope"),
        choices=[
            ("read", gettext_lazy("Read: view only")),
            ("operate", gettext_lazy("Operate: also change, as its role allows")),
        ],
    )
