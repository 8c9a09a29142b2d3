"""Files that anybody may have put there: a pipe never keeps the engine waiting, and a name of any
bytes can be shown.
"""

import os
import stat
from pathlib import Path


def read(path: Path, limit: int) -> bytes:
    """The beginning of a file, up to `limit` bytes. Raises OSError, also for what is no file."""
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as file:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError(0, "It is no ordinary file")
        return file.read(limit)


def exists(path: Path) -> bool:
    """Whether something is there, or may be: then reading it says what is wrong."""
    try:
        return path.exists()
    except OSError:
        return True


def printable(name: str | Path) -> str:
    """A file's name with \\xNN for bytes that are no characters, or none that can be shown."""
    whole = str(name).encode(errors="surrogateescape").decode(errors="backslashreplace")
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in whole
    )
