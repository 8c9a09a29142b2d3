"""Decide when to check the database for work: after every change, and occasionally.

Rounds that find nothing cost a connection and some queries each. If the database is a file, the
file shows whether anybody has written to it, and the kernel reports when.
"""

import asyncio
import ctypes
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

Stamp = tuple[int, ...] | None
_LIBC = ctypes.CDLL(None, use_errno=True)
_IN_MODIFY = 0x2  # linux/inotify.h
logger = logging.getLogger(__name__)


def stamp() -> Stamp:
    """Return what changes with every write to the database, or None if there is no such thing."""
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3"):
        return None
    path = Path(database["NAME"])
    try:
        main = path.stat()
    except OSError:
        return None
    try:
        log = os.stat(f"{path}-wal")
    except FileNotFoundError:
        return (main.st_mtime_ns, main.st_size)
    # An empty one comes and goes with connections that only read.
    written = (log.st_mtime_ns, log.st_size) if log.st_size else ()
    return (main.st_mtime_ns, main.st_size, *written)


async def change(before: Stamp, every: float, longest: float) -> None:
    """Wait `every` seconds, then until somebody has written since `before`, up to `longest`."""
    await asyncio.sleep(every)
    if before is None:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(longest - every):
            with _writes(Path(settings.DATABASES["default"]["NAME"]).parent) as written:
                await _other_than(before, written, every)


async def _other_than(before: Stamp, written: asyncio.Event | None, every: float) -> None:
    while stamp() == before:
        if written is not None:
            await written.wait()
            if stamp() != before:
                return
        # Readers also write to files beside the database, so check it no more often than this.
        await asyncio.sleep(every)
        if written is not None:
            written.clear()


@contextmanager
def _writes(directory: Path) -> Iterator[asyncio.Event | None]:
    """Yield an event for writes to files in `directory`; None if the kernel cannot report them."""
    watch = int(_LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
    if watch < 0 or _LIBC.inotify_add_watch(watch, os.fsencode(directory), _IN_MODIFY) < 0:
        logger.warning("the kernel cannot watch %s: %s", directory, os.strerror(ctypes.get_errno()))
        if watch >= 0:
            os.close(watch)
        yield None
        return
    loop, written = asyncio.get_running_loop(), asyncio.Event()

    def drain() -> None:
        os.read(watch, 65536)
        written.set()

    loop.add_reader(watch, drain)
    try:
        yield written
    finally:
        loop.remove_reader(watch)
        os.close(watch)
