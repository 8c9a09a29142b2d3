"""Convert the days in filters to moments."""

from datetime import date, datetime, time

from django.utils import timezone


def begin(day: date) -> datetime:
    """Return its first moment."""
    return timezone.make_aware(datetime.combine(day, time.min))


def end(day: date) -> datetime:
    """Return its last moment."""
    return timezone.make_aware(datetime.combine(day, time.max))
