"""How often to look into the database for work: after every change to it, and now and then.

Rounds that find nothing cost a connection and some queries each. Where the database is a file,
whether anybody wrote to it since is told by the file, at no cost.
"""

import asyncio
import os
import time
from pathlib import Path

from django.conf import settings

Stamp = tuple[int, ...] | None


def stamp() -> Stamp:
    """What changes with every write to the database; None where there is no such thing."""
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
    """Wait `every` seconds, and on while nobody has written since `before`, up to `longest`."""
    until = time.monotonic() + longest
    await asyncio.sleep(every)
    # Other processes write.
    while before and stamp() == before and time.monotonic() < until:  # noqa: ASYNC110
        await asyncio.sleep(every)
