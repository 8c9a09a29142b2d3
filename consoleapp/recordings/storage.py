"""The files of recordings, named by key, in a private folder of the data directory."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings


def file_of(key: UUID) -> Path:
    """Return the file of a recording."""
    return folder() / f"{key}.cast"


def folder() -> Path:
    """Return the folder. Raises OSError if it cannot be created."""
    place: Path = settings.BERTH_DATA / "recordings"
    place.mkdir(mode=0o700, exist_ok=True)
    return place


def create(key: UUID) -> int:
    """Open the new file for appending. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(file_of(key), flags, 0o600)


def digest(key: UUID) -> tuple[int, str] | None:
    """Return size and SHA-256 of the file as it is now; None if it does not exist."""
    try:
        with file_of(key).open("rb") as file:
            found = hashlib.file_digest(file, "sha256")
            return os.fstat(file.fileno()).st_size, found.hexdigest()
    except FileNotFoundError:
        return None


def keys() -> Iterator[str]:
    """Yield the names of all files there, without their extensions."""
    for each in folder().iterdir():
        yield each.name.removesuffix(".cast")
