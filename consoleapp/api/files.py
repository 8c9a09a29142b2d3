"""/accounts/{account}/uploads and /operations/{operation}/download: streamed files."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router
from pydantic import BaseModel, Field

from consoleapp.api.accounts import find_account
from consoleapp.api.answers import send
from consoleapp.api.credentials import actor_of
from consoleapp.api.problems import Problem, responses
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Conflict
from consoleapp.files import claim, serve
from consoleapp.files.body import BrokenOff, chunks
from consoleapp.files.models import Download, Upload
from consoleapp.files.receive import DiskFull, TooLarge, receive

router = Router(tags=["files"])
_OCTETS = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


class UploadBody(BaseModel):
    """A file that waits for an operation. Put its `id` into the parameters."""

    id: UUID
    name: str
    size: int
    sha256: str
    expires_at: datetime


def _body(upload: Upload) -> UploadBody:
    return UploadBody(
        id=upload.pk,
        name=upload.name,
        size=upload.size,
        sha256=upload.sha256,
        expires_at=(upload.complete_at or upload.begun_at) + claim.KEPT,
    )


@router.post(
    "/accounts/{account}/uploads",
    response=responses({201: UploadBody}, 403, 413, 415, 507),
    openapi_extra={"requestBody": {"required": True, "content": _OCTETS}},
    summary="Upload a file",
)
async def upload(
    request: HttpRequest, account: str, name: Annotated[str, Field(max_length=1000)] = "file"
) -> HttpResponse:
    """Send a file as the body (`application/octet-stream`), for a later operation.

    It is kept until its operation succeeds, but at most a day. `name` is only displayed.
    """
    actor = actor_of(request)
    found = await sync_to_async(find_account)(actor, account)
    if request.content_type != "application/octet-stream":
        raise Problem(415, "Send the file itself as application/octet-stream.")
    length = request.headers.get("Content-Length", "")
    announced = int(length) if length.isdigit() else None
    try:
        made = await receive(found, actor, name, announced, chunks(request))
    except TooLarge as error:
        raise Problem(413, str(error)) from error
    except DiskFull as error:
        raise Problem(507, str(error)) from error
    except BrokenOff as error:
        raise Problem(400, str(error)) from error
    return send(_body(made), 201)


@router.delete(
    "/accounts/{account}/uploads/{upload}",
    response=responses({204: None}, 403, 409),
    summary="Remove an upload",
)
def remove(request: HttpRequest, account: str, upload: UUID) -> HttpResponse:
    """Remove one's own upload, unless an operation is using it."""
    actor = actor_of(request)
    found = find_account(actor, account)
    if actor.token is not None and actor.token.scope != "operate":
        raise Problem(403, "This token may only read.")
    row = Upload.objects.filter(
        pk=upload, account=found, sent_by=actor.user, removed_at=None
    ).select_related("operation")
    mine = row.first()
    if mine is None:
        raise Problem(404, "You have no such upload.")
    if mine.operation and mine.operation.ended_at is None:
        raise Conflict("An operation uses it now.")
    claim.remove(mine)
    return HttpResponse(status=204)


@router.get(
    "/operations/{operation}/download",
    response=responses({}),
    openapi_extra={"responses": {200: {"description": "The file", "content": _OCTETS}}},
    summary="Download an operation's file",
)
async def download(request: HttpRequest, operation: UUID) -> HttpResponseBase:
    """Return the file to the operation's requester, for a day. Supports `Range`."""
    found = await sync_to_async(_find)(actor_of(request), operation)
    return serve.response(request, found)


def _find(actor: Actor, operation: UUID) -> Download:
    rows = Download.objects.select_related("operation__account").filter(pk=operation)
    assert actor.user is not None  # noqa: S101 - the API serves nobody without a user
    found = serve.find(actor.user, rows.first())
    if found is None:
        raise Problem(404, "There is no such file (any more), or it is not yours.")
    return found
