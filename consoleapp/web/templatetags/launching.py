"""Helpers of the launch form's template: its sections, and lookups by variable names."""

from typing import TYPE_CHECKING, Any

from django import template
from django.utils.translation import gettext_lazy

from consoleapp.web.containers.launch_form import Launch
from consoleapp.web.text_areas import line_count

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

register = template.Library()
register.filter(line_count)

PROTOCOLS = ("tcp", "udp", "sctp")
MODES = (
    ("", gettext_lazy("read and write")),
    ("ro", gettext_lazy("read only")),
    ("U", gettext_lazy("given to its user (:U)")),
    ("ro,U", gettext_lazy("read only, given to its user (:ro,U)")),
)
SELINUX = (
    ("", gettext_lazy("no label")),
    ("z", gettext_lazy("shared (:z)")),
    ("Z", gettext_lazy("private (:Z)")),
)
POLICIES = (
    ("no", gettext_lazy("Leave it ended")),
    ("on-failure", gettext_lazy("Start again after a failure")),
    ("unless-stopped", gettext_lazy("Start again unless somebody stopped it")),
    ("always", gettext_lazy("Always start again")),
)
PULLS = (
    ("missing", gettext_lazy("If it is not here")),
    ("newer", gettext_lazy("If the registry's is newer")),
    ("always", gettext_lazy("Always")),
    ("never", gettext_lazy("Never")),
)
_GROUPS = (
    ("ports", gettext_lazy("Ports"), gettext_lazy("reachable from outside")),
    ("volumes", gettext_lazy("Volumes"), gettext_lazy("files that outlive the container")),
    ("environment", gettext_lazy("Environment"), gettext_lazy("variables")),
)
_TEXTS = {
    "limits": ("memory", "cpus", "pids"),
    "restart": ("restart", "restart_tries", "remove"),
    "health": (
        *("health_command", "health_interval", "health_timeout", "health_retries"),
        "health_start_period",
    ),
    "more": (
        *("entrypoint", "user", "workdir", "hostname", "network", "stop_signal", "stop_timeout"),
        *("pull", "read_only", "init", "tty", "interactive"),
    ),
}
_TITLES = {
    "limits": (gettext_lazy("Limits"), gettext_lazy("memory, processors, processes")),
    "restart": (gettext_lazy("Restart"), gettext_lazy("what happens when it ends")),
    "health": (gettext_lazy("Health check"), gettext_lazy("how Podman finds out whether it works")),
    "more": (gettext_lazy("More"), gettext_lazy("user, network, entrypoint and others")),
}
_DEFAULTS = {"restart": "no", "pull": "missing", "restart_tries": "0"}


@register.filter
def at(mapping: dict[str, Any], name: str) -> Any:
    """Return the value of a name, or None."""
    return mapping.get(name)


@register.filter
def sections(launch: Launch) -> list[dict[str, Any]]:
    """Return the form's collapsible sections. Ports, and those with values or errors, are open."""
    return [
        *(_group(launch, *words) for words in _GROUPS),
        *(_part(launch, name) for name in ("limits", "restart", "health")),
        _group(launch, "labels", gettext_lazy("Labels"), gettext_lazy("for tools and people")),
        _part(launch, "more"),
    ]


def _group(
    launch: Launch, group: str, title: "StrOrPromise", about: "StrOrPromise"
) -> dict[str, Any]:
    rows = launch.rows.get(group, [])
    lines = [
        {"values": r, "error": launch.errors.get(f"{group}-{i}", "")} for i, r in enumerate(rows)
    ]
    wrong = any(place.startswith(f"{group}-") for place in launch.errors)
    pasted = group == "environment" and (
        launch.texts.get("env_text") or "env_text" in launch.errors or launch.retype
    )
    return {
        "group": group, "title": title, "about": about, "lines": lines, "count": len(rows),
        "open": bool(rows or wrong or pasted or group == "ports"), "empty": {},
        "protocols": PROTOCOLS, "modes": MODES, "selinux": SELINUX,
    }  # fmt: skip


def _part(launch: Launch, name: str) -> dict[str, Any]:
    title, about = _TITLES[name]
    texts = {each: launch.texts.get(each, "") for each in _TEXTS[name]}
    filled = [each for each, text in texts.items() if text and text != _DEFAULTS.get(each)]
    filled += [each for each in _TEXTS[name] if launch.flags.get(each)]
    wrong = any(each in launch.errors for each in _TEXTS[name])
    return {
        "name": name, "title": title, "about": about, "count": len(filled),
        "open": bool(filled or wrong), "policies": POLICIES, "pulls": PULLS,
    }  # fmt: skip
