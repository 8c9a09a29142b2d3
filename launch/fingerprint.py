"""Whether this code has prepared a data directory before: then a start migrates nothing.

The stamp of the database lies in the database itself (SQLite's `user_version`), so a restored or
new one is prepared again. That of the static files lies beside them, written last.
"""

import contextlib
import hashlib
import os
import sqlite3
import sys
from pathlib import Path

CODE = Path(__file__).resolve().parent.parent


def fingerprint(*more: str) -> str:
    """Of all that preparing reads: this code, the installed packages, and what it is asked for."""
    hashed = hashlib.sha256()
    assets = Path(os.environ.get("BERTH_ASSETS", CODE / "node_modules"))
    for stamp in (Path(sys.prefix) / ".stamp", assets / ".stamp"):
        hashed.update(stamp.read_bytes() if stamp.exists() else b"none")
    for folder in ("consoleapp", "engine", "launch", "static"):
        for file in sorted((CODE / folder).rglob("*")):
            if file.is_file() and file.suffix != ".pyc":
                hashed.update(f"{file.relative_to(CODE)}\0".encode() + file.read_bytes() + b"\0")
    for word in more:
        hashed.update(f"{word}\0".encode())
    return hashed.hexdigest()


def number(stamp: str) -> int:
    """The stamp as SQLite keeps it: a number of 31 bits, never 0, which a new database has."""
    return int(stamp[:8], 16) & 0x7FFFFFFF or 1


def is_prepared(data: Path, stamp: str) -> bool:
    """Whether database and static files are as this code would leave them. SQLite only."""
    return has_static_files(data) and _user_version(data / "db.sqlite3") == number(stamp)


def has_static_files(data: Path) -> bool:
    """Whether the static files were collected by this code, to the last one."""
    try:
        return static_stamp(data).read_text() == fingerprint()
    except OSError:
        return False


def static_stamp(data: Path) -> Path:
    """Where the fingerprint of the code is kept that the static files were collected by."""
    return data / "static.stamp"


def _user_version(database: Path) -> int:
    if not database.exists():
        return 0
    with contextlib.suppress(sqlite3.Error):  # a broken one: preparing will say so
        connection = sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True)
        with contextlib.closing(connection):
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
    return 0
