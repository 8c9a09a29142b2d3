"""The forms about console users."""

from django import forms

from consoleapp.accounts.models import User


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new console user."""

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "is_superuser")
        labels = {"is_superuser": "Administrator", "username": "User name"}
        help_texts = {
            "username": "What they sign in with. Letters, digits and @ . + - _",
            "is_superuser": "Owns every account, and manages people, groups, hosts and grants.",
        }


class PersonChangeForm(PersonForm):
    """An existing one; the name that audit events carry does not change."""

    class Meta(PersonForm.Meta):
        fields = ("first_name", "last_name", "email", "is_superuser")
