"""A service account's name, purpose, owner, and Linux accounts."""

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy

from consoleapp.accounts import names, service
from consoleapp.accounts.models import LinuxAccount
from consoleapp.web.me.forms import TokenForm


class ServiceChangeForm(forms.Form):
    """The fields that can change."""

    purpose = forms.CharField(
        label=gettext_lazy("Purpose"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Which program it is, and where it runs."),
    )
    owner = forms.ModelChoiceField(
        Group.objects.order_by("name"),
        label=gettext_lazy("Owner"),
        required=False,
        empty_label=gettext_lazy("administrators only"),
        help_text=gettext_lazy("The members of this group may make and revoke its tokens as well."),
    )
    accounts = forms.ModelMultipleChoiceField(
        LinuxAccount.objects.filter(active=True).select_related("host").order_by("key"),
        required=False,
        label=gettext_lazy("Linux accounts"),
        widget=forms.CheckboxSelectMultiple({"class": "form-check-input"}),
        help_text=gettext_lazy("It sees these and no others."),
    )
    role = forms.TypedChoiceField(
        label=gettext_lazy("Role"),
        coerce=service.Role,
        choices=[(role.value, gettext_lazy(role.value)) for role in service.ROLES],
        help_text=gettext_lazy(
            "A viewer sees everything and changes nothing. An operator also launches, stops "
            "and removes; a token with the scope read never does."
        ),
    )


class ServiceForm(ServiceChangeForm):
    """A new service account."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=names.LONGEST,
        help_text=gettext_lazy("What operations and the audit log call it, such as ci-shop."),
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
            ("read", gettext_lazy("Read: only see")),
            ("operate", gettext_lazy("Operate: also change, as its role allows")),
        ],
    )
