"""Language tags and filters that every template has without loading them."""

from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template import defaultfilters
from django.urls import reverse
from django.utils.translation import get_language

from consoleapp.i18n import dates, rendering
from consoleapp.i18n.versions import version_of

register = template.Library()
register.filter("in_language", rendering.in_language)


@register.filter("date", expects_localtime=True, is_safe=False)
def date(value: Any, form: str | None = None) -> Any:
    """Apply Django's filter, with the language's own formats."""
    return defaultfilters.date(value, dates.in_form_of_language(form) if form else form)


@register.filter
def as_tag(code: str) -> str:
    """Return a language's code in HTML's form: zh-Hans."""
    language, _, script = code.partition("-")
    return f"{language}-{script.title()}" if script else language


@register.simple_tag
def page_language() -> str:
    """Return the value of `<html lang>`."""
    return as_tag(get_language() or settings.LANGUAGE_CODE)


@register.simple_tag
def words_address() -> str:
    """Return the address of the scripts' translations."""
    version = version_of(get_language() or settings.LANGUAGE_CODE)
    return reverse("languages:words", args=[version])


@register.simple_tag
def languages() -> list[dict[str, Any]]:
    """Return the available languages, each with its own name for itself."""
    now = get_language()
    return [
        {"code": code, "name": name, "current": code == now} for code, name in settings.LANGUAGES
    ]


@register.simple_tag
def page_address(request: HttpRequest | None) -> str:
    """Return where to continue after a choice: the open page."""
    if request is None:
        return "/"
    return request.get_full_path() if request.method in ("GET", "HEAD") else request.path
