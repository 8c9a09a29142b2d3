"""The words of notifications, for templates."""

from django import template

from consoleapp.notifications import words
from consoleapp.notifications.event_types import ABOUT, EventType
from consoleapp.notifications.models import Occurrence

register = template.Library()


@register.filter
def title_of(occurrence: Occurrence) -> str:
    """What happened, to what, in a few words."""
    return words.title(occurrence)


@register.filter
def grouped(occurrence: Occurrence) -> str:
    """That others like it are counted with it; "" when they are not."""
    return words.grouped(occurrence)


@register.filter
def happening_label(happening: str) -> str:
    """What a kind of happening is called."""
    return ABOUT[EventType(happening)].label


@register.filter
def happening_explained(happening: str) -> str:
    """In one sentence, when it is told."""
    return ABOUT[EventType(happening)].explained
