"""Picks up what fell: messages that Redis lost, and operations whose worker died.

Runs every few seconds in the observer's process. An operation whose lease ran out is resolved by
asking its engine: ended, then that is written down; at it, or never heard of it, then it is queued
again (the engine takes an id once, so a second delivery attaches to the first); ended in the
middle, then too, and the engine goes on with it or says that it is lost. An engine that does not
answer for GIVE_UP_AFTER makes it lost, with that reason.

Each part of a round fails alone, and so does each operation in it.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.utils import timezone
from pydantic import ValidationError

from consoleapp.accounts.models import Host
from consoleapp.core import polling
from consoleapp.core.encryption import Unreadable
from consoleapp.files import claim
from consoleapp.notifications import sweeping
from consoleapp.operations import broker, queue, secret_parameters
from consoleapp.operations.approval.decisions import expire
from consoleapp.operations.models import Operation
from consoleapp.operations.page_events import operation_changed
from consoleapp.operations.queue import LEASE
from consoleapp.operations.secret_parameters import parameters_of
from consoleapp.operations.states import WAITING, State, move
from consoleapp.worker import engine_session, processes
from consoleapp.worker.completion import INTERRUPTED, end, finish
from engine.schema.errors import ErrorCode, ErrorReport
from engine.schema.kinds import KINDS, UnknownKind
from engine.schema.progress import Interrupted, Recollection, Running, Unknown

EVERY = 2.0
LONGEST_WAITING = 15.0
"""Seconds between two rounds while something waits for its time: an approval, a delivery."""
LONGEST = 300.0
"""The same when nothing does, and nothing is written to the database."""
FILES_EVERY = 300
SEND_AGAIN_AFTER = timedelta(seconds=5)
GIVE_UP_AFTER = timedelta(minutes=10)
CLAIMS_LIMIT = 25
"""An operation that lost so many workers is the reason for it."""
SLACK = timedelta(seconds=5)
"""For a lease that is taken at this moment, and for clocks that are slewed."""
REASON_LIMIT = 500
"""Characters of what an engine said that makes no sense."""
logger = logging.getLogger(__name__)


async def sweep_forever() -> None:
    """Sweep until cancelled. What goes wrong in one round is logged, and the next one comes."""
    while True:
        before = polling.stamp()
        longest = await asyncio.to_thread(_round)
        if longest == EVERY:
            await asyncio.sleep(EVERY)
        else:
            await polling.change(before, EVERY, longest)


def _round() -> float:
    """Out: the seconds until the next one, if nothing is written to the database meanwhile."""
    try:
        sweep()
        unfinished = Operation.objects.filter(ended_at=None)
        if unfinished.exclude(state=State.AWAITING).exists() or sweeping.is_due_soon():
            return EVERY
        return LONGEST_WAITING if unfinished.exists() or sweeping.waits() else LONGEST
    except Exception as error:  # whatever it is, the next round is not to be missed
        logger.warning("it is not known what is under way: %s", error)
        return EVERY
    finally:
        connections.close_all()  # the next round may come in another thread


def sweep() -> None:
    """One round. What goes wrong in a part of it is logged, and the next round tries again."""
    for part in (_of_host, sweeping.send_again, _old_files):
        _alone(part)


def _of_host() -> None:
    host = Host.objects.filter(name=settings.BERTH_HOST).first()
    if host is None:
        return  # no account has been linked yet
    _alone(partial(expire, host))
    _alone(processes.release_dead)
    _alone(partial(resolve_expired, host))
    _alone(partial(send_again, host))


def _old_files() -> None:
    if cache.add("files-swept", True, FILES_EVERY):
        _alone(claim.sweep)
        _alone(sweeping.remove_old)


def _alone(part: Callable[[], object]) -> None:
    """Do one part; whatever it raises is logged, and does not reach the others."""
    try:
        part()
    except Exception:
        logger.exception("a part of the sweep failed")


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
    now = timezone.now()
    running = Operation.objects.filter(account__host=host, state=State.RUNNING, ended_at=None)
    # No lease can end so late: it was taken before the clock was set back.
    running.filter(lease_until__gt=now + LEASE + SLACK).update(lease_until=now)
    expired = (
        running.select_related("account__host", "requested_by")
        .filter(lease_until__lte=now)
        .order_by("requested_at")
    )
    # All at once: an engine that hangs does not hold up the others.
    asked = [(each, engine_session.recalling(each.account, each.pk)) for each in expired]
    for operation, answer in asked:
        _alone(partial(_resolve, operation, answer))


def _resolve(operation: Operation, answer: "Future[Recollection]") -> None:
    try:
        remembered = answer.result()
    except Exception as error:  # whatever it answers: its own fault, and not another operation's
        logger.warning("cannot ask %s about %s: %s", operation.account, operation.pk, error)
        _give_up(operation, error)
        return
    fence = operation.fence
    if fence > CLAIMS_LIMIT:
        finish(operation, State.LOST, INTERRUPTED, fence=fence)
        return
    match remembered:
        case Running():
            _queue_again(operation, begun=True)
        case Unknown():
            _queue_again(operation, begun=False)
        case Interrupted() if operation.kind in KINDS:
            _queue_again(operation, begun=True)
        case _:
            end(operation, remembered, fence=fence, secrets=_secrets(operation))


def _secrets(operation: Operation) -> frozenset[str]:
    """What must not be written down of what the engine said."""
    try:
        return secret_parameters.secrets_in(parameters_of(operation))
    except (Unreadable, UnknownKind, ValidationError):
        return frozenset()  # sealed with another key: nobody here knows them, so nobody hides them


def _queue_again(operation: Operation, *, begun: bool) -> None:
    """`begun`: the engine is, or was, at it, so that the next worker only hears what came of it."""
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
        f"{str(error)[:REASON_LIMIT] or 'no answer'}.",
        remedy="Look at the account before you try again.",
    )
    finish(operation, State.LOST, report, fence=operation.fence)
