"""Determine whether this code has already prepared a data directory, and can skip that.

The database's stamp is in the database itself (SQLite's `user_version`), so a restored or new one
is prepared again. The static files' stamp is beside them, written last.
"""

import contextlib
import hashlib
import os
import sqlite3
import sys
from pathlib import Path

CODE = Path(__file__).resolve().parent.parent


def fingerprint(*more: str) -> str:
    """Return a fingerprint of everything that preparing reads: code, packages, and options."""
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
    """Return the stamp for SQLite: a 31-bit number other than 0, which a new database has."""
    return int(stamp[:8], 16) & 0x7FFFFFFF or 1


def is_prepared(data: Path, stamp: str) -> bool:
    """Return whether database and static files are as this code would leave them. SQLite only."""
    return has_static_files(data) and _user_version(data / "db.sqlite3") == number(stamp)


def has_static_files(data: Path) -> bool:
    """Return whether this code has collected the static files completely."""
    try:
        return static_stamp(data).read_text() == fingerprint()
    except OSError:
        return False


def static_stamp(data: Path) -> Path:
    """Return the file with the fingerprint of the code that collected the static files."""
    return data / "static.stamp"


def _user_version(database: Path) -> int:
    if not database.exists():
        return 0
    with contextlib.suppress(sqlite3.Error):  # a broken one: preparing reports it
        connection = sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True)
        with contextlib.closing(connection):
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
    return 0
