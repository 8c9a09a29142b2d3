"""/audit: who did what, from where, as which Linux account. The same rows as on the audit page."""

import re
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from consoleapp.accounts.audit_access import readable
from consoleapp.api.answers import send
from consoleapp.api.credentials import actor_of
from consoleapp.api.paging import CursorPage, Moment
from consoleapp.api.problems import responses, wrong
from consoleapp.audit.models import Event, Link
from consoleapp.audit.search import Criteria, newest

router = Router(tags=["audit"])
Word = Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")]


class EventBody(BaseModel):
    """One event, which never changes. Secrets in the parameters are redacted."""

    id: int
    at: datetime
    actor: str
    ip: str
    source: str
    account: str
    action: str
    kind: str
    target: str
    operation: UUID | None
    parameters: dict[str, Any] | None
    outcome: str
    detail: str
    sequence: int | None
    """Its place in the chain; null until it is chained, a moment after it was written."""
    hash: str


class EventList(BaseModel):
    """Newest first; `next` is the cursor of the next page, null on the last one."""

    events: list[EventBody]
    next: str | None


class EventFilter(CursorPage):
    """Filters for events. `action` and `kind` may be repeated to match any of the values.

    `action=operation` also matches `operation.failed`, and `kind=container` every `container.…`.
    """

    action: list[Word] = []
    kind: list[Word] = []
    account: Word = ""
    actor: Word = ""
    operation: UUID | None = None
    after: Moment | None = None
    before: Moment | None = None


@router.get("/audit", response=responses({200: EventList}), summary="Audit log")
def list_events(request: HttpRequest, filters: Query[EventFilter]) -> HttpResponse:
    """List events: for administrators all, otherwise the caller's own and of owned accounts."""
    criteria = Criteria(
        actions=tuple(filters.action),
        kinds=tuple(filters.kind),
        account=filters.account,
        person=filters.actor,
        operation=filters.operation,
        since=filters.after,
        until=filters.before,
    )
    found = newest(
        readable(actor_of(request).known_user),
        criteria,
        before=_before(filters.cursor) if filters.cursor else None,
        size=filters.limit,
    )
    links = {link.event_id: link for link in Link.objects.filter(event__in=found.events)}
    following = str(found.older) if found.older else None
    return send(
        EventList(events=[_body(row, links.get(row.pk)) for row in found.events], next=following)
    )


def _before(cursor: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", cursor):
        raise wrong("cursor", "This is not a cursor of this list.")
    return int(cursor)


def _body(event: Event, link: Link | None) -> EventBody:
    return EventBody(
        id=event.pk,
        at=event.at,
        actor=event.actor_name,
        ip=event.ip,
        source=event.source,
        account=event.account_name,
        action=event.action,
        kind=event.kind,
        target=event.target,
        operation=event.operation,
        parameters=event.parameters,
        outcome=event.outcome,
        detail=event.detail,
        sequence=link.seq if link else None,
        hash=link.hex if link else "",
    )
