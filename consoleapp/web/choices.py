"""Choices that depend on the reader, set when a form is made."""

from typing import cast

from django import forms


def choices_of(form: forms.BaseForm, name: str) -> forms.ChoiceField:
    """Return the field `name`, which is one with choices."""
    return cast(forms.ChoiceField, form.fields[name])
