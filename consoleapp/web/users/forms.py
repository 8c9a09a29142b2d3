"""The forms about console users."""

from django import forms
from django.utils.translation import gettext_lazy

from consoleapp.accounts import names
from consoleapp.accounts.models import User


class UserForm(forms.ModelForm):  # type: ignore[type-arg]  # no generics at run time
    """A new console user."""

    class Meta:
        model = User
        fields: tuple[str, ...] = ("username", "first_name", "last_name", "email", "is_superuser")
        labels = {
            "is_superuser": gettext_lazy("Administrator"),
            "username": gettext_lazy("Username"),
        }
        help_texts = {
            "username": gettext_lazy("The name to sign in with. Letters, digits and @ . + - _"),
            "is_superuser": gettext_lazy(
                "Owns every account, and manages users, groups, hosts and grants."
            ),
        }

    def clean_username(self) -> str:
        """Refuse a name that resembles another."""
        name: str = self.cleaned_data["username"]
        names.check(name)
        return name


class UserChangeForm(UserForm):
    """An existing user. The name, which audit events contain, does not change."""

    class Meta(UserForm.Meta):
        fields: tuple[str, ...] = ("first_name", "last_name", "email", "is_superuser")
