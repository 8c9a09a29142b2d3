"""Picks up what fell: messages that Redis lost, and operations whose worker died.

Runs every few seconds in the observer's process. An operation whose lease ran out is resolved by
asking its engine: ended, then that is written down; at it, or never heard of it, then it is queued
again (the engine takes an id once, so a second delivery attaches to the first); ended in the
middle, then it is lost, unless its kind can be repeated. An engine that does not answer for
GIVE_UP_AFTER makes it lost, with that reason.
"""

import asyncio
import logging
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.utils import timezone
from pydantic import ValidationError

from consoleapp.accounts.models import Host
from consoleapp.approval.deciding import expire
from consoleapp.files import claim
from consoleapp.live.publish import operation_changed
from consoleapp.notifications import sweeping
from consoleapp.operations import broker, conversation, queue, seal
from consoleapp.operations.ending import INTERRUPTED, end, finish
from consoleapp.operations.models import Operation
from consoleapp.operations.seal import parameters_of
from consoleapp.operations.states import WAITING, State, move
from engine.schema.errors import EngineError, EngineUnreachable, ErrorCode, ErrorReport
from engine.schema.kinds import KINDS, UnknownKind
from engine.schema.progress import Interrupted, Running, Unknown

EVERY = 2.0
FILES_EVERY = 300
SEND_AGAIN_AFTER = timedelta(seconds=5)
GIVE_UP_AFTER = timedelta(minutes=10)
CLAIMS_LIMIT = 25
"""An operation that lost so many workers is the reason for it."""
logger = logging.getLogger(__name__)


async def sweep_forever() -> None:
    """Sweep until cancelled. What goes wrong in one round is logged, and the next one comes."""
    while True:
        await asyncio.to_thread(_round)
        await asyncio.sleep(EVERY)


def _round() -> None:
    try:
        sweep()
    except Exception:
        logger.exception("a sweep broke off")
    finally:
        connections.close_all()  # the next round may come in another thread


def sweep() -> None:
    """One round."""
    host = Host.objects.filter(name=settings.BERTH_HOST).first()
    if host is None:
        return  # no account has been linked yet
    resolve_expired(host)
    expire(host)
    send_again(host)
    sweeping.send_again()
    if cache.add("files-swept", True, FILES_EVERY):
        claim.sweep()
        sweeping.remove_old()


def send_again(host: Host) -> None:
    """Tell the broker again about waiting operations that have a place and that nobody took."""
    for operation_id in queue.next_ones(host, idle_since=timezone.now() - SEND_AGAIN_AFTER):
        if not broker.send(broker.EXECUTE, operation_id, host.name):
            return
        rows = Operation.objects.select_related("account").filter(pk=operation_id)
        operation = rows.first()
        if operation and move(operation, State.QUEUED, after=(State.REQUESTED,)):
            operation_changed(operation)
        else:
            rows.filter(state__in=WAITING).update(queued_at=timezone.now())


def resolve_expired(host: Host) -> None:
    """Find out what became of the operations whose worker let its lease run out."""
    expired = (
        Operation.objects.select_related("account__host", "requested_by")
        .filter(account__host=host, state=State.RUNNING, ended_at=None)
        .filter(lease_until__lt=timezone.now())
        .order_by("requested_at")
    )
    silent: set[int] = set()
    for operation in expired:
        if operation.account_id in silent:
            continue
        try:
            _resolve(operation)
        except (EngineUnreachable, EngineError, TimeoutError) as error:
            silent.add(operation.account_id)
            logger.warning("cannot ask %s about %s: %s", operation.account, operation.pk, error)
            _give_up(operation, error)


def _resolve(operation: Operation) -> None:
    fence = operation.fence
    if fence > CLAIMS_LIMIT:
        finish(operation, State.LOST, INTERRUPTED, fence=fence)
        return
    kind = KINDS.get(operation.kind)
    remembered = conversation.recall(operation.account, operation.pk)
    match remembered:
        case Running():
            _queue_again(operation, begun=True)
        case Unknown():
            _queue_again(operation, begun=False)
        case Interrupted() if kind and kind.repeatable:
            _queue_again(operation, begun=False)
        case _:
            end(operation, remembered, fence=fence, secrets=_secrets(operation))


def _secrets(operation: Operation) -> frozenset[str]:
    """What must not be written down of what the engine said."""
    try:
        return seal.secrets_in(parameters_of(operation))
    except (seal.Unreadable, UnknownKind, ValidationError):
        return frozenset()  # sealed with another key: nobody here knows them, so nobody hides them


def _queue_again(operation: Operation, *, begun: bool) -> None:
    """`begun`: the engine is at it, so that the next worker only listens."""
    if not begun and operation.cancel_requested_at:
        finish(operation, State.CANCELLED, fence=operation.fence)
        return
    started_at = operation.started_at if begun else None
    if move(operation, State.QUEUED, fence=operation.fence, started_at=started_at):
        logger.warning("%s lost its worker; it is queued again", operation.pk)
        operation_changed(operation)
        broker.send(broker.EXECUTE, operation.pk, operation.account.host.name)


def _give_up(operation: Operation, error: Exception) -> None:
    if operation.lease_until and timezone.now() - operation.lease_until < GIVE_UP_AFTER:
        return
    report = ErrorReport(
        code=ErrorCode.INTERRUPTED,
        message=f"Its worker died, and the engine of {operation.account} has not answered since: "
        f"{error or 'no answer'}.",
        remedy="Look at the account before you try again.",
    )
    finish(operation, State.LOST, report, fence=operation.fence)
