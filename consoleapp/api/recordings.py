"""/recordings: recorded terminal sessions, and their files."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Query, Router
from pydantic import BaseModel, Field

from consoleapp.api.answers import send
from consoleapp.api.credentials import actor_of
from consoleapp.api.paging import CursorPage, Moment, cut
from consoleapp.api.problems import Problem, responses
from consoleapp.recordings.access import FileGone, readable, served
from consoleapp.recordings.models import Recording

router = Router(tags=["audit"])
Word = Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")]
_CAST = {"application/x-asciicast": {"schema": {"type": "string", "format": "binary"}}}


class RecordingBody(BaseModel):
    """One session. `size` and `sha256` of the file are set when it has ended."""

    id: UUID
    account: str
    actor: str
    ip: str
    container: str
    container_name: str
    command: str
    """Empty for the container's shell."""
    user: str
    policies: str
    """Whose policies required the recording."""
    begun_at: datetime
    ended_at: datetime | None
    how: str
    """going-on, ended (the command), left (the user), failed, stopped, broken-off."""
    detail: str
    exit_code: int | None
    size: int
    sha256: str


class RecordingList(BaseModel):
    """Newest first; `next` is the cursor of the next page, null on the last one."""

    recordings: list[RecordingBody]
    next: str | None


class RecordingFilter(CursorPage):
    """Filters for recordings. `container` is its id."""

    account: Word = ""
    actor: Word = ""
    container: Word = ""
    after: Moment | None = None
    before: Moment | None = None


@router.get("/recordings", response=responses({200: RecordingList}), summary="Recorded terminals")
def list_recordings(request: HttpRequest, filters: Query[RecordingFilter]) -> HttpResponse:
    """List recordings: all for administrators, otherwise on owned accounts and the caller's own."""
    conditions = {
        "account_name": filters.account,
        "person_name": filters.actor,
        "container": filters.container,
        "begun_at__gte": filters.after,
        "begun_at__lte": filters.before,
    }
    rows = _readable(request).filter(**{name: value for name, value in conditions.items() if value})
    found, following = cut(rows, filters, by="begun_at", key=int)
    return send(RecordingList(recordings=[_body(row) for row in found], next=following))


@router.get(
    "/recordings/{recording}", response=responses({200: RecordingBody}), summary="One recording"
)
def show_recording(request: HttpRequest, recording: UUID) -> HttpResponse:
    """Return one session."""
    return send(_body(_find(request, recording)))


@router.get(
    "/recordings/{recording}/cast",
    response=responses({}),
    openapi_extra={"responses": {200: {"description": "The file", "content": _CAST}}},
    summary="Download a recording",
)
async def download_recording(request: HttpRequest, recording: UUID) -> HttpResponseBase:
    """Return the session in asciinema's format (asciicast v2). Each download is an audit event."""
    return await sync_to_async(_served)(request, recording)


def _served(request: HttpRequest, recording: UUID) -> HttpResponseBase:
    try:
        return served(_find(request, recording), actor_of(request), "recording.downloaded")
    except FileGone as error:
        raise Problem(404, str(error)) from error


def _readable(request: HttpRequest) -> QuerySet[Recording]:
    user = actor_of(request).user
    assert user is not None  # noqa: S101 - the API serves nobody without a user
    return readable(user)


def _find(request: HttpRequest, recording: UUID) -> Recording:
    row = _readable(request).filter(key=recording).first()
    if row is None:
        raise Problem(404, "There is no such recording, or you may not see it.")
    return row


def _body(row: Recording) -> RecordingBody:
    return RecordingBody(
        id=row.key,
        account=row.account_name,
        actor=row.person_name,
        ip=row.ip,
        container=row.container,
        container_name=row.container_name,
        command=row.command,
        user=row.user,
        policies=row.asked_by,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        how=row.how,
        detail=row.detail,
        exit_code=row.exit_code,
        size=row.size,
        sha256=row.sha256,
    )
