"""What people fill in about images; the engine's own models are the judges."""

from collections.abc import Mapping
from typing import Any

from django import forms
from pydantic import ValidationError

from engine.schema.images import ImagePull, ImageTag
from engine.schema.parameters import Parameters

_WORDS = {
    "string_pattern_mismatch": "This is not an image reference, like registry.example/team/app:1.",
    "string_too_long": "This is too long.",
}


class _Judged(forms.Form):
    """A form whose values become one kind's parameters, in `parameters` once it is valid."""

    model: type[Parameters]
    parameters: Parameters

    def values(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """The model's values from what was filled in."""
        return dict(cleaned)

    def clean(self) -> dict[str, Any]:
        """Let the model judge, and put its complaints at the fields."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.parameters = self.model.model_validate(self.values(cleaned))
            except ValidationError as error:
                for fault in error.errors(include_url=False, include_input=False):
                    place = str(fault["loc"][0]) if fault["loc"] else None
                    words = _WORDS.get(fault["type"], fault["msg"])
                    self.add_error(place if place in self.fields else None, words)
        return cleaned


_REFERENCE = {
    "class": "mono",
    "autocomplete": "off",
    "spellcheck": "false",
    "autocapitalize": "none",
}


class PullForm(_Judged):
    """Pull an image."""

    model = ImagePull
    image = forms.CharField(
        label="Image",
        max_length=600,
        widget=forms.TextInput(attrs={**_REFERENCE, "placeholder": "quay.io/team/app:1"}),
    )
    policy = forms.ChoiceField(
        label="When it is here already",
        choices=[
            ("always", "Ask the registry for the present one"),
            ("newer", "Pull only if the registry's is newer"),
            ("missing", "Keep what is here"),
        ],
        initial="always",
    )
    tls_verify = forms.BooleanField(
        label="Check the registry's certificate", required=False, initial=True
    )
    username = forms.CharField(
        label="User name",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Used for this pull, then forgotten.",
    )

    def clean(self) -> dict[str, Any]:
        """Both of user name and password, or neither."""
        if self.cleaned_data.get("password") and not self.cleaned_data.get("username"):
            self.add_error("username", "A password needs a user name.")
        return super().clean()

    def values(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Without the password where there is none."""
        return {**cleaned, "password": cleaned["password"] or None}


class TagForm(_Judged):
    """Give an image one more name; `image` comes from the address."""

    model = ImageTag
    tag = forms.CharField(
        label="New name",
        max_length=600,
        widget=forms.TextInput(attrs={**_REFERENCE, "placeholder": "registry.example/team/app:2"}),
    )

    def __init__(self, *arguments: Any, image: str, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._image = image

    def values(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """With the image that the page is about."""
        return {"image": self._image, "tag": cleaned["tag"]}
