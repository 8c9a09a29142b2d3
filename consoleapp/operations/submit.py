"""Submit, cancel, and retry operations."""

from functools import partial
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from consoleapp.accounts.access import refuse, role_on
from consoleapp.accounts.models import LinuxAccount
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Conflict, Refused
from consoleapp.files import claim
from consoleapp.operations import broker, cross_account, secret_parameters
from consoleapp.operations.approval import request as approval
from consoleapp.operations.approval.requirements import requirements_of
from consoleapp.operations.audit import note
from consoleapp.operations.models import Operation
from consoleapp.operations.page_events import operation_changed
from consoleapp.operations.states import WAITING, State, move
from consoleapp.policies import check as policy
from engine.schema.kinds import KINDS, parse
from engine.schema.messages import msg
from engine.schema.parameters import Parameters, Role


def submit(
    account: LinuxAccount,
    parameters: Parameters,
    *,
    actor: Actor,
    idempotency_key: str | None = None,
    retry_of: Operation | None = None,
) -> Operation:
    """Write the operation and its audit event, and send it to the workers of the account's host.

    If a policy requires approval, notify the approvers instead, and wait for their decision.

    With an idempotency key that `actor` has used before, return the operation from then. Raises
    Refused (audited) without the role or scope, or if a policy forbids it, and Conflict if the key
    belongs to another request.
    """
    check(account, parameters.kind, parameters.role, actor)
    cross_account.check(account, parameters, actor)
    policy.check(account, parameters, actor)
    fingerprint = secret_parameters.fingerprint(account.key, parameters) if idempotency_key else ""
    if idempotency_key and (earlier := _earlier(actor, idempotency_key, fingerprint)):
        return earlier
    uploads = claim.check(account, parameters.uploads(), actor)
    requirements = requirements_of(actor.user, account, parameters)
    encrypted = secret_parameters.encrypt_parameters(parameters)
    operation = Operation(
        id=uuid4(),
        kind=parameters.kind,
        account=account,
        requested_by=actor.user,
        actor_name=actor.name,
        token=actor.token,
        source=actor.source,
        ip=actor.ip,
        parameters=parameters.public(),
        encrypted=encrypted,
        has_secrets=bool(encrypted),
        command=parameters.command(),
        target=parameters.target()[:600],
        lane=parameters.lane,
        urgent=parameters.urgent,
        idempotency_key=idempotency_key,
        fingerprint=fingerprint,
        retry_of=retry_of,
        state=State.AWAITING if requirements else State.REQUESTED,
        requested_at=timezone.now(),
    )
    try:
        with transaction.atomic():
            operation.save(force_insert=True)
            claim.give(uploads, operation)
            uploads_text = "; ".join(upload.audit_text for upload in uploads)
            note("operation.requested", operation, actor, detail=uploads_text)
            if requirements:
                approval.create(operation, parameters, requirements, actor=actor)
                transaction.on_commit(partial(operation_changed, operation))
            else:
                transaction.on_commit(partial(broker.hand_over, operation))
    except IntegrityError:
        # Only the key can collide: the same request arrived twice at the same moment.
        if idempotency_key and (earlier := _earlier(actor, idempotency_key, fingerprint)):
            return earlier
        raise
    return operation


def cancel(operation: Operation, *, actor: Actor) -> None:
    """Request the end of an operation: a waiting one ends at once, a running one when it can.

    Raises Refused (audited) without the role or scope, and Conflict if it has ended.
    """
    kind = KINDS.get(operation.kind)
    needed = kind.role if kind else Role.OWNER
    check(operation.account, f"cancel {operation.kind}", needed, actor)
    with transaction.atomic():
        rows = Operation.objects.filter(pk=operation.pk, ended_at=None)
        if not rows.update(cancel_requested_at=timezone.now()):
            raise Conflict(msg("The operation has ended already."))
        operation.refresh_from_db()
        note("operation.cancel_requested", operation, actor)
        waited = operation.state == State.AWAITING
        if move(operation, State.CANCELLED, after=(State.AWAITING, *WAITING)):
            if waited:
                approval.withdrawn(operation, actor=actor)
            note("operation.cancelled", operation, actor, outcome=State.CANCELLED)
            transaction.on_commit(partial(operation_changed, operation))
        else:
            host = operation.account.host.name
            transaction.on_commit(partial(broker.send, broker.CANCEL, operation.pk, host))


def retry(operation: Operation, *, actor: Actor) -> Operation:
    """Submit the same request again, as a new operation.

    Raises Refused like `submit`, and Conflict if it has not ended or a secret must be entered
    again.
    """
    if not State(operation.state).ended:
        raise Conflict(msg("The operation has not ended yet."))
    if operation.has_secrets:
        raise Conflict(
            msg(
                "It had a password or another secret, which Berth forgot when it ended. Fill in "
                "the form again."
            )
        )
    if operation.kind not in KINDS:
        raise Conflict(msg("This kind of operation does not exist any more."))
    parameters = parse(operation.kind, operation.parameters)
    return submit(operation.account, parameters, actor=actor, retry_of=operation)


def check(account: LinuxAccount, what: str, needed: Role, actor: Actor) -> None:
    """Raise Refused (audited) if `actor` may not do this on the account."""
    role = role_on(actor.user, account)
    if role is None or not role.covers(needed):
        refuse(actor, account, what, needed)
        raise Refused(
            msg("This needs the role %(needed)s on %(key)s.", needed=needed, key=account.key)
        )
    if actor.token is not None and actor.token.scope != "operate":
        refuse(actor, account, msg("%(what)s with a token that only reads", what=what), needed)
        raise Refused(msg("This token may only read."))


def _earlier(actor: Actor, key: str, fingerprint: str) -> Operation | None:
    earlier = (
        Operation.objects.select_related("account")
        .filter(requested_by=actor.user, idempotency_key=key)
        .first()
    )
    if earlier and earlier.fingerprint != fingerprint:
        raise Conflict(msg("This idempotency key was used before, for something else."))
    return earlier
