"""The forms of the user's own pages."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consoleapp.accounts.models import User


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # no generics at run time
    """What users may change about themselves."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"),
            required=False,
            choices=[("", _("Same as browser")), *settings.LANGUAGES],
        )
        provider = settings.BERTH_IDENTITY_PROVIDER
        if provider is not None and provider.link_verified_email:
            # At single sign-on, whoever has an address becomes its user.
            self.fields["email"].disabled = True
            text = _("Single sign-on uses it. Only administrators can change it.")
            self.fields["email"].help_text = text


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("A name that shows what it is for."),
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("Scope"),
        choices=[
            ("read", gettext_lazy("Read: view what you can view")),
            ("operate", gettext_lazy("Operate: also change what you can change")),
        ],
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Expires"),
        coerce=int,
        initial=90,
        choices=[
            (7, gettext_lazy("in a week")),
            (30, gettext_lazy("in 30 days")),
            (90, gettext_lazy("in 90 days")),
            (365, gettext_lazy("in a year")),
            (0, gettext_lazy("never")),
        ],
    )

    def expires_at(self) -> datetime | None:
        """Return when the requested token expires."""
        days: int = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else None
