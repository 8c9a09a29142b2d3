"""Absolute dates: in English as ISO 8601 has them, elsewhere as the language does."""

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.utils.translation import get_language, to_locale


def in_form_of_language(form: str) -> str:
    """The language's own for a form such as `Y-m-d H:i`; forms for machines stay (`c`, `U`)."""
    language = get_language() or settings.LANGUAGE_CODE
    module = f"{settings.FORMAT_MODULE_PATH[0]}.{to_locale(language)}"
    if language == settings.LANGUAGE_CODE or find_spec(module) is None:
        return form
    known: dict[str, str] = import_module(f"{module}.formats").DATES
    return known.get(form, form)
