"""The forms about images. The engine's own models validate them."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from consoleapp.web.model_form import ModelForm
from engine.schema.archives import ImageLoad, ImageShare
from engine.schema.images import ImagePull, ImagePush, ImageTag
from engine.schema.manifests import ManifestAdd, ManifestCreate, ManifestPush

_NO_REFERENCE = {
    "string_pattern_mismatch": gettext_lazy(
        "This is not an image reference, like registry.example/team/app:1."
    ),
}
_REFERENCE = {
    "class": "mono",
    "autocomplete": "off",
    "spellcheck": "false",
    "autocapitalize": "none",
}


class PullForm(ModelForm):
    """Pull an image."""

    model = ImagePull
    words = _NO_REFERENCE
    image = forms.CharField(
        label=gettext_lazy("Image"),
        max_length=600,
        widget=forms.TextInput(attrs={**_REFERENCE, "placeholder": "quay.io/team/app:1"}),
    )
    policy = forms.ChoiceField(
        label=gettext_lazy("If it already exists here"),
        choices=[
            ("always", gettext_lazy("Always pull from the registry")),
            ("newer", gettext_lazy("Pull only if the registry has a newer one")),
            ("missing", gettext_lazy("Keep the local image")),
        ],
        initial="always",
    )
    tls_verify = forms.BooleanField(
        label=gettext_lazy("Check the registry's certificate"), required=False, initial=True
    )
    username = forms.CharField(
        label=gettext_lazy("Username"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Used for this pull only, not stored."),
    )

    def clean(self) -> dict[str, Any]:
        """Require both user name and password, or neither."""
        if self.cleaned_data.get("password") and not self.cleaned_data.get("username"):
            self.add_error("username", _("Enter a username with the password."))
        return super().clean()

    def values(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Omit an empty password."""
        return {**cleaned, "password": cleaned["password"] or None}


class TagForm(ModelForm):
    """Add a name to an image; `image` comes from the address."""

    model = ImageTag
    words = _NO_REFERENCE
    tag = forms.CharField(
        label=gettext_lazy("New name"),
        max_length=600,
        widget=forms.TextInput(attrs={**_REFERENCE, "placeholder": "registry.example/team/app:2"}),
    )

    def __init__(self, *arguments: Any, image: str, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._image = image

    def values(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Add the image of the page."""
        return {"image": self._image, "tag": cleaned["tag"]}


class _ToRegistry(ModelForm):
    """The fields of every push; `image` comes from the address."""

    words = _NO_REFERENCE
    destination = forms.CharField(
        label=pgettext_lazy("destination", "To"),
        max_length=600,
        help_text=gettext_lazy(
            "The full name with the registry. It can differ from the name here."
        ),
        widget=forms.TextInput(attrs={**_REFERENCE, "placeholder": "registry.example/team/app:2"}),
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[
            ("", gettext_lazy("As stored here")),
            ("oci", "OCI"),
            ("v2s2", gettext_lazy("Docker, version 2")),
        ],
        required=False,
    )
    tls_verify = forms.BooleanField(
        label=gettext_lazy("Check the registry's certificate"), required=False, initial=True
    )
    username = forms.CharField(
        label=gettext_lazy("Username"),
        required=False,
        help_text=gettext_lazy("Leave empty to use the account's own sign-in."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Used for this push only, not stored."),
    )

    def __init__(self, *arguments: Any, image: str, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._image = image

    def values(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Omit an empty password."""
        return {**cleaned, "image": self._image, "password": cleaned["password"] or None}


class PushForm(_ToRegistry):
    """Push an image."""

    model = ImagePush


class ManifestPushForm(_ToRegistry):
    """Push a manifest list."""

    model = ManifestPush
    all = forms.BooleanField(
        label=gettext_lazy("Include the images that it lists"), required=False, initial=True
    )


class ShareForm(ModelForm):
    """Share an image with another account. The operation belongs to that account."""

    model = ImageShare
    words = _NO_REFERENCE
    account = forms.ChoiceField(
        label=gettext_lazy("Target account"),
        help_text=gettext_lazy("Other accounts on this host where you are an operator."),
    )
    tag = forms.CharField(
        label=gettext_lazy("Name in the target account"),
        max_length=600,
        widget=forms.TextInput(attrs=_REFERENCE),
    )

    def __init__(
        self, *arguments: Any, image: str, source: str, accounts: list[str], **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self._image, self._source = image, source
        field = self.fields["account"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(key, key) for key in accounts]

    def values(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Omit the account, to which it is submitted."""
        return {"source": self._source, "image": self._image, "tag": cleaned["tag"]}


class LoadForm(ModelForm):
    """Load the images in an uploaded archive."""

    model = ImageLoad
    words = {"uuid_parsing": gettext_lazy("This is not an upload. Choose the file again.")}
    archive = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        """Require a file."""
        if not self.cleaned_data.get("archive"):
            self.add_error(None, _("Choose the archive first."))
            return self.cleaned_data
        return super().clean()


class ManifestCreateForm(ModelForm):
    """A new manifest list."""

    model = ManifestCreate
    words = _NO_REFERENCE
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=600,
        widget=forms.TextInput(attrs={**_REFERENCE, "placeholder": "registry.example/team/app:2"}),
    )
    images = forms.MultipleChoiceField(
        label=gettext_lazy("With these images"),
        required=False,
        help_text=gettext_lazy("You can add more later, also from a registry."),
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )

    def __init__(self, *arguments: Any, choices: list[tuple[str, str]], **named: Any) -> None:
        super().__init__(*arguments, **named)
        field = self.fields["images"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = choices


class ManifestAddForm(ModelForm):
    """Add an image to a list; `name` comes from the address."""

    model = ManifestAdd
    words = _NO_REFERENCE
    image = forms.CharField(
        label=gettext_lazy("Image"),
        max_length=600,
        widget=forms.TextInput(attrs={**_REFERENCE, "placeholder": "localhost/app:1-arm64"}),
    )
    remote = forms.BooleanField(
        label=gettext_lazy("It is in a registry (only its manifest is fetched)"), required=False
    )
    all = forms.BooleanField(
        label=gettext_lazy("It is a list (all of its images are added)"), required=False
    )
    architecture = forms.CharField(
        label=gettext_lazy("Architecture"),
        required=False,
        max_length=32,
        help_text=gettext_lazy("Leave empty to use the image's own value."),
        widget=forms.TextInput(attrs={"placeholder": "arm64", "class": "mono"}),
    )
    variant = forms.CharField(
        label=gettext_lazy("Variant"),
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"placeholder": "v8", "class": "mono"}),
    )
    os = forms.CharField(
        label=gettext_lazy("Operating system"),
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"placeholder": "linux", "class": "mono"}),
    )
    tls_verify = forms.BooleanField(
        label=gettext_lazy("Check the registry's certificate"), required=False, initial=True
    )

    def __init__(self, *arguments: Any, name: str, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._name = name

    def values(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Add the list of the page."""
        return {**cleaned, "name": self._name}
