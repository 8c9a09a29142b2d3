"""The bridge from a pydantic model to a Django form: the model validates, errors reach the fields.

Rules of a value are the engine's, so a form has none of its own: it names the fields, arranges
what was typed into the model's shape, and shows the model's errors where they belong.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from pydantic import BaseModel, ValidationError

from consoleapp.i18n.model_errors import for_reader
from consoleapp.i18n.rendering import in_language
from engine.schema import image_names

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Location = tuple[int | str, ...]
"""A value's place in the model, as pydantic names it."""


def first_error(error: ValidationError) -> str:
    """Return the first error as a sentence, in the reader's language."""
    return for_reader(error.errors(include_url=False, include_input=False)[0])


def first_named_error(error: ValidationError) -> str:
    """Return the same, after the name of the value: for posts without a form to show it in."""
    location = error.errors(include_url=False, include_input=False)[0]["loc"]
    return f"{location[0]}: {first_error(error)}" if location else first_error(error)


class ModelForm(forms.Form):
    """A form that is valid if its model is, which is then `parsed`."""

    model: ClassVar[type[BaseModel]]
    words: ClassVar["Mapping[str, StrOrPromise]"] = {}
    """The form's own sentences, by pydantic's type of error."""
    parsed: Any

    def values(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Return the model's values from the form's.

        Raises ValueError with a sentence about the whole; errors of fields are added by add_error.
        """
        return dict(cleaned)

    def place(self, location: Location) -> str | None:
        """Return the field that shows the error at `location`; None to show it above all fields."""
        name = str(location[0]) if location else ""
        return name if name in self.fields else None

    def clean(self) -> dict[str, Any]:
        """Let the model validate, and show its errors at the fields."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        try:
            values = self.values(cleaned)
            if not self.errors:
                self.parsed = image_names.checked(self.model.model_validate(values))
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_input=False):
                self.add_error(self.place(fault["loc"]), for_reader(fault, self.words))
        except ValueError as error:
            self.add_error(None, str(in_language(str(error))))
        return cleaned
