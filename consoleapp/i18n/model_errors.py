"""Sentences for pydantic's errors, which are written for programmers.

The one table for pages, templates of the catalog, and the API.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from consoleapp.i18n.rendering import in_language
from engine.schema.messages import Message

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_SENTENCES = {
    "missing": gettext_noop("This is required."),
    "extra_forbidden": gettext_noop("There is no such parameter."),
    "string_pattern_mismatch": gettext_noop("These characters are not allowed here."),
    "string_too_long": gettext_noop("At most %(max_length)s characters."),
    "string_too_short": gettext_noop("At least %(min_length)s characters."),
    "too_long": gettext_noop("At most %(max_length)s items."),
    "too_short": gettext_noop("At least %(min_length)s items."),
    "greater_than_equal": gettext_noop("Must be %(ge)s or more."),
    "less_than_equal": gettext_noop("Must be %(le)s or less."),
    "greater_than": gettext_noop("Must be more than %(gt)s."),
    "less_than": gettext_noop("Must be less than %(lt)s."),
    "string_type": gettext_noop("Must be text."),
    "int_type": gettext_noop("Must be a whole number."),
    "int_parsing": gettext_noop("Must be a whole number."),
    "int_parsing_size": gettext_noop("This number is too large."),
    "int_from_float": gettext_noop("Must be a whole number."),
    "float_type": gettext_noop("Must be a number."),
    "float_parsing": gettext_noop("Must be a number."),
    "bool_type": gettext_noop("Must be true or false."),
    "bool_parsing": gettext_noop("Must be true or false."),
    "list_type": gettext_noop("Must be a list."),
    "dict_type": gettext_noop("Must be an object."),
    "model_type": gettext_noop("Must be an object."),
    "model_attributes_type": gettext_noop("Must be an object."),
    "literal_error": gettext_noop("Must be one of %(expected)s."),
    "enum": gettext_noop("Must be one of %(expected)s."),
    "uuid_parsing": gettext_noop("Must be a UUID."),
    "union_tag_not_found": gettext_noop("Say which kind of operation this is."),
    "union_tag_invalid": gettext_noop(
        "There is no such kind of operation; the kinds are %(expected_tags)s."
    ),
}


def reason(fault: Mapping[str, Any]) -> str:
    """Return what is wrong, from one of `ValidationError.errors()`.

    A `Message` if it comes from Berth, so that pages can translate it.
    """
    context = fault.get("ctx") or {}
    if fault["type"] == "value_error":
        cause = context.get("error")
        # ninja converts it to text.
        if isinstance(cause, Exception) and cause.args:
            return str(cause.args[0])
        return str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "image_name":
        return str(context["reason"])
    if msgid := _SENTENCES.get(fault["type"]):
        used = {name: str(value) for name, value in context.items() if f"%({name})s" in msgid}
        return Message(msgid, used)
    return str(fault["msg"])


def sentence(text: str) -> str:
    """Return `text` with an initial capital and a final period."""
    ended = f"{text[:1].upper()}{text[1:]}"
    return ended if ended.endswith((".", "!", "?", "。")) or not ended.isascii() else f"{ended}."


def for_reader(fault: Mapping[str, Any], words: "Mapping[str, StrOrPromise] | None" = None) -> str:
    """Return the sentence for one of pydantic's errors, in the reader's language.

    `words` are a form's own sentences, by type of error.
    """
    own = (words or {}).get(fault["type"])
    return str(own) if own else sentence(str(in_language(reason(fault))))
