"""Format absolute dates: in English as in ISO 8601, otherwise as usual in the language."""

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.utils.translation import get_language, to_locale


def in_form_of_language(form: str) -> str:
    """Return the language's format for one such as `Y-m-d H:i`. Machine formats (`c`, `U`) stay."""
    language = get_language() or settings.LANGUAGE_CODE
    module = f"{settings.FORMAT_MODULE_PATH[0]}.{to_locale(language)}"
    if language == settings.LANGUAGE_CODE or find_spec(module) is None:
        return form
    known: dict[str, str] = import_module(f"{module}.formats").DATES
    return known.get(form, form)
