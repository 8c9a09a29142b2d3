"""How pages show operations: their states as steps, their parameters and results as rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import ValidationError

from consoleapp.i18n.rendering import in_language
from consoleapp.operations.approval.models import Approval, Decision
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.web.templatetags.berth import duration, size
from consoleapp.web.templatetags.container_detail import port_url
from engine.schema.containers import Port
from engine.schema.kinds import KINDS

register = template.Library()

_BYTES = {"size", "bytes_reclaimed", "memory"}


@dataclass(frozen=True)
class LifeStep:
    """One state of an operation. `tone` is done, waiting, or how it ended."""

    label: str
    at: datetime | None
    after: str
    tone: str


@register.filter
def life(operation: Operation) -> list[LifeStep]:
    """Return its past states, and those still to come."""
    approval = getattr(operation, "approval", None)
    marks = [
        (_("Requested"), operation.requested_at),
        *([(_("Approved"), _approved_at(approval))] if approval else []),
        (_("Queued"), operation.queued_at),
        (_("Running"), operation.started_at),
    ]
    steps: list[LifeStep] = []
    before: datetime | None = None
    for label, at in marks:
        if at is None and operation.ended_at is not None:
            continue
        steps.append(LifeStep(label, at, _span(before, at), "done" if at else "waiting"))
        before = at or before
    if operation.cancel_requested_at:
        at = operation.cancel_requested_at
        steps.append(LifeStep(_("Cancel asked for"), at, _span(before, at), "done"))
    if operation.ended_at:
        tone = "failed" if operation.state in (State.FAILED, State.LOST) else "done"
        tone = "succeeded" if operation.state == State.SUCCEEDED else tone
        after = _span(before, operation.ended_at)
        steps.append(LifeStep(_ending(operation.state), operation.ended_at, after, tone))
    else:
        steps.append(LifeStep(_("Ended"), None, "", "waiting"))
    return steps


def _approved_at(approval: Approval) -> datetime | None:
    return approval.decided_at if approval.decision == Decision.GRANTED else None


def _ending(state: str) -> str:
    return in_language(state).capitalize()


@register.filter
def took(operation: Operation) -> str:
    """Return the time from its start (or its request) to its end, or until now."""
    if operation.started_at is None and operation.ended_at is None:
        return ""
    begun = operation.started_at or operation.requested_at
    return duration(((operation.ended_at or timezone.now()) - begun).total_seconds())


@register.filter
def rows(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return parameters for reading: a name and a text (with line ends) for each."""
    return [(_words(name), _text(name, value)) for name, value in values.items()]


@register.filter
def result_rows(operation: Operation) -> list[tuple[str, str]]:
    """Return the result without its summary, warnings, and empty values."""
    result = operation.result or {}
    shown = {k: v for k, v in result.items() if k not in ("summary", "warnings") and v}
    return rows(shown)


@register.filter
def addresses(operation: Operation, request: HttpRequest) -> list[str]:
    """Return addresses of the TCP ports that a launch published, using the console's host name."""
    if operation.kind not in ("container.run", "container.replace"):
        return []
    published = (operation.result or {}).get("ports") or []
    try:
        ports = [Port.model_validate(each) for each in published[:20]]
    except ValidationError:
        return []  # from an engine, so untrusted
    host = request.get_host()
    name = host.rpartition(":")[0] or host
    return [url for port in ports if (url := port_url(port, name))]


@register.filter
def object_url(operation: Operation) -> str:
    """Return the page of the container, unit, or image concerned, "" if there is none."""
    if operation.kind.endswith((".remove", ".prune")):
        return ""
    result = operation.result or {}
    key = operation.account.key
    if operation.kind == "unit.delete":
        return reverse("units:edit", args=[key], query={"file": operation.target})
    unit = result.get("unit") or operation.parameters.get("unit")
    if unit or operation.kind.startswith("unit."):
        return _page("units:detail", key, unit)
    if operation.kind == "container.commit" or operation.kind.startswith("image."):
        image = result.get("image_id")
        return _page("images:detail", key, image)
    if operation.kind.startswith("manifest."):
        return _page("images:entries", key, result.get("list_id"))
    container = result.get("id") or result.get("name") or operation.target
    if operation.kind == "container.rename":
        container = operation.parameters.get("name")
    if not container or (operation.kind in ("container.run", "container.replace") and not result):
        return ""
    return _page("containers:detail", key, container)


def _page(name: str, account: str, identity: object) -> str:
    # Ids and names from engines are untrusted: one with a slash has no page.
    try:
        return reverse(name, args=[account, identity]) if identity else ""
    except NoReverseMatch:
        return ""


@register.filter
def is_destructive(operation: Operation) -> bool:
    """Return whether its kind requires a confirmation."""
    return operation.kind in KINDS and KINDS[operation.kind].destructive


def _span(start: datetime | None, end: datetime | None) -> str:
    if start is None or end is None:
        return ""
    seconds = (end - start).total_seconds()
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else duration(seconds)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _text(name: str, value: Any) -> str:
    if name in _BYTES and isinstance(value, int):
        return size(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Mapping):
        return "\n".join(f"{key}={_text('', each)}" for key, each in value.items())
    if isinstance(value, list):
        return "\n".join(_text("", each) for each in value)
    return str(value)
