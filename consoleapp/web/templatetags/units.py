"""How pages show units: their state's color, address, and type."""

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from consoleapp.i18n.rendering import in_language
from consoleapp.web.units.styles import BY_NAME
from engine.schema.snapshot import UnitRow
from engine.schema.unit_names import redacted

register = template.Library()
register.filter("without_secrets", redacted)

_TONES = {
    "active": "running",
    "failed": "failed",
    "activating": "starting",
    "deactivating": "stopping",
    "reloading": "starting",
}
# systemd's words on the pages, marked for translation.
_WORDS = (
    gettext_noop("active"), gettext_noop("inactive"), gettext_noop("failed"),
    gettext_noop("activating"), gettext_noop("deactivating"), gettext_noop("reloading"),
    gettext_noop("running"), gettext_noop("exited"), gettext_noop("dead"),
    gettext_noop("waiting"), gettext_noop("listening"), gettext_noop("auto-restart"),
    gettext_noop("start"), gettext_noop("start-pre"), gettext_noop("start-post"),
    gettext_noop("stop"), gettext_noop("stop-sigterm"), gettext_noop("stop-sigkill"),
    gettext_noop("stop-post"), gettext_noop("reload"), gettext_noop("elapsed"),
    gettext_noop("loaded"), gettext_noop("not-found"), gettext_noop("masked"),
    gettext_noop("bad-setting"), gettext_noop("error"), gettext_noop("enabled"),
    gettext_noop("disabled"), gettext_noop("static"), gettext_noop("generated"),
    gettext_noop("indirect"), gettext_noop("linked"), gettext_noop("transient"),
    gettext_noop("alias"), gettext_noop("enabled-runtime"), gettext_noop("success"),
    gettext_noop("exit-code"), gettext_noop("signal"), gettext_noop("timeout"),
    gettext_noop("core-dump"), gettext_noop("oom-kill"), gettext_noop("protocol"),
    gettext_noop("resources"), gettext_noop("start-limit-hit"), gettext_noop("watchdog"),
    gettext_noop("Socket"), gettext_noop("Target"), gettext_noop("Path"), gettext_noop("warning"),
    gettext_noop("ok"), gettext_noop("wrong"), gettext_noop("template"),
)  # fmt: skip
_PRIORITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")


@register.filter
def unit_url(unit: str, account: str) -> str:
    """Return the page of a unit; "" for an invalid name, since labels are untrusted."""
    try:
        return reverse("units:detail", args=[account, unit]) if "." in unit else ""
    except NoReverseMatch:
        return ""


@register.filter
def unit_tone(row: UnitRow) -> str:
    """Return the name of a unit's lamp (`state-…`)."""
    return _TONES.get(row.active, "exited")


@register.filter
def unit_state(row: UnitRow) -> str:
    """Return systemd's two words for its state, such as active (running); one if that suffices."""
    if row.template:
        return _("template")
    if row.load == "not-found":
        return _("not loaded")
    active, sub = in_language(row.active), in_language(row.sub)
    return active if row.sub in (row.active, "dead", "failed") else f"{active} ({sub})"


@register.filter
def unit_kind(row: UnitRow) -> str:
    """Return what created it: a Quadlet's type, or the style of a service."""
    if row.style == "quadlet":
        return f"Quadlet .{row.kind}"
    if row.style in BY_NAME:
        return str(BY_NAME[row.style].label)
    return in_language(row.kind.capitalize())


@register.filter
def priority(level: int) -> str:
    """Return syslog's name of a priority."""
    return _PRIORITIES[level] if 0 <= level < len(_PRIORITIES) else str(level)
