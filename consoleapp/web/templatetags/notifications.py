"""The words of notifications, for templates."""

from django import template

from consoleapp.notifications import words
from consoleapp.notifications.event_types import ABOUT, EventType
from consoleapp.notifications.models import Occurrence

register = template.Library()


@register.filter
def title_of(occurrence: Occurrence) -> str:
    """Return in a few words what happened, to what."""
    return words.title(occurrence)


@register.filter
def grouped(occurrence: Occurrence) -> str:
    """Return that similar occurrences are counted with it; "" if they are not."""
    return words.grouped(occurrence)


@register.filter
def event_type_label(event_type: str) -> str:
    """Return the label of an event type."""
    return ABOUT[EventType(event_type)].label


@register.filter
def event_type_explained(event_type: str) -> str:
    """Explain in one sentence when it is reported."""
    return ABOUT[EventType(event_type)].explained
