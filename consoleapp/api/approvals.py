"""/approvals: operations that wait for approval, and decisions on them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Body, Query, Router
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from consoleapp.api.answers import send
from consoleapp.api.credentials import actor_of
from consoleapp.api.operations import OperationBody, accepted, body
from consoleapp.api.paging import CursorPage, cut
from consoleapp.api.problems import Problem, responses
from consoleapp.core.actor import Actor
from consoleapp.operations.approval.approvers import decidable
from consoleapp.operations.approval.decisions import approve, decline
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.operations.visible import operable, visible_operations

router = Router(tags=["approvals"])
Text = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]


class RequirementBody(BaseModel):
    """One policy that requires approval. `approvers` are groups; none: the account's owners."""

    source: str
    rules: list[str]
    messages: list[str]
    approvers: list[str]


class ApprovalBody(BaseModel):
    """One request. `decision` is empty while it waits. `mine_to_decide`: the caller may decide."""

    operation: OperationBody
    requirements: list[RequirementBody]
    note: str
    fingerprint: str
    expires_at: datetime
    mine_to_decide: bool
    decision: Literal["", "granted", "declined", "expired", "withdrawn"]
    decided_at: datetime | None
    decided_by: str
    comment: str


class ApprovalList(BaseModel):
    """Newest first; `next` is the cursor of the next page, null on the last one."""

    approvals: list[ApprovalBody]
    next: str | None


class ApprovalFilter(CursorPage):
    """`waiting`: all waiting requests; `decidable`: those that the caller may decide."""

    show: Literal["waiting", "decidable", "mine", "all"] = "waiting"


class ApproveBody(BaseModel):
    """A comment for the requester."""

    model_config = ConfigDict(extra="forbid")
    comment: Text = ""


class DeclineBody(BaseModel):
    """The reason."""

    model_config = ConfigDict(extra="forbid")
    comment: Annotated[Text, Field(pattern=r"\S")]


@router.get("/approvals", response=responses({200: ApprovalList}), summary="Approvals")
def list_approvals(request: HttpRequest, filters: Query[ApprovalFilter]) -> HttpResponse:
    """List requests for approval on every account that the caller has a grant for, newest first."""
    actor = actor_of(request)
    rows = _visible(actor)
    match filters.show:
        case "waiting":
            rows = rows.filter(state=State.AWAITING)
        case "decidable":
            rows = rows.filter(pk__in=_decidable(actor).values("pk"))
        case "mine":
            rows = rows.filter(requested_by=actor.user)
    found, following = cut(rows, filters, by="requested_at", key=UUID)
    mine = set(
        _decidable(actor).filter(pk__in=[row.pk for row in found]).values_list("pk", flat=True)
    )
    operated = operable(actor.user) if actor.user else set()
    listed = [
        _body(row, mine_to_decide=row.pk in mine, operates=row.account_id in operated)
        for row in found
    ]
    return send(ApprovalList(approvals=listed, next=following))


@router.get(
    "/approvals/{operation}", response=responses({200: ApprovalBody}), summary="One approval"
)
def read_approval(request: HttpRequest, operation: UUID) -> HttpResponse:
    """Return the request for approval of one operation: what will run, and why it waits."""
    actor = actor_of(request)
    found = _find(actor, operation)
    mine = _decidable(actor).filter(pk=found.pk).exists()
    operates = actor.user is not None and found.account_id in operable(actor.user)
    return send(_body(found, mine_to_decide=mine, operates=operates))


@router.post(
    "/approvals/{operation}/approve",
    response=responses({202: OperationBody}, 403, 409, 413, 415),
    summary="Approve an operation",
)
def approve_operation(
    request: HttpRequest, operation: UUID, wanted: Body[ApproveBody]
) -> HttpResponse:
    """Approve the operation and queue it. The requester cannot. The token needs `operate`."""
    actor = actor_of(request)
    found = _find(actor, operation)
    approve(found, actor=actor, comment=wanted.comment)
    return accepted(_find(actor, operation))


@router.post(
    "/approvals/{operation}/decline",
    response=responses({202: OperationBody}, 403, 409, 413, 415),
    summary="Decline an operation",
)
def decline_operation(
    request: HttpRequest, operation: UUID, wanted: Body[DeclineBody]
) -> HttpResponse:
    """Decline the operation, with the reason. The same rules as for approving apply."""
    actor = actor_of(request)
    found = _find(actor, operation)
    decline(found, actor=actor, comment=wanted.comment)
    return accepted(_find(actor, operation))


def _visible(actor: Actor) -> QuerySet[Operation]:
    rows = visible_operations(actor.known_user).filter(approval__isnull=False)
    return rows.select_related("approval").prefetch_related("approval__requirements__groups")


def _decidable(actor: Actor) -> QuerySet[Operation]:
    return decidable(actor.user) if actor.user else Operation.objects.none()


def _find(actor: Actor, identity: UUID) -> Operation:
    found = _visible(actor).filter(pk=identity).first()
    if found is None:
        raise Problem(
            404, "No such operation needed approval, or you have no grant for its account."
        )
    return found


def _body(operation: Operation, *, mine_to_decide: bool, operates: bool) -> ApprovalBody:
    approval = operation.approval
    return ApprovalBody(
        operation=body(operation, operates=operates or mine_to_decide),
        requirements=[
            RequirementBody(
                source=requirement.source,
                rules=[rule for rule, _ in requirement.reasons],
                messages=[reason for _, reason in requirement.reasons],
                approvers=[group.name for group in requirement.groups.all()],
            )
            for requirement in approval.requirements.all()
        ],
        note=approval.note,
        fingerprint=approval.fingerprint,
        expires_at=approval.expires_at,
        mine_to_decide=mine_to_decide,
        decision=approval.decision,
        decided_at=approval.decided_at,
        decided_by=approval.decider_name,
        comment=approval.comment,
    )
