"""/operations and /accounts/{account}/operations: request, follow, cancel, and retry operations."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from ninja import Body, Header, Query, Router
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    create_model,
)

from consoleapp.api.accounts import find_account
from consoleapp.api.answers import send
from consoleapp.api.credentials import actor_of
from consoleapp.api.paging import CursorPage, Moment, cut
from consoleapp.api.problems import Problem, responses
from consoleapp.api.waiting import until_ended
from consoleapp.core.actor import Actor
from consoleapp.operations import disclosure
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.operations.submit import cancel, retry, submit
from consoleapp.operations.visible import operable, visible_operations
from engine.schema import image_names
from engine.schema.kinds import KINDS
from engine.schema.parameters import Parameters
from engine.schema.shell_text import shell_text

router = Router(tags=["operations"])
IdempotencyKey = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]
Word = Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")]


def _named(parameters: Parameters) -> Parameters:
    try:
        return image_names.checked(parameters)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{fault['loc'][0]}: {fault['msg']}") from None


def _request_model(parameters: type[Parameters]) -> type[BaseModel]:
    needless = not any(field.is_required() for field in parameters.model_fields.values())
    given = Field(default_factory=parameters) if needless else Field()
    kind: Any = Literal[parameters.kind]
    checked: Any = Annotated[parameters, AfterValidator(_named)]
    return create_model(
        f"{parameters.__name__}Request",
        __config__=ConfigDict(extra="forbid", title=parameters.label),
        __doc__=parameters.__doc__,
        kind=(kind, ...),
        parameters=(checked, given),
    )


if TYPE_CHECKING:

    class Requested(BaseModel):
        """One of the models below, which exist only at run time."""

        kind: str
        parameters: Parameters
else:
    Requested = Annotated[
        Union[tuple(_request_model(parameters) for parameters in KINDS.values())],  # noqa: UP007
        Field(discriminator="kind"),
    ]


class OperationBody(BaseModel):
    """One operation. Secrets in the parameters, command, and result are redacted."""

    id: UUID
    kind: str
    label: str
    account: str
    target: str
    state: State
    requested_by: str
    source: str
    requested_at: datetime
    queued_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    cancel_requested_at: datetime | None
    retry_of: UUID | None
    parameters: dict[str, Any]
    command: str
    progress: dict[str, Any] | None
    result: dict[str, Any] | None
    error: dict[str, Any] | None


class OperationList(BaseModel):
    """Newest first; `next` is the cursor of the next page, null on the last one."""

    operations: list[OperationBody]
    next: str | None


class OperationFilter(CursorPage):
    """Filters for operations. A repeated parameter matches any of its values."""

    kind: list[Word] = []
    state: list[State] = []
    account: Word = ""
    mine: bool = False
    requested_after: Moment | None = None
    requested_before: Moment | None = None


def body(operation: Operation, *, operates: bool) -> OperationBody:
    """Return it for a user who may act on its account, or who may only read."""
    kind = KINDS.get(operation.kind)
    return OperationBody(
        id=operation.id,
        kind=operation.kind,
        label=kind.label if kind else operation.kind,
        account=operation.account.key,
        target=operation.target,
        state=State(operation.state),
        requested_by=operation.actor_name,
        source=operation.source,
        requested_at=operation.requested_at,
        queued_at=operation.queued_at,
        started_at=operation.started_at,
        ended_at=operation.ended_at,
        cancel_requested_at=operation.cancel_requested_at,
        retry_of=operation.retry_of_id,
        parameters=disclosure.parameters(operation, operates=operates),
        command=shell_text(operation.command),
        progress=operation.progress,
        result=operation.result,
        error=operation.error,
    )


def accepted(operation: Operation) -> HttpResponse:
    """Return the 202 for an operation that was queued."""
    return send(body(operation, operates=True), 202, Location=f"/api/v1/operations/{operation.id}")


@router.post(
    "/accounts/{account}/operations",
    response=responses({202: OperationBody}, 403, 409, 413, 415),
    summary="Request an operation",
)
def request_operation(
    request: HttpRequest,
    account: str,
    wanted: Body[Requested],
    idempotency_key: Annotated[IdempotencyKey | None, Header(alias="Idempotency-Key")] = None,
) -> HttpResponse:
    """Queue one operation. `Location` is its address.

    With an `Idempotency-Key`, repeating the request returns the first operation and never a second
    one.
    """
    actor = actor_of(request)
    found = find_account(actor, account)
    return accepted(submit(found, wanted.parameters, actor=actor, idempotency_key=idempotency_key))


@router.get("/operations", response=responses({200: OperationList}), summary="Operations")
def list_operations(request: HttpRequest, filters: Query[OperationFilter]) -> HttpResponse:
    """List the operations of every account that the caller has a grant for, newest first."""
    return _listed(actor_of(request), filters)


@router.get(
    "/accounts/{account}/operations",
    response=responses({200: OperationList}),
    summary="Operations of an account",
)
def list_account_operations(
    request: HttpRequest, account: str, filters: Query[OperationFilter]
) -> HttpResponse:
    """List the operations of one account, newest first."""
    actor = actor_of(request)
    key = find_account(actor, account).key
    return _listed(actor, filters.model_copy(update={"account": key}))


def _listed(actor: Actor, filters: OperationFilter) -> HttpResponse:
    rows = visible_operations(actor.known_user)
    if filters.kind:
        rows = rows.filter(kind__in=filters.kind)
    if filters.state:
        rows = rows.filter(state__in=filters.state)
    if filters.account:
        rows = rows.filter(account__key=filters.account)
    if filters.mine:
        rows = rows.filter(requested_by=actor.user)
    if filters.requested_after:
        rows = rows.filter(requested_at__gt=filters.requested_after)
    if filters.requested_before:
        rows = rows.filter(requested_at__lt=filters.requested_before)
    found, following = cut(rows, filters, by="requested_at", key=UUID)
    operated = operable(actor.user) if actor.user else set()
    listed = [body(row, operates=row.account_id in operated) for row in found]
    return send(OperationList(operations=listed, next=following))


def _find(actor: Actor, identity: UUID) -> Operation:
    found = visible_operations(actor.known_user).filter(pk=identity).first()
    if found is None:
        raise Problem(404, "There is no such operation, or you have no grant for its account.")
    return found


def _operates(actor: Actor, operation: Operation) -> bool:
    return actor.user is not None and operation.account_id in operable(actor.user)


@router.get(
    "/operations/{operation}", response=responses({200: OperationBody}), summary="One operation"
)
async def read_operation(
    request: HttpRequest,
    operation: UUID,
    wait: Annotated[int, Field(ge=0, le=30)] = 0,
) -> HttpResponse:
    """Return one operation; with `wait`, when it has ended or after that many seconds."""
    actor = actor_of(request)
    found = await sync_to_async(_find)(actor, operation)
    if wait and not State(found.state).ended:
        await until_ended(found, wait)
        found = await sync_to_async(_find)(actor, operation)
    operates = await sync_to_async(_operates)(actor, found)
    return send(body(found, operates=operates))


@router.post(
    "/operations/{operation}/cancel",
    response=responses({202: OperationBody}, 403, 409),
    summary="Cancel an operation",
)
def cancel_operation(request: HttpRequest, operation: UUID) -> HttpResponse:
    """Request its cancellation. It ends as `cancelled`, or with its own outcome before that."""
    actor = actor_of(request)
    found = _find(actor, operation)
    cancel(found, actor=actor)
    return accepted(found)


@router.post(
    "/operations/{operation}/retry",
    response=responses({202: OperationBody}, 403, 409),
    summary="Retry an operation",
)
def retry_operation(request: HttpRequest, operation: UUID) -> HttpResponse:
    """Submit a new operation with the same parameters. The old one does not change."""
    actor = actor_of(request)
    return accepted(retry(_find(actor, operation), actor=actor))
