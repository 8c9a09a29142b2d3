"""The days that filters name, as moments."""

from datetime import date, datetime, time

from django.utils import timezone


def begin(day: date) -> datetime:
    """Its first moment."""
    return timezone.make_aware(datetime.combine(day, time.min))


def end(day: date) -> datetime:
    """Its last moment."""
    return timezone.make_aware(datetime.combine(day, time.max))
