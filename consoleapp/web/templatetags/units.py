"""How units read on pages: their state's colour, their address, the words for what they are."""

from django import template
from django.urls import NoReverseMatch, reverse

from consoleapp.web.units.styles import BY_NAME
from engine.schema.snapshot import UnitRow

register = template.Library()

_TONES = {
    "active": "running",
    "failed": "failed",
    "activating": "starting",
    "deactivating": "stopping",
    "reloading": "starting",
}
_PRIORITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")


@register.filter
def unit_url(unit: str, account: str) -> str:
    """The page of a unit. "" for a name that cannot be one: labels are other people's text."""
    try:
        return reverse("units:detail", args=[account, unit]) if "." in unit else ""
    except NoReverseMatch:
        return ""


@register.filter
def unit_tone(row: UnitRow) -> str:
    """The name of a lamp (`state-…`) for a unit."""
    return _TONES.get(row.active, "exited")


@register.filter
def unit_state(row: UnitRow) -> str:
    """systemd's two words for its state, as in active (running); one where that says all."""
    if row.load == "not-found":
        return "not loaded"
    return row.active if row.sub in (row.active, "dead", "failed") else f"{row.active} ({row.sub})"


@register.filter
def unit_kind(row: UnitRow) -> str:
    """What made it: a Quadlet's kind, or the style of a service."""
    if row.style == "quadlet":
        return f"Quadlet .{row.kind}"
    return BY_NAME[row.style].label if row.style in BY_NAME else row.kind.capitalize()


@register.filter
def priority(level: int) -> str:
    """syslog's word for a priority."""
    return _PRIORITIES[level] if 0 <= level < len(_PRIORITIES) else str(level)
