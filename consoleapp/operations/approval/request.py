"""Request approval, explain the request, and withdraw it."""

from collections.abc import Sequence
from functools import partial

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from consoleapp.core.actor import Actor
from consoleapp.core.errors import Conflict, Refused
from consoleapp.notifications.event_types import EventType
from consoleapp.notifications.record import NewOccurrence, notify
from consoleapp.operations.approval.approvers import approvers_of
from consoleapp.operations.approval.models import Approval, Decision, Requirement
from consoleapp.operations.approval.requirements import PolicyRequirement, fingerprint
from consoleapp.operations.audit import name, note
from consoleapp.operations.models import Operation
from consoleapp.operations.page_events import operation_changed
from engine.schema.messages import msg
from engine.schema.parameters import Parameters


def create(
    operation: Operation,
    parameters: Parameters,
    requirements: Sequence[PolicyRequirement],
    *,
    actor: Actor,
) -> None:
    """Record the requirements and notify approvers, in the transaction that creates `operation`."""
    approval = Approval.objects.create(
        operation=operation,
        fingerprint=fingerprint(operation, parameters),
        expires_at=operation.requested_at + min(each.expires_after for each in requirements),
    )
    for each in requirements:
        row = Requirement.objects.create(
            approval=approval,
            source=each.source[:300],
            reasons=[[reason.rule, reason.message] for reason in each.reasons],
            owners=not each.approvers,
        )
        row.groups.set(Group.objects.filter(name__in=each.approvers))
    why = " ".join(str(each) for each in requirements)
    note("approval.requested", operation, actor, detail=why)
    occurrence = NewOccurrence(
        EventType.APPROVAL_WAITING,
        key=str(operation.pk),
        object=str(operation.pk),
        name=name(operation),
        at=operation.requested_at,
        detail=msg(
            "Requested by %(actor_name)s. %(why)s", actor_name=operation.actor_name, why=why
        ),
        operation=operation.pk,
        people=frozenset(approvers_of(operation).values_list("pk", flat=True)),
    )
    notify(operation.account, occurrence)


def explain(operation: Operation, text: str, *, actor: Actor) -> None:
    """Record the requester's reason for approvers to read.

    Raises Refused for anybody else, and Conflict if it no longer waits.
    """
    if actor.user is None or operation.requested_by_id != actor.user.pk:
        raise Refused(msg("Only who asked for it can say why."))
    if actor.token is not None and actor.token.scope != "operate":
        raise Refused(msg("This token may only read."))
    with transaction.atomic():
        waiting = Approval.objects.filter(operation=operation, decision="")
        if not waiting.update(note=text.strip()[:500]):
            raise Conflict(msg("It does not await approval any more."))
        note("approval.explained", operation, actor, detail=text.strip()[:500])
        transaction.on_commit(partial(operation_changed, operation))


def withdrawn(operation: Operation, *, actor: Actor) -> None:
    """Record the withdrawal, in the transaction that cancels the operation."""
    decided = Approval.objects.filter(operation=operation, decision="")
    if decided.update(
        decision=Decision.WITHDRAWN,
        decided_at=timezone.now(),
        decided_by=actor.user,
        decider_name=actor.name[:150],
    ):
        note("approval.withdrawn", operation, actor)
