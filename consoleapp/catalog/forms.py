"""The form of a launch template."""

import json
from typing import Any

from django import forms
from pydantic import ValidationError

from consoleapp.catalog.models import LaunchTemplate
from engine.schema.containers import ContainerRun
from engine.schema.parameters import REDACTED


class PrettyJson(json.JSONEncoder):
    """JSON with indents, for the text field."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "indent": 2, "ensure_ascii": False})


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name, description, icon, and the parameters of `podman run` as JSON."""

    parameters = forms.JSONField(
        encoder=PrettyJson,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "mono"}),
        help_text="The same fields as container.run in the API, for example image, command_line, "
        "ports, volumes, environment. Everybody can read a template: leave secrets out, they are "
        "typed at the launch.",
    )

    class Meta:
        model = LaunchTemplate
        fields = ("name", "description", "icon", "parameters")

    def clean_parameters(self) -> dict[str, Any]:
        """The parameters, if `podman run` would take them and they hold no secret."""
        given = self.cleaned_data["parameters"]
        if not isinstance(given, dict):
            raise forms.ValidationError("This must be one JSON object.")
        try:
            public = ContainerRun.model_validate(given).public()
        except ValidationError as invalid:
            raise forms.ValidationError([_sentence(fault) for fault in invalid.errors()]) from None
        if REDACTED in json.dumps(public, ensure_ascii=False):
            raise forms.ValidationError(
                "A variable looks like a secret by its name: type it at the launch instead."
            )
        return public


def without_secrets(parameters: dict[str, Any]) -> dict[str, Any]:
    """Public parameters of a past launch, without the variables that were redacted."""
    kept = dict(parameters)
    environment = kept.get("environment", {})
    shown = {name: value for name, value in environment.items() if REDACTED not in value}
    kept.pop("environment", None)
    return kept | ({"environment": shown} if shown else {})


def _sentence(fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place}: {fault['msg']}" if place else str(fault["msg"])
