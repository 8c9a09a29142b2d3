"""Recover from lost messages and dead workers.

Runs every few seconds in the observer's process. It resolves an operation whose lease has expired
by querying its engine. If the operation has ended, its outcome is recorded. If the engine is
running it or does not know it, the operation is queued again (the engine runs an id only once, so a
second delivery attaches to the first). If it was interrupted, it is queued again as well, and the
engine continues it or reports it as lost. An engine that does not answer for GIVE_UP_AFTER makes it
lost, with that reason.

Each part of a round fails alone, and so does each operation in it.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
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
from engine.schema.messages import cut_to, msg
from engine.schema.progress import Interrupted, Recollection, Running, Unknown

EVERY = 2.0
LONGEST_WAITING = 15.0
"""Seconds between two rounds while something has a deadline: an approval, a delivery."""
LONGEST = 300.0
"""The same if nothing does, and nobody writes to the database."""
FILES_EVERY = 300
SEND_AGAIN_AFTER = timedelta(seconds=5)
GIVE_UP_AFTER = timedelta(minutes=10)
CLAIMS_LIMIT = 25
"""An operation that lost this many workers is itself the cause."""
SLACK = timedelta(seconds=5)
"""Margin for leases being taken at this moment, and for slewed clocks."""
REASON_LIMIT = 500
"""Characters of a malformed answer from an engine."""
logger = logging.getLogger(__name__)


async def sweep_forever() -> None:
    """Sweep until cancelled. Errors of a round are logged, and the next one follows."""
    while True:
        before = polling.stamp()
        longest = await asyncio.to_thread(_round)
        if longest == EVERY:
            await asyncio.sleep(EVERY)
        else:
            await polling.change(before, EVERY, longest)


def _round() -> float:
    """Return the seconds until the next round, if nobody writes to the database in the meantime."""
    try:
        sweep()
        unfinished = Operation.objects.filter(ended_at=None)
        if unfinished.exclude(state=State.AWAITING).exists() or sweeping.is_due_soon():
            return EVERY
        return LONGEST_WAITING if unfinished.exists() or sweeping.waits() else LONGEST
    except Exception as error:  # whatever it is, the next round must run
        logger.warning("it is not known what is under way: %s", error)
        return EVERY
    finally:
        connections.close_all()  # the next round may run in another thread


def sweep() -> None:
    """Run one round. Errors of a part are logged, and the next round tries again."""
    for part in (_of_host, sweeping.send_again, _old_files):
        _alone(part)


def _of_host() -> None:
    host = Host.objects.filter(name=settings.BERTH_HOST).first()
    if host is None:
        return  # no account has been enrolled yet
    _alone(partial(expire, host))
    _alone(processes.release_dead)
    _alone(partial(resolve_expired, host))
    _alone(partial(send_again, host))


def _old_files() -> None:
    if cache.add("files-swept", True, FILES_EVERY):
        _alone(claim.sweep)
        _alone(sweeping.remove_old)


def _alone(part: Callable[[], object]) -> None:
    """Run one part. Log whatever it raises, so that the others still run."""
    try:
        part()
    except Exception:
        logger.exception("a part of the sweep failed")


def recover() -> None:
    """Do at once what dead workers and lost messages have left undone (see `tasks.Recovery`)."""
    try:
        host = Host.objects.filter(name=settings.BERTH_HOST).first()
        if host is None:
            return
        _alone(processes.release_dead)
        _alone(partial(resolve_expired, host))
        _alone(partial(send_again, host, idle_since=timezone.now()))
    finally:
        connections.close_all()


def send_again(host: Host, *, idle_since: datetime | None = None) -> None:
    """Send waiting operations that have a slot and that no worker took to the broker again."""
    for operation_id in queue.next_ones(host, idle_since=idle_since or _a_while_ago()):
        if not broker.send(broker.EXECUTE, operation_id, host.name):
            return
        rows = Operation.objects.select_related("account").filter(pk=operation_id)
        operation = rows.first()
        if operation and move(operation, State.QUEUED, after=(State.REQUESTED,)):
            operation_changed(operation)
        else:
            rows.filter(state__in=WAITING).update(queued_at=timezone.now())


def _a_while_ago() -> datetime:
    return timezone.now() - SEND_AGAIN_AFTER


def resolve_expired(host: Host) -> None:
    """Determine the outcome of operations whose worker let its lease expire."""
    now = timezone.now()
    running = Operation.objects.filter(account__host=host, state=State.RUNNING, ended_at=None)
    # No lease can end this late: it was taken before the clock was set back.
    running.filter(lease_until__gt=now + LEASE + SLACK).update(lease_until=now)
    expired = (
        running.select_related("account__host", "requested_by")
        .filter(lease_until__lte=now)
        .order_by("requested_at")
    )
    # All at once: a hung engine must not hold up the others.
    recalls = [(each, engine_session.recalling(each.account, each.pk)) for each in expired]
    for operation, answer in recalls:
        _alone(partial(_resolve, operation, answer))


def _resolve(operation: Operation, answer: "Future[Recollection]") -> None:
    try:
        remembered = answer.result()
    except Exception as error:  # whatever it answers is its own fault, not another operation's
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
    """Return the secrets that must not be recorded from the engine's answer."""
    try:
        return secret_parameters.secrets_in(parameters_of(operation))
    except (Unreadable, UnknownKind, ValidationError):
        return frozenset()  # encrypted with another key: nobody here can hide them


def _queue_again(operation: Operation, *, begun: bool) -> None:
    """Queue it again. `begun`: the engine has it, so the next worker only gets the outcome."""
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
        message=msg(
            "Its worker died, and the engine of %(account)s has not answered since: %(error)s.",
            account=operation.account,
            error=cut_to(REASON_LIMIT)(str(error)) or "no answer",
        ),
        remedy=msg("Look at the account before you try again."),
    )
    finish(operation, State.LOST, report, fence=operation.fence)
