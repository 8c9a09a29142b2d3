"""Best-effort writes while pages are read: a session's last use, the last account shown.

Nobody waits for them. If such a write does not succeed quickly, it is skipped, and so are all
others for a while. So pages that only read keep working while the database is locked or full.
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
"""Seconds without such writes after one failed."""
logger = logging.getLogger(__name__)
_failed_at: list[float] = []


def note(write: Callable[[], object]) -> bool:
    """Call `write` with a limit of PATIENCE_MS in the database. Return whether it succeeded."""
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
    """Store a value in the session, if it is not there already."""
    session = request.session
    if session.get(name) == value:
        return
    changed = session.modified
    session[name] = value
    if session.session_key and not changed:
        note(session.save)
        session.modified = False  # otherwise, the middleware would save it, and wait indefinitely


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
