"""Determine which workers live: each holds a lock that the kernel releases when it dies.

The lock is on the worker's own file. A row names its worker. If the worker's lock is free, the
row's lease ends at once instead of running out. A missing file in this data directory means
nothing: the worker may be on another host.
"""

import fcntl
import logging
import os
import socket
import threading
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from consoleapp.operations.models import Operation
from consoleapp.operations.states import State

logger = logging.getLogger(__name__)
_lock = threading.Lock()
_held: dict[int, tuple[str, int]] = {}
"""By process, since a fork does not inherit it: its name and the open file."""


def identity() -> str:
    """Return the name of this thread's worker for a row: its lock's name, and the thread."""
    return f"{_own()}:{threading.get_ident()}"


def release_dead() -> int:
    """End the leases of dead workers. Return how many workers died."""
    found = 0
    for path in _folder().glob("*.lock"):
        if _is_free(path):
            name = path.stem
            running = Operation.objects.filter(state=State.RUNNING, worker__startswith=f"{name}:")
            over = running.update(lease_until=timezone.now() - timedelta(seconds=1))
            if over:
                logger.warning("the worker %s died; it had %s operations", name, over)
            path.unlink(missing_ok=True)
            found += 1
    return found


def _own() -> str:
    with _lock:
        if os.getpid() not in _held:
            _held[os.getpid()] = _take()
        return _held[os.getpid()][0]


def _take() -> tuple[str, int]:
    name = f"{socket.gethostname()[:60]}-{os.getpid()}-{uuid4().hex[:8]}"
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Rename it only when it is locked. Otherwise, it would look like a dead worker's.
    new = folder / f"{name}.new"
    file = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    fcntl.flock(file, fcntl.LOCK_EX)
    new.rename(folder / f"{name}.lock")
    return name, file


def _is_free(path: Path) -> bool:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True


def _folder() -> Path:
    return Path(settings.BERTH_DATA) / "workers"
