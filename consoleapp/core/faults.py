"""Faults of the host rather than Berth: a full disk, a locked database."""

import errno
import logging
import shutil
import sqlite3
import sys
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views import defaults

logger = logging.getLogger(__name__)
_NEARLY_NOTHING = 1 << 20
"""Free bytes of a disk below which SQLite has no room for its own files."""

_BUSY_STATES = {"55P03", "40001", "40P01", "57014"}
"""In PostgreSQL: no lock in time, serialization failure, deadlock, cancelled."""


@dataclass(frozen=True)
class Fault:
    """A response: its status, and a sentence that says what to do."""

    status: int
    message: Promise


BUSY = Fault(503, _("The database is busy. Try again in a moment."))
DATABASE_FULL = Fault(
    507, _("The disk of the database server is full. Its administrator must make room on it.")
)
DATA_FULL = Fault(
    507,
    _(
        "The disk of the console's data directory is full, so nothing can be written down. The "
        "host's administrator must make room on it."
    ),
)
OTHER_FULL = Fault(
    507,
    _(
        "The disk of the console's temporary files is full. The host's administrator must make "
        "room on it."
    ),
)


def fault(error: BaseException | None) -> Fault | None:
    """Return the fault behind an exception: itself, or its cause."""
    visited: set[int] = set()
    while error is not None and id(error) not in visited:
        visited.add(id(error))
        if found := _fault(error):
            return found
        error = error.__cause__ or error.__context__
    return None


def page(found: Fault) -> HttpResponse:
    """Return the page about it, which needs neither a user nor the database."""
    text = loader.get_template("fault.html").render({"message": found.message})
    headers = {"Retry-After": "5"} if found.status == 503 else None
    return HttpResponse(text, status=found.status, headers=headers)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an exception that no view has caught."""
    found = fault(sys.exc_info()[1])
    return page(found) if found else defaults.server_error(request)


def _fault(error: BaseException) -> Fault | None:
    if isinstance(error, sqlite3.OperationalError):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL or (code != sqlite3.SQLITE_BUSY and _is_full()):
            return DATA_FULL
        return BUSY if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) else None
    state = str(getattr(error, "sqlstate", None) or "")
    if state == "53100":
        return DATABASE_FULL
    if state in _BUSY_STATES or state.startswith(("08", "57P")):
        return BUSY
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        ours = str(error.filename or "").startswith(str(settings.BERTH_DATA))
        return DATA_FULL if ours or _is_full() else OTHER_FULL
    return None


def _is_full() -> bool:
    try:
        return shutil.disk_usage(settings.BERTH_DATA).free < _NEARLY_NOTHING
    except OSError as error:
        logger.warning("cannot look at the disk of %s: %s", settings.BERTH_DATA, error.strerror)
        return False
