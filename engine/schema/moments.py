"""Points in time that Berth can compare: each has a time zone."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator


def in_zone(value: datetime) -> datetime:
    """Return `value` with a time zone.

    That is UTC if it has none, or if its offset leads outside of the calendar.
    """
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        value.astimezone(UTC)
    except OverflowError:
        return value.replace(tzinfo=UTC)
    return value


Moment = Annotated[datetime, AfterValidator(in_zone)]
