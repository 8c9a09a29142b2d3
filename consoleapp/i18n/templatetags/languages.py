"""What every template knows of languages without loading it."""

from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template import defaultfilters
from django.urls import reverse
from django.utils.translation import get_language

from consoleapp.i18n import dates, sentences
from consoleapp.i18n.versions import version_of

register = template.Library()
register.filter("in_language", sentences.in_language)


@register.filter("date", expects_localtime=True, is_safe=False)
def date(value: Any, form: str | None = None) -> Any:
    """Django's filter, with the forms that templates ask for as the language writes them."""
    return defaultfilters.date(value, dates.in_form_of_language(form) if form else form)


@register.filter
def as_tag(code: str) -> str:
    """A language's code as HTML has it: zh-Hans."""
    language, _, script = code.partition("-")
    return f"{language}-{script.title()}" if script else language


@register.simple_tag
def page_language() -> str:
    """For `<html lang>`."""
    return as_tag(get_language() or settings.LANGUAGE_CODE)


@register.simple_tag
def words_address() -> str:
    """Where scripts find their words."""
    version = version_of(get_language() or settings.LANGUAGE_CODE)
    return reverse("languages:words", args=[version])


@register.simple_tag
def languages() -> list[dict[str, Any]]:
    """The languages to choose from, each with its own name for itself."""
    now = get_language()
    return [
        {"code": code, "name": name, "current": code == now} for code, name in settings.LANGUAGES
    ]


@register.simple_tag
def page_address(request: HttpRequest | None) -> str:
    """Where to come back to after a choice: the page that is open."""
    if request is None:
        return "/"
    return request.get_full_path() if request.method in ("GET", "HEAD") else request.path
