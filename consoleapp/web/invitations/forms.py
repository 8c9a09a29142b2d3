"""The forms for inviting somebody, and for accepting an invitation."""

from django import forms
from django.contrib.auth.forms import SetPasswordMixin
from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consoleapp.accounts import names
from consoleapp.accounts.models import User
from consoleapp.accounts.sending import sends_mail


class InvitationForm(forms.Form):
    """The address, the groups, and the expiry of an invitation."""

    email = forms.EmailField(
        required=False,
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("Stored with the invitation to identify it."),
    )
    groups = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"),
        label=gettext_lazy("Groups"),
        required=False,
        widget=forms.CheckboxSelectMultiple({"class": "form-check-input"}),
        help_text=gettext_lazy("The user gets the grants of these groups."),
    )
    days = forms.TypedChoiceField(
        label=gettext_lazy("Link is valid"),
        coerce=int,
        initial=7,
        choices=[
            (1, gettext_lazy("for a day")),
            (7, gettext_lazy("for a week")),
            (30, gettext_lazy("for 30 days")),
        ],
    )
    send = forms.BooleanField(required=False, label=gettext_lazy("Send the link by e-mail as well"))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        if not sends_mail():
            del self.fields["send"]
        if not Group.objects.exists():
            del self.fields["groups"]

    def clean(self) -> dict[str, object]:
        """Require an address for mail."""
        values: dict[str, object] = super().clean() or {}
        if values.get("send") and not values.get("email") and "email" not in self.errors:
            self.add_error("email", _("Enter an address."))
        return values


class AcceptForm(SetPasswordMixin, forms.ModelForm):  # type: ignore[type-arg]  # no generics at run time
    """The invitee's name and password."""

    password1, password2 = SetPasswordMixin.create_password_fields()

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name")
        labels = {"username": gettext_lazy("Username")}
        help_texts = {
            "username": gettext_lazy(
                "The name that you sign in with. Letters, digits and @ . + - _"
            )
        }

    def clean_username(self) -> str:
        """Refuse a name that resembles another."""
        name: str = self.cleaned_data["username"]
        names.check(name)
        return name

    def clean(self) -> dict[str, object]:
        """Require equal passwords."""
        self.validate_passwords()
        values: dict[str, object] = super().clean() or {}
        return values

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # not in the stubs
        self.validate_password_for_user(self.instance, "password1")
