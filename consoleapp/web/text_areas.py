"""Multi-line texts in forms: inputs lose line breaks, and browsers post CR LF for each."""

from collections.abc import Mapping
from typing import Any

from django import forms

_MOST_LINES = 12


def as_typed(text: str) -> str:
    """Return a posted text with the line breaks that were typed."""
    return text.replace("\r\n", "\n")


def line_count(text: object) -> int:
    """Return the initial number of lines of a text area: those of its text, within limits."""
    return min(1 + str(text or "").count("\n"), _MOST_LINES)


class TextArea(forms.Textarea):
    """A text area that looks like an input while its text has one line."""

    def __init__(self, attrs: Mapping[str, str]) -> None:
        super().__init__({"class": "one-line", **attrs})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Return the context with the text's number of lines."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["rows"] = line_count(value)
        return context


class SecretArea(TextArea):
    """A text area whose text is shown as dots, and that the server never sends back."""

    def __init__(self, attrs: Mapping[str, str]) -> None:
        super().__init__({"class": "one-line is-secret", **attrs})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Return the context without the value."""
        return super().get_context(name, None, attrs)
