"""The forms about notifications."""

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from consoleapp.accounts.access import visible_accounts
from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.i18n.rendering import in_language
from consoleapp.notifications import mail
from consoleapp.notifications import webhooks as sending
from consoleapp.notifications.event_types import ABOUT, EventType
from consoleapp.notifications.models import EVENT_TYPES, Rule, Webhook
from consoleapp.web.choices import choices_of

_BOX = {"class": "form-check-input"}
_EVENT_TYPES = [
    ("", gettext_lazy("Anything")),
    *((value, gettext_lazy(label)) for value, label in EVENT_TYPES),
]


class NoticeFilters(forms.Form):
    """All fields are optional. Invalid values are omitted from the query."""

    event_type = forms.ChoiceField(required=False, label=gettext_lazy("What"), choices=_EVENT_TYPES)
    account = forms.ChoiceField(required=False, label=gettext_lazy("Account"))

    def __init__(self, data: Mapping[str, Any] | None, user: User) -> None:
        super().__init__(data)
        keys = visible_accounts(user).values_list("key", flat=True)
        choices_of(self, "account").choices = [
            ("", _("Any account")),
            *((key, key) for key in keys),
        ]

    def narrow(self) -> dict[str, str]:
        """Return the arguments for `filter` of notices."""
        self.is_valid()
        values = self.cleaned_data
        wanted = {
            "occurrence__event_type": values.get("event_type"),
            "occurrence__account__key": values.get("account"),
        }
        return {name: value for name, value in wanted.items() if value}


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]  # no generics at run time
    """One subscription: event types, accounts, and ways of delivery."""

    event_types = forms.MultipleChoiceField(
        label=gettext_lazy("Notify me about"),
        widget=forms.CheckboxSelectMultiple(_BOX),
        choices=_EVENT_TYPES[1:],
    )
    all_accounts = forms.TypedChoiceField(
        label=pgettext_lazy("accounts", "On"),
        widget=forms.RadioSelect(_BOX),
        coerce=lambda text: text == "True",
        choices=[
            (True, gettext_lazy("every account that I can see, now and later")),
            (False, gettext_lazy("these accounts")),
        ],
        initial=True,
    )
    accounts = forms.ModelMultipleChoiceField(
        queryset=LinuxAccount.objects.none(), required=False, label=gettext_lazy("These accounts")
    )
    webhooks = forms.ModelMultipleChoiceField(
        queryset=Webhook.objects.none(), required=False, widget=forms.CheckboxSelectMultiple(_BOX)
    )

    class Meta:
        model = Rule
        fields = ("event_types", "all_accounts", "accounts", "in_page", "email", "webhooks")
        labels = {
            "in_page": gettext_lazy("In Berth (bell)"),
            "email": gettext_lazy("By e-mail"),
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["accounts"].queryset = visible_accounts(user)  # type: ignore[attr-defined]  # a ModelMultipleChoiceField
        hooks = Webhook.objects.filter(user=user)
        self.fields["webhooks"].queryset = hooks  # type: ignore[attr-defined]  # a ModelMultipleChoiceField
        self.why_no_email = ""
        if not mail.configured():
            self.why_no_email = _("No mail server is configured. An administrator can set one.")
        elif not user.email:
            self.why_no_email = _("Your profile has no e-mail address yet.")
        self.instance.user = user

    def clean(self) -> dict[str, Any]:
        """Require an event type, an account, and a way of delivery."""
        values = super().clean() or {}
        if values.get("all_accounts") is False and not values.get("accounts"):
            self.add_error("accounts", _("Choose at least one account, or all of them."))
        if not (values.get("in_page") or values.get("email") or values.get("webhooks")):
            self.add_error("in_page", _("Choose at least one way."))
        if values.get("email") and self.why_no_email:
            self.add_error("email", self.why_no_email)
        return values

    def save(self, commit: bool = True) -> Rule:
        """Save the accounts only if the subscription is limited to them."""
        if self.cleaned_data["all_accounts"]:
            self.cleaned_data["accounts"] = []
        chosen = self.cleaned_data["event_types"]
        self.instance.observed = any(ABOUT[EventType(each)].observed for each in chosen)
        return super().save(commit)  # type: ignore[no-any-return]  # untyped in the stubs


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]  # no generics at run time
    """A webhook's name and address."""

    class Meta:
        model = Webhook
        fields = ("name", "url", "active")
        labels = {
            "name": gettext_lazy("Name"),
            "url": gettext_lazy("Address"),
            "active": gettext_lazy("Switched on"),
        }
        help_texts = {
            "name": gettext_lazy("A name that identifies it."),
            "url": gettext_lazy(
                "Berth sends POST requests with JSON to this address, for example "
                "https://chat.example/hooks/berth."
            ),
        }

    def clean_url(self) -> str:
        """Check what is known before a connection. The address of the name is checked then."""
        url: str = self.cleaned_data["url"].strip()
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            message = _("Invalid address: %(error)s.") % {"error": error}
            raise forms.ValidationError(message) from error
        if parts.scheme not in ("https", "http") or not host or port == 0:
            raise forms.ValidationError(_("The address must start with https:// and a host name."))
        if parts.username or parts.password:
            raise forms.ValidationError(
                _("Leave out the username and password. The signature identifies the sender.")
            )
        if not url.isascii() or any(c.isspace() or not c.isprintable() for c in url):
            raise forms.ValidationError(_("Write characters outside ASCII as %XX."))
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return url
        try:
            sending.check(address, encrypted=parts.scheme == "https")
        except sending.Forbidden as forbidden:
            raise forms.ValidationError(in_language(str(forbidden))) from forbidden
        return url
