"""Times as Berth compares them: each knows its zone."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator


def in_zone(value: datetime) -> datetime:
    """`value`, in UTC where it does not say (or where its zone leads out of the calendar)."""
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        value.astimezone(UTC)
    except OverflowError:
        return value.replace(tzinfo=UTC)
    return value


Moment = Annotated[datetime, AfterValidator(in_zone)]
