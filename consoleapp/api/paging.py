"""Pages of long lists. A cursor is the position of the last row, so new rows move nothing."""

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from django.db.models import Model, Q, QuerySet
from pydantic import AfterValidator, BaseModel, Field

from consoleapp.api.problems import wrong

Row = TypeVar("Row", bound=Model)


def _in_reach(value: datetime) -> datetime:
    # Databases and time zones refuse the extremes of a datetime.
    if not 1970 <= value.year <= 9000:
        raise ValueError("a time between 1970 and 9000")
    return value if value.tzinfo else value.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_in_reach)]
Limit = Annotated[int, Field(ge=1, le=1000)]
Identity = Annotated[int, Field(ge=0, le=2**63 - 1)]


class CursorPage(BaseModel):
    """The query parameters of every list with a cursor."""

    limit: Limit = 100
    cursor: Annotated[str, Field(max_length=200)] = ""
    """`next` of the previous page."""


def cut(
    rows: QuerySet[Row], page: CursorPage, *, by: str, key: type = str
) -> tuple[list[Row], str | None]:
    """Return one page of `rows`, newest first by the field `by` (then id), and the next cursor.

    `key` converts the cursor's text to an id. Raises Problem for an invalid cursor.
    """
    if page.cursor:
        at, identity = _read(page.cursor, key)
        rows = rows.filter(Q(**{f"{by}__lt": at}) | Q(**{by: at, "pk__lt": identity}))
    found = list(rows.order_by(f"-{by}", "-pk")[: page.limit + 1])
    if len(found) <= page.limit:
        return found, None
    last = found[page.limit - 1]
    return found[: page.limit], _write(getattr(last, by), last.pk)


def _write(at: datetime, identity: Any) -> str:
    text = json.dumps([at.isoformat(), str(identity)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, key: type) -> tuple[datetime, Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at, identity = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        return _in_reach(datetime.fromisoformat(at)), key(str(identity))
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise wrong("cursor", "This is not a cursor of this list.") from error
