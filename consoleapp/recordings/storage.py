"""Where the files of recordings are: in a private folder of the data directory, named by keys."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings


def file_of(key: UUID) -> Path:
    """The file of a recording."""
    return folder() / f"{key}.cast"


def folder() -> Path:
    """Raises OSError where it cannot be made."""
    place: Path = settings.BERTH_DATA / "recordings"
    place.mkdir(mode=0o700, exist_ok=True)
    return place


def create(key: UUID) -> int:
    """A descriptor of the new file, for writing at its end. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(file_of(key), flags, 0o600)


def digest(key: UUID) -> tuple[int, str] | None:
    """Size and SHA-256 of the file as it is now; None where there is none."""
    try:
        with file_of(key).open("rb") as file:
            found = hashlib.file_digest(file, "sha256")
            return os.fstat(file.fileno()).st_size, found.hexdigest()
    except FileNotFoundError:
        return None


def keys() -> Iterator[str]:
    """The names of all files there, without their endings."""
    for each in folder().iterdir():
        yield each.name.removesuffix(".cast")
