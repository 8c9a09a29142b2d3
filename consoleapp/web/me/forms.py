"""The forms about oneself."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from consoleapp.accounts.models import User


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person may change of themselves."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"),
            required=False,
            choices=[("", _("As the browser says")), *settings.LANGUAGES],
        )
        provider = settings.BERTH_IDENTITY_PROVIDER
        if provider is not None and provider.link_verified_email:
            # Who has an address is who its owner becomes at single sign-on.
            self.fields["email"].disabled = True
            self.fields["email"].help_text = "Administrators change it: single sign-on goes by it."


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(max_length=100, help_text="What it is for, so that you know it again.")
    scope = forms.ChoiceField(
        choices=[
            ("read", "Read: see what you see"),
            ("operate", "Operate: also change what you may change"),
        ]
    )
    days = forms.TypedChoiceField(
        label="Expires",
        coerce=int,
        initial=90,
        choices=[
            (7, "in a week"),
            (30, "in 30 days"),
            (90, "in 90 days"),
            (365, "in a year"),
            (0, "never"),
        ],
    )

    def expires_at(self) -> datetime | None:
        """When the token that is asked for ends."""
        days: int = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else None
