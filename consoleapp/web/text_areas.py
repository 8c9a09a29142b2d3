"""Texts of several lines in forms: inputs lose line breaks, and browsers post CR LF for each."""

from collections.abc import Mapping
from typing import Any

from django import forms

_MOST_LINES = 12


def as_typed(text: str) -> str:
    """A posted text with the line breaks that were typed."""
    return text.replace("\r\n", "\n")


def line_count(text: object) -> int:
    """How many lines a text area shows at first: those of its text, within reason."""
    return min(1 + str(text or "").count("\n"), _MOST_LINES)


class TextArea(forms.Textarea):
    """A text area that looks like an input while its text has one line."""

    def __init__(self, attrs: Mapping[str, str]) -> None:
        super().__init__({"class": "one-line", **attrs})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """With as many lines as the text has."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["rows"] = line_count(value)
        return context


class SecretArea(TextArea):
    """One whose text is shown as dots, and never comes back from the server."""

    def __init__(self, attrs: Mapping[str, str]) -> None:
        super().__init__({"class": "one-line is-secret", **attrs})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Without the value."""
        return super().get_context(name, None, attrs)
