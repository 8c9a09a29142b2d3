"""Common filters: sizes, ages, command lines, labels of kinds of operations."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Paginator
from django.forms import BoundField
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from consoleapp.accounts.identity_provider import IdentityProvider
from consoleapp.i18n.dates import in_form_of_language
from consoleapp.i18n.rendering import in_language
from engine.schema.kinds import KINDS
from engine.schema.shell_text import shell_text

register = template.Library()

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


@register.filter
def size(count: int | float | str | None) -> str:
    """Format bytes as Podman does (in 1000s): 1.5 MB; an en dash for None."""
    if count is None or count == "":
        return "–"
    amount = float(count)
    for unit in _UNITS:
        if abs(amount) < 999.95 or unit == _UNITS[-1]:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.3g} {unit}"
        amount /= 1000
    raise AssertionError("the last unit always answers")


@register.filter
def ago(when: datetime | None) -> str:
    """Return how long ago it was, in one short phrase (as static/js/toasts.js does)."""
    if when is None:
        return "–"
    seconds = int((timezone.now() - when).total_seconds())
    if seconds < 10:
        return _("just now")
    for limit, length, words in (
        (60, 1, _("%(number)s s ago")),
        (3600, 60, _("%(number)s min ago")),
        (86_400, 3600, _("%(number)s h ago")),
        (86_400 * 60, 86_400, _("%(number)s d ago")),
    ):
        if seconds < limit:
            return words % {"number": seconds // length}
    return date_format(timezone.localtime(when), in_form_of_language("Y-m-d"))


@register.filter
def duration(seconds: float | None) -> str:
    """Format a duration as people say it: 0.4 s, 12 s, 3 min 5 s, 2 h 10 min."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return _("%(seconds)s s") % {"seconds": f"{seconds:.1f}"}
    whole = int(seconds)
    if whole < 60:
        return _("%(seconds)s s") % {"seconds": whole}
    if whole < 3600:
        return _("%(minutes)s min %(seconds)s s") % {
            "minutes": whole // 60,
            "seconds": whole % 60,
        }
    return _("%(hours)s h %(minutes)s min") % {
        "hours": whole // 3600,
        "minutes": whole % 3600 // 60,
    }


@register.filter
def short_id(identity: str) -> str:
    """Return the first twelve digits of an id, as Podman shows it."""
    return identity.removeprefix("sha256:")[:12]


@register.filter
def shell(argv: Iterable[str]) -> str:
    """Return an argument vector as text for a shell, which prompts for secrets first."""
    return shell_text(argv)


@register.filter
def kind_label(kind_or_operation: Any) -> str:
    """Return a kind's label on a button; the kind itself if it is unknown."""
    kind = getattr(kind_or_operation, "kind", kind_or_operation)
    return in_language(KINDS[kind].label) if kind in KINDS else str(kind)


@register.filter
def unlocalized(number: int | float) -> str:
    """Return a number for an attribute: without separators, whatever the language."""
    return str(number)


@register.filter
def pretty_json(value: Any) -> str:
    """Return indented JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.filter
def pages_near(paginator: "Paginator[Any]", number: int) -> list[int | None]:
    """Return the page numbers to offer: the first, the last, and near ones; None for a gap."""
    wanted = sorted({1, paginator.num_pages, *range(number - 2, number + 3)})
    shown: list[int | None] = []
    for page in wanted:
        if not 1 <= page <= paginator.num_pages:
            continue
        if shown and shown[-1] is not None and page - shown[-1] > 1:
            shown.append(None)
        shown.append(page)
    return shown


_CLASSES = {"checkbox": "form-check-input", "select": "form-select", "radio": "form-check-input"}


@register.filter
def styled(field: BoundField) -> SafeString:
    """Return a form field's control with the theme's classes (Django links help and errors)."""
    widget = field.field.widget
    kind = getattr(widget, "input_type", "")
    attributes: dict[str, str | bool] = {
        "class": f"{_CLASSES.get(kind, 'form-control')} {widget.attrs.get('class', '')}"
    }
    if field.errors:
        attributes["class"] = f"{attributes['class']} is-invalid"
    return field.as_widget(attrs=attributes)


@register.simple_tag
def identity_provider() -> IdentityProvider | None:
    """Return the provider of single sign-on, if there is one."""
    found: IdentityProvider | None = settings.BERTH_IDENTITY_PROVIDER
    return found
