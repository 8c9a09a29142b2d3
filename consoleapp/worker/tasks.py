"""The worker's tasks. A message contains an id, and can only run a waiting row."""

import logging
import os
import threading
from uuid import UUID

import redis
from celery import bootsteps, shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.utils import timezone

from consoleapp.accounts.models import Host
from consoleapp.celery import app
from consoleapp.operations import broker, queue
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.worker import processes, sweeper
from consoleapp.worker.run import run, stop

logger = logging.getLogger(__name__)


@shared_task(name=broker.EXECUTE)
def execute(operation_id: str) -> None:
    """Run the operation if its turn has come, then request the next ones."""
    identity = _identity(operation_id)
    claimed = queue.claim(identity, processes.identity()) if identity else None
    if claimed is None:
        return
    operation = claimed.operation
    try:
        run(operation, resumed=claimed.resumed)
    except Exception:
        # Whatever it was, only the engine knows the operation's outcome: the sweeper queries it.
        logger.exception("the run of %s broke off", operation.pk)
        rows = Operation.objects.filter(pk=operation.pk, fence=operation.fence, state=State.RUNNING)
        rows.update(lease_until=timezone.now())
    finally:
        dispatch(operation.account.host)


@shared_task(name=broker.CANCEL)
def cancel(operation_id: str) -> None:
    """Pass the cancellation of a running operation on to its engine."""
    identity = _identity(operation_id)
    if identity is None:
        return
    operation = (
        Operation.objects.select_related("account")
        .filter(pk=identity, state=State.RUNNING, cancel_requested_at__isnull=False)
        .filter(account__host__name=settings.BERTH_HOST)
        .first()
    )
    if operation is None:
        logger.info("ignored a message to cancel %s: no such operation runs here", identity)
        return
    stop(operation)


class Recovery(bootsteps.StartStopStep):
    """Recover whenever the worker has connected to the broker.

    Either the previous worker has died, or the broker has, and with it the messages it had.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, parent: object) -> None:
        """Run it beside the consumer, which must take messages meanwhile."""
        threading.Thread(target=sweeper.recover, name="recovery", daemon=True).start()


app.steps["consumer"].add(Recovery)


@worker_ready.connect
def _log_ready(**_: object) -> None:
    """Tell the launcher, which waits for it, that operations are accepted from now on."""
    with redis.Redis.from_url(settings.BERTH_REDIS) as connection:
        connection.set(f"berth:worker:{settings.BERTH_HOST}", os.getpid())


def dispatch(host: Host) -> None:
    """Request the operations that have a slot now."""
    for operation_id in queue.next_ones(host):
        if not broker.send(broker.EXECUTE, operation_id, host.name):
            return  # the sweeper sends when the broker is back


def _identity(text: object) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        logger.warning("ignored a message whose id is none: %.60r", text)
        return None
