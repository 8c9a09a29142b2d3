"""The way to the workers: messages that carry nothing but an operation's id."""

import logging
from uuid import UUID

from kombu.exceptions import OperationalError

from consoleapp.celery import app

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
