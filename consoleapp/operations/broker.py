"""Messages to the workers. They carry only an operation's id."""

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
    """Put a message into the host's queue. Return False if Redis does not answer.

    Nothing is lost then: the row says what to do, and the sweeper sends the message again.
    """
    try:
        app.send_task(task, args=[str(operation)], queue=f"host.{host}", retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("no broker for %s of %s: %s", task, operation, error)
        return False
    return True


def hand_over(operation: Operation) -> None:
    """Send an operation to the workers. Its row must exist by now."""
    sent = send(EXECUTE, operation.pk, operation.account.host.name)
    if sent and not move(operation, State.QUEUED, after=(State.REQUESTED,)):
        operation.refresh_from_db()  # a worker has already claimed it
    operation_changed(operation)
