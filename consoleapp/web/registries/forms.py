"""The forms about registries. The engine's own models validate them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from consoleapp.web.model_form import ModelForm
from engine.schema import registries as schema
from engine.schema.transfers import ImageCopy, ImageSync

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_MONO = {"class": "mono", "autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


def _line(label: "StrOrPromise", example: "StrOrPromise" = "", **more: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={**_MONO, "placeholder": example})
    return forms.CharField(label=label, max_length=700, widget=widget, **more)


def _lines(label: "StrOrPromise", rows: int, **more: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={**_MONO, "rows": rows})
    return forms.CharField(label=label, widget=widget, **more)


class EditForm(ModelForm):
    """A change of the account's registries.conf with the content that was `seen`."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    title: "StrOrPromise" = ""
    action: "StrOrPromise" = gettext_lazy("Save")

    def clean(self) -> dict[str, Any]:
        """Pass only the change to the model."""
        self.seen_digest = self.cleaned_data.pop("seen", "")
        return super().clean()


class SearchForm(EditForm):
    """The search list."""

    title = gettext_lazy("Search list")
    model = schema.SetSearch
    registries = _lines(
        gettext_lazy("Registries, in search order"),
        6,
        required=False,
        help_text=gettext_lazy(
            "One per line, for example quay.io. Podman looks for a short name such as httpd in "
            "each of them. Leave empty to allow only full names and aliases."
        ),
    )

    def values(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Split the names, one per line."""
        return {"registries": cleaned["registries"].split()}


class RegistryForm(EditForm):
    """One [[registry]]."""

    title = gettext_lazy("Registry")
    model = schema.SetRegistry
    was = forms.CharField(widget=forms.HiddenInput, required=False)
    prefix = _line(  # type: ignore[assignment]  # Django's prefix of names, which is not used here
        gettext_lazy("Prefix"),
        gettext_lazy("registry.example or *.example.com"),
        help_text=gettext_lazy(
            "A registry, with or without a path. *.example.com matches all hosts below it."
        ),
    )
    location = _line(
        gettext_lazy("Location"),
        "registry.example",
        required=False,
        help_text=gettext_lazy("Leave empty for the same location."),
    )
    mirrors = _lines(
        gettext_lazy("Mirrors, tried first, in this order"),
        4,
        required=False,
        help_text=gettext_lazy(
            "One per line: the location, then optionally <code>digest-only</code> or "
            "<code>tag-only</code>, and <code>insecure</code> if it has no TLS."
        ),
    )
    mirror_by_digest_only = forms.BooleanField(
        label=gettext_lazy("Use mirrors only for images with a digest"), required=False
    )
    blocked = forms.BooleanField(label=gettext_lazy("Blocked: never pull from it"), required=False)
    insecure = forms.BooleanField(
        label=gettext_lazy("Insecure: do not verify it, and allow plain HTTP"),
        required=False,
        help_text=gettext_lazy(
            "<b class='text-danger'>Anybody between this host and the registry can read the "
            "password and replace images.</b> Trust its certificate authority instead if you can."
        ),
    )

    def values(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Parse the mirrors, one per line."""
        lines = [line.split() for line in cleaned["mirrors"].splitlines() if line.split()]
        return {
            **cleaned,
            "was": cleaned["was"] or None,
            "location": cleaned["location"] or None,
            "mirrors": [_mirror(line) for line in lines],
        }


def _mirror(line: list[str]) -> dict[str, Any]:
    place, *options = line
    rules = [word for word in options if word in ("digest-only", "tag-only", "all")]
    unknown = [word for word in options if word not in (*rules, "insecure")]
    if unknown or len(rules) > 1:
        raise ValueError(
            _("The mirror %(place)s has unknown options: %(words)s.")
            % {"place": place, "words": line[1:]}
        )
    return {
        "location": place,
        "insecure": "insecure" in options,
        "pull_from": rules[0] if rules else "all",
    }


class AliasForm(EditForm):
    """A short name."""

    title = gettext_lazy("Alias")
    model = schema.SetAlias
    name = _line(gettext_lazy("Short name"), "httpd")
    value = _line(
        gettext_lazy("Resolves to"),
        "registry.example/team/httpd",
        help_text=gettext_lazy("Without a tag."),
    )


class TextForm(EditForm):
    """The whole file."""

    title = gettext_lazy("The whole registries.conf")
    model = schema.ReplaceText
    text = _lines(
        "registries.conf",
        24,
        required=False,
        strip=False,
        help_text=gettext_lazy(
            "Podman checks the file before it is saved. If Podman rejects it, nothing changes."
        ),
    )

    def values(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Convert the browser's CRLF."""
        return {"text": cleaned["text"].replace("\r\n", "\n")}


class LoginForm(ModelForm):
    """Log in."""

    model = schema.RegistryLogin
    registry = _line(gettext_lazy("Registry"), "registry.example:5000")
    username = _line(gettext_lazy("Username"))
    password = forms.CharField(
        label=gettext_lazy("Password or token"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy(
            "Podman stores it in the account's own auth file. Berth does not store it."
        ),
    )
    unverified = forms.BooleanField(
        label=gettext_lazy("Do not verify the registry's certificate"),
        required=False,
        help_text=gettext_lazy(
            "<b class='text-danger'>Anybody between this host and the registry can then read the "
            "password.</b>"
        ),
    )

    def values(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Invert the switch for the model."""
        kept = {name: value for name, value in cleaned.items() if name != "unverified"}
        return kept | {"tls_verify": not cleaned["unverified"]}


class TrustForm(ModelForm):
    """A certificate authority."""

    model = schema.RegistryTrust
    registry = _line(gettext_lazy("Registry"), "registry.example:5000")
    certificate = _lines(
        gettext_lazy("Certificate of its authority"),
        10,
        help_text=gettext_lazy(
            "PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----."
        ),
    )


class CopyForm(ModelForm):
    """Copy an image."""

    model = ImageCopy
    source = _line(gettext_lazy("From"), "registry.example/team/app:1")
    destination = _line(pgettext_lazy("destination", "To"), "other.example/team/app:1")
    all = forms.BooleanField(
        label=gettext_lazy("All architectures, same digest"), required=False, initial=True
    )


class SyncForm(ModelForm):
    """Sync tags."""

    model = ImageSync
    source = _line(gettext_lazy("From repository"), "registry.example/team/app")
    destination = _line(gettext_lazy("To repository"), "other.example/team/app")
    pattern = _line(gettext_lazy("Tags that match"), "1.*", initial="*")


EDITS: dict[str, type[EditForm]] = {
    "search": SearchForm,
    "registry": RegistryForm,
    "alias": AliasForm,
    "text": TextForm,
}
