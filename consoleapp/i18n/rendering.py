"""Messages in the reader's language: the catalog's words for the msgid, then the parameters."""

from collections.abc import Mapping
from typing import TypeVar

from django.conf import settings
from django.utils.translation import get_language, gettext

from engine.schema.messages import Message, filled, load, places

_Shown = TypeVar("_Shown")


def in_language(text: _Shown) -> _Shown | str:
    """Return `text` in the reader's language if the catalog has its msgid, else in English.

    A string without parameters is its own msgid. What is neither a text nor a message stays.
    """
    found = load(text) if isinstance(text, Mapping) else text
    if not isinstance(found, str):
        return text
    language = get_language()
    if language is None or language == settings.LANGUAGE_CODE:
        return found + ""
    if isinstance(found, Message) and found.params:
        return _filled(found)
    # The empty msgid is the catalog's header. Text that is marked as safe is not kept so.
    plain = found + ""
    return gettext(plain) if plain else plain


def _filled(message: Message) -> str:
    words = gettext(message.msgid)
    if places(words) != set(message.params):
        return message + ""
    return filled(words, {name: in_language(value) for name, value in message.params.items()})
