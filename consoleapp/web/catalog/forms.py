"""The forms of the catalog: launching, sharing, importing, an account's port range."""

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from django import forms
from django.contrib.auth.models import Group
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.catalog.definition import Contents, Wrong
from consoleapp.catalog.models import LaunchTemplate, PortRange
from consoleapp.catalog.parameters import (
    ChoiceParameter,
    NumberParameter,
    PortParameter,
    SecretParameter,
)
from consoleapp.web.text_areas import SecretArea, TextArea, as_typed
from engine.schema.parameters import ContainerName

_PREFIX = "p-"
NAME = get_args(ContainerName)[1].pattern


class LaunchForm(forms.Form):
    """The parameters of a template. `say` shows errors at their fields."""

    def __init__(
        self,
        contents: Contents,
        data: Mapping[str, Any] | None = None,
        *,
        accounts: Iterable[LinuxAccount] | None = None,
        values: Mapping[str, str] | None = None,
        account: str = "",
    ) -> None:
        super().__init__(data, auto_id="launch-%s")
        self.use_required_attribute = False
        if accounts is not None:
            keys = [(each.key, each.key) for each in accounts]
            self.fields["account"] = forms.ChoiceField(
                choices=keys, label=_("Run as"), initial=account
            )
            if "name" not in contents.run:
                self.fields["name"] = forms.RegexField(
                    f"^(?:{NAME.strip('^$')})$",
                    max_length=200,
                    required=False,
                    label=_("Name"),
                    help_text=_("Leave empty to let Podman choose a name."),
                    error_messages={"invalid": _("Letters, digits, and . _ - only.")},
                )
        for each in contents.parameters:
            field = _field(each)
            field.label, field.help_text = each.title, escape(each.help) or field.help_text
            if values is not None and not isinstance(each, SecretParameter):
                field.initial = values.get(each.name, field.initial)
            self.fields[_PREFIX + each.name] = field

    def typed(self) -> dict[str, str]:
        """Return the typed values, by parameter."""
        return {
            name.removeprefix(_PREFIX): as_typed(str(self.data.get(name, "")))
            for name in self.fields
            if name.startswith(_PREFIX)
        }

    def say(self, wrong: Wrong) -> None:
        """Add the errors, each at its field; others above the form."""
        for location, sentence in wrong.faults.items():
            name = str(location[-1]) if location else ""
            at = _PREFIX + name if location[:1] == ("values",) else name
            if at in self.fields:
                self.add_error(at, sentence)
            else:
                where = ".".join(map(str, location[1:]))
                self.add_error(None, f"{where}: {sentence}" if where else sentence)


def _field(parameter: Any) -> forms.Field:
    attributes = {"autocomplete": "off", "spellcheck": "false"}
    match parameter:
        case SecretParameter():
            widget = SecretArea(attributes)
            return forms.CharField(
                required=parameter.required, widget=widget, strip=False,
                help_text=_("Enter it at every launch. Berth does not store it."),
            )  # fmt: skip
        case ChoiceParameter():
            choices = [(each, each) for each in parameter.choices]
            if not parameter.default:
                choices.insert(0, ("", _("Choose…")))
            return forms.ChoiceField(
                required=parameter.required, choices=choices, initial=parameter.default
            )
        case PortParameter():
            attributes |= {"inputmode": "numeric", "placeholder": _("a free one")}
            span = {"first": parameter.first, "last": parameter.last}
            hint = _("Leave empty to use a free port.")
            if parameter.first:
                hint = _("From %(first)s to %(last)s. Leave empty to use a free port.") % span
            return forms.CharField(
                required=False, widget=forms.TextInput(attrs=attributes),
                help_text=hint,
            )  # fmt: skip
        case NumberParameter():
            bounds = {"min": parameter.minimum, "max": parameter.maximum}
            attributes |= {name: str(value) for name, value in bounds.items() if value is not None}
            return forms.CharField(
                required=parameter.required and not parameter.default,
                widget=forms.NumberInput(attrs=attributes), initial=parameter.default,
            )  # fmt: skip
        case _:
            return forms.CharField(
                required=parameter.required and not parameter.default,
                widget=TextArea(attributes), initial=parameter.default, strip=False,
            )  # fmt: skip


class SharingForm(forms.ModelForm):  # type: ignore[type-arg]  # no generics at run time
    """A template's name, visibility, and editors."""

    owners = forms.ModelMultipleChoiceField(
        User.objects.filter(is_active=True).order_by("username"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 5}),
        label=gettext_lazy("Owners"),
        help_text=gettext_lazy("They can change the template, as administrators can."),
    )
    groups = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 5}),
        label=gettext_lazy("Visible to these groups"),
    )

    class Meta:
        model = LaunchTemplate
        fields = ("name", "public", "groups", "owners")
        labels = {
            "name": gettext_lazy("Name"),
            "public": gettext_lazy("Visible to all users"),
        }


class ImportForm(forms.Form):
    """A template as YAML, pasted or as a file."""

    file = forms.FileField(
        required=False,
        label=gettext_lazy("File"),
        help_text=gettext_lazy("At most 64 KiB of YAML."),
    )
    text = forms.CharField(
        required=False,
        label=gettext_lazy("Or paste it"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "class": "mono", "spellcheck": "false"}),
    )


class PortRangeForm(forms.ModelForm):  # type: ignore[type-arg]  # no generics at run time
    """An account's range."""

    class Meta:
        model = PortRange
        fields = ("first", "last")

    def clean(self) -> dict[str, Any] | None:
        """Refuse a range that the database would refuse."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first is not None and last is not None and not 1024 <= first <= last <= 65535:
            raise forms.ValidationError(_("A range must be between 1024 and 65535."))
        return cleaned
