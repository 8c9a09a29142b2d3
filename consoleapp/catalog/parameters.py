"""The typed parameters of a template: what a user fills in, and how a value is parsed."""

import re
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import (
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from consoleapp.catalog import patterns
from engine.schema.parameters import Line, Model

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Label = Annotated[Line, StringConstraints(max_length=100)]
Value = Annotated[Line, StringConstraints(max_length=1000)]
Port = Annotated[int, Field(ge=1, le=65535)]
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")
_SECRET_LIMIT = 4000


class WrongValue(ValueError):
    """Raised for a value that a parameter rejects. Its text is a sentence for the user."""


def _is_kept(info: ValidationInfo) -> bool:
    """Return whether it is a saved version, perhaps of a laxer Berth: then show it unchanged."""
    return bool(isinstance(info.context, dict) and info.context.get("kept"))


class _Parameter(Model):
    name: Name
    label: Label = ""
    help: Annotated[Line, StringConstraints(max_length=300)] = ""

    @property
    def title(self) -> str:
        """Return its label in the form."""
        return self.label or self.name.replace("_", " ").capitalize()


class _Defaulted(_Parameter):
    default: Value = ""
    required: bool = True

    @model_validator(mode="after")
    def _takes_its_default(self, info: ValidationInfo) -> "_Defaulted":
        if self.default and not _is_kept(info):
            self.read(self.default)
        return self

    def read(self, typed: str) -> str:
        """Return the value in the form that fields get. Raises WrongValue."""
        raise NotImplementedError


class TextParameter(_Defaulted):
    """A text of one or several lines; `pattern` must match all of it."""

    type: Literal["text"] = "text"
    default: Annotated[str, StringConstraints(max_length=1000)] = ""
    pattern: Annotated[str, StringConstraints(max_length=200)] = ""

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str, info: ValidationInfo) -> str:
        if _is_kept(info):
            return value
        try:
            patterns.check(value)
        except patterns.Wrong as error:
            raise ValueError(
                _("this is no regular expression: %(problem)s") % {"problem": error}
            ) from None
        if re.search(r"[+*}]\)*[+*{]", value) or re.search(r"\([^)]*[+*|][^)]*\)[+*{]", value):
            raise ValueError(_("a repeat inside a repeat is not allowed in a pattern"))
        return value

    def read(self, typed: str) -> str:
        if _CONTROL.search(typed):
            raise WrongValue(_("This must be without control characters."))
        if len(typed) > 1000:
            raise WrongValue(_("At most 1000 characters."))
        try:
            fits = not self.pattern or patterns.matches(self.pattern, typed)
        except patterns.Wrong as error:
            raise WrongValue(
                _("The template's pattern cannot be used any more: %(problem)s. Edit the template.")
                % {"problem": error}
            ) from None
        if not fits:
            raise WrongValue(
                _("This does not match the pattern %(pattern)s") % {"pattern": self.pattern}
            )
        return typed


class NumberParameter(_Defaulted):
    """A whole number."""

    type: Literal["number"] = "number"
    minimum: int | None = None
    maximum: int | None = None

    def read(self, typed: str) -> str:
        if not re.fullmatch(r"-?[0-9]{1,18}", typed.strip()):
            raise WrongValue(_("This must be a whole number."))
        number = int(typed)
        if self.minimum is not None and number < self.minimum:
            raise WrongValue(_("Must be %(minimum)s or more.") % {"minimum": self.minimum})
        if self.maximum is not None and number > self.maximum:
            raise WrongValue(_("Must be %(maximum)s or less.") % {"maximum": self.maximum})
        return str(number)


class ChoiceParameter(_Defaulted):
    """One of the template's values."""

    type: Literal["choice"] = "choice"
    choices: Annotated[list[Value], Field(min_length=1, max_length=100)]

    def read(self, typed: str) -> str:
        if typed not in self.choices:
            raise WrongValue(_("Choose one of the list."))
        return typed


class PortParameter(_Parameter):
    """A host port. If empty, a free one is allotted from its own range or the account's."""

    type: Literal["port"] = "port"
    first: Port | None = None
    last: Port | None = None

    @model_validator(mode="after")
    def _is_a_range(self) -> "PortParameter":
        if (self.first is None) != (self.last is None):
            raise ValueError(_("a range has a first and a last port"))
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError(_("the range ends before it begins"))
        return self

    def read(self, typed: str) -> str:
        """Return the port. Raises WrongValue."""
        if not re.fullmatch(r"[0-9]{1,5}", typed.strip()) or not 1 <= int(typed) <= 65535:
            raise WrongValue(_("A port is a number from 1 to 65535."))
        if self.first and self.last and not self.first <= int(typed) <= self.last:
            raise WrongValue(
                _("A port from %(first)s to %(last)s.") % {"first": self.first, "last": self.last}
            )
        return str(int(typed))


class SecretParameter(_Parameter):
    """A secret: never stored, never shown, and only ever an environment variable's value."""

    type: Literal["secret"] = "secret"
    required: bool = True

    def read(self, typed: str) -> str:
        """Return the secret itself. Raises WrongValue."""
        if "\0" in typed or len(typed) > _SECRET_LIMIT:
            raise WrongValue(
                _("At most %(limit)s characters, none of them NUL.") % {"limit": _SECRET_LIMIT}
            )
        return typed


Parameter = Annotated[
    TextParameter | NumberParameter | ChoiceParameter | PortParameter | SecretParameter,
    Field(discriminator="type"),
]
