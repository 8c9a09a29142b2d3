"""The way to the workers: messages that carry nothing but an operation's id."""

import logging
from uuid import UUID

from kombu.exceptions import OperationalError

from consoleapp.celery import app
from consoleapp.operations.models import Operation
from consoleapp.operations.page_events import operation_changed
from consoleapp.operations.states import State, move

EXECUTE = "operations.execute"
CANCEL = "operations.cancel"
logger = logging.getLogger(__name__)


def send(task: str, operation: UUID, host: str) -> bool:
    """Put a message into the host's queue. Out: False when Redis does not answer.

    Then nothing is lost: the row says what is to be done, and the sweeper sends again.
    """
    try:
        app.send_task(task, args=[str(operation)], queue=f"host.{host}", retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("no broker for %s of %s: %s", task, operation, error)
        return False
    return True


def hand_over(operation: Operation) -> None:
    """Tell the workers of an operation whose row is there by now."""
    sent = send(EXECUTE, operation.pk, operation.account.host.name)
    if sent and not move(operation, State.QUEUED, after=(State.REQUESTED,)):
        operation.refresh_from_db()  # a worker is at it already
    operation_changed(operation)
