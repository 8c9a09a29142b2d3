"""Notes that pages write beside what they show: the last use of a session, the account shown last.

Nobody waits for them. A note that cannot be written soon is left out, and none is tried for a while
after that, so that pages which only read go on where the database is locked or its disk is full.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.contrib.sessions.backends.base import UpdateError
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest

PATIENCE_MS = 200
PAUSE = 10.0
"""Seconds without notes after one could not be written."""
logger = logging.getLogger(__name__)
_failed_at: list[float] = []


def note(write: Callable[[], object]) -> bool:
    """Call `write`, which gets PATIENCE_MS of the database. Out: whether it was written down."""
    if _failed_at and time.monotonic() - _failed_at[-1] < PAUSE:
        return False
    try:
        _write(write)
    except (DatabaseError, UpdateError) as error:
        _failed_at[:] = [time.monotonic()]
        logger.warning("a note was left out: %s", error)
        return False
    return True


def remember(request: HttpRequest, name: str, value: Any) -> None:
    """Note something in the session, if it is not there already."""
    session = request.session
    if session.get(name) == value:
        return
    changed = session.modified
    session[name] = value
    if session.session_key and not changed:
        note(session.save)
        session.modified = (
            False  # or the middleware would save it, and wait for as long as it takes
        )


def _write(write: Callable[[], object]) -> None:
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"set local lock_timeout = {PATIENCE_MS:d}")
            write()
        return
    connection.ensure_connection()
    usual = int(connection.settings_dict["OPTIONS"].get("timeout", 5) * 1000)
    with connection.cursor() as cursor:
        cursor.execute(f"pragma busy_timeout = {PATIENCE_MS:d}")
        try:
            with transaction.atomic():
                write()
        finally:
            cursor.execute(f"pragma busy_timeout = {usual:d}")
