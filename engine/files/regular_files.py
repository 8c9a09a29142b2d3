"""Read files that anybody may have created.

A pipe never blocks the engine, and a file name can be shown whatever its bytes.
"""

import os
import stat
from pathlib import Path


def read(path: Path, limit: int) -> bytes:
    """Return up to `limit` bytes from the start of a file.

    Raises OSError, also for anything that is not a regular file.
    """
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as file:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError(0, "It is no ordinary file")
        return file.read(limit)


def exists(path: Path) -> bool:
    """Return whether something exists, or may exist: then reading it reports the error."""
    try:
        return path.exists()
    except OSError:
        return True


def printable(name: str | Path) -> str:
    """Return a file's name with \\xNN for undecodable bytes and unprintable characters."""
    whole = str(name).encode(errors="surrogateescape").decode(errors="backslashreplace")
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in whole
    )
