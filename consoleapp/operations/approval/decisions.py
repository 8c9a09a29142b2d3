"""Decide on a waiting operation: exactly once, however many users press at once."""

from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from consoleapp.accounts.models import Host
from consoleapp.core.actor import Actor
from consoleapp.core.encryption import Unreadable
from consoleapp.core.errors import Conflict, Refused
from consoleapp.notifications.event_types import EventType
from consoleapp.notifications.record import NewOccurrence, notify
from consoleapp.operations import permission, secret_parameters
from consoleapp.operations.approval.approvers import decidable
from consoleapp.operations.approval.models import Approval, Decision
from consoleapp.operations.approval.requirements import fingerprint, unmet_requirements
from consoleapp.operations.audit import name, note
from consoleapp.operations.broker import hand_over
from consoleapp.operations.models import Operation
from consoleapp.operations.page_events import operation_changed
from consoleapp.operations.states import State, move
from engine.schema.errors import ErrorCode, ErrorReport
from engine.schema.kinds import UnknownKind
from engine.schema.messages import joined, load, msg


class Uncommented(Refused):
    """Raised if an operation is declined without a comment."""

    def __init__(self) -> None:
        super().__init__(msg("Say why it is declined: the requester reads it."))


def approve(operation: Operation, *, actor: Actor, comment: str = "") -> None:
    """Queue the operation, after checking that its requester may still run it.

    Raises Refused (audited) for a user who may not decide, and Conflict if there is nothing to
    decide or the request is no longer allowed.
    """
    _check(operation, actor)
    if reason := _no_more(operation):
        note("approval.refused", operation, actor, detail=reason)
        raise Conflict(reason)
    with transaction.atomic():
        _decide(operation, State.REQUESTED, Decision.GRANTED, actor, comment)
        note("approval.granted", operation, actor, detail=comment)
        _notify(operation, msg("Approved by %(name)s.", name=actor.name), comment)
        transaction.on_commit(partial(hand_over, operation))


def decline(operation: Operation, *, actor: Actor, comment: str) -> None:
    """Decline the operation. Raises Uncommented without a comment, otherwise like `approve`."""
    _check(operation, actor)
    if not comment.strip():
        raise Uncommented
    reason = msg("%(name)s declined it: %(comment)s", name=actor.name, comment=comment.strip())
    report = ErrorReport(code=ErrorCode.FORBIDDEN, message=reason)
    with transaction.atomic():
        _decide(operation, State.DECLINED, Decision.DECLINED, actor, comment, report)
        note("approval.declined", operation, actor, outcome=State.DECLINED, detail=comment)
        _notify(operation, msg("Declined by %(name)s.", name=actor.name), comment)
        transaction.on_commit(partial(operation_changed, operation))


def expire(host: Host) -> None:
    """End operations that nobody approved in time."""
    late = Operation.objects.filter(
        account__host=host,
        state=State.AWAITING,
        approval__decision="",
        approval__expires_at__lte=timezone.now(),
    )
    for operation in late.select_related("account__host", "requested_by"):
        report = ErrorReport(
            code=ErrorCode.TIMEOUT,
            message=msg("Nobody approved of it in time. Nothing was started."),
            remedy=msg("Request it again, and tell an approver."),
        )
        nobody = Actor(user=None)
        with transaction.atomic():
            try:
                _end(operation, State.EXPIRED, Decision.EXPIRED, nobody, "", report)
            except Conflict:
                continue  # it was decided at this moment
            note("approval.expired", operation, nobody, outcome=State.EXPIRED)
            _notify(operation, report.message, "")
            transaction.on_commit(partial(operation_changed, operation))


def _check(operation: Operation, actor: Actor) -> None:
    if actor.user is not None and actor.token is not None and actor.token.scope != "operate":
        raise _refused(operation, actor, msg("This token may only read."))
    if actor.user is not None and decidable(actor.user).filter(pk=operation.pk).exists():
        return
    operation.refresh_from_db(fields=["state"])
    approval = Approval.objects.filter(operation=operation).first()
    if approval is None:
        raise Conflict(msg("It needs no approval."))
    if approval.decision:
        raise Conflict(_decided(approval))
    if operation.state != State.AWAITING or approval.expires_at <= timezone.now():
        raise Conflict(msg("It does not await approval any more."))
    if actor.user is not None and operation.requested_by_id == actor.user.pk:
        reason = msg("You asked for it yourself: somebody else must decide.")
        raise _refused(operation, actor, reason)
    raise _refused(operation, actor, msg("You are not among those who may decide this."))


def _decided(approval: Approval) -> str:
    name = approval.decider_name
    match approval.decision:
        case Decision.GRANTED if name:
            return msg("It was decided already: granted by %(name)s.", name=name)
        case Decision.DECLINED if name:
            return msg("It was decided already: declined by %(name)s.", name=name)
        case Decision.WITHDRAWN if name:
            return msg("It was decided already: withdrawn by %(name)s.", name=name)
        case Decision.EXPIRED:
            return msg("It was decided already: expired.")
    return msg("It was decided already.")


def _refused(operation: Operation, actor: Actor, reason: str) -> Refused:
    note("approval.refused", operation, actor, detail=reason)
    return Refused(reason)


def _no_more(operation: Operation) -> str:
    """Return why it cannot be approved; "" if it can."""
    try:
        parameters = secret_parameters.parameters_of(operation)
    except (Unreadable, UnknownKind, ValidationError):
        return msg("Its parameters cannot be read any more. Request it again.")
    if operation.approval.fingerprint != fingerprint(operation, parameters):
        return msg("It is not what was asked for any more. Request it again.")
    if refused := permission.no_longer(operation, parameters):
        return refused
    if refused := permission.by_policy(operation, parameters):
        return msg("Not allowed by policy: %(said)s", said=refused)
    return unmet_requirements(operation, parameters)


def _decide(
    operation: Operation,
    to: State,
    decision: Decision,
    actor: Actor,
    comment: str,
    report: ErrorReport | None = None,
) -> None:
    """Do the same as `_end`, if `actor` may still decide at the moment of the change."""
    mine = decidable(actor.user).filter(pk=operation.pk) if actor.user else Operation.objects.none()
    if mine.select_for_update(of=("self",)).first() is None:
        raise Conflict(msg("It does not await your approval any more."))
    _end(operation, to, decision, actor, comment, report)


def _end(
    operation: Operation,
    to: State,
    decision: Decision,
    actor: Actor,
    comment: str,
    report: ErrorReport | None = None,
) -> None:
    changes: dict[str, Any] = {"error": load(report.model_dump(mode="json"))} if report else {}
    if not move(operation, to, after=(State.AWAITING,), **changes):
        raise Conflict(msg("It does not await approval any more."))
    Approval.objects.filter(operation=operation).update(
        decision=decision,
        decided_at=timezone.now(),
        decided_by=actor.user,
        decider_name=actor.name[:150] if actor.user else "",
        comment=comment.strip()[:500],
    )


def _notify(operation: Operation, reason: str, comment: str) -> None:
    """Notify the requester, if subscribed."""
    if operation.requested_by_id is None:
        return
    occurrence = NewOccurrence(
        EventType.APPROVAL_DECIDED,
        key=str(operation.pk),
        object=str(operation.pk),
        name=name(operation),
        at=timezone.now(),
        detail=joined([reason, comment.strip()]),
        operation=operation.pk,
        people=frozenset({operation.requested_by_id}),
    )
    notify(operation.account, occurrence)
