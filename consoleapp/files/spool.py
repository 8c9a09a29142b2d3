"""The files of uploads and downloads, named by id, in private folders."""

import os
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings

PIECE = 256 * 1024
LONGEST_NAME = 255


def upload_path(upload: UUID) -> Path:
    """Return the path of an upload."""
    return _folder("uploads") / str(upload)


def download_path(operation: UUID) -> Path:
    """Return the path of the file that an operation produced."""
    return _folder("downloads") / str(operation)


def create(path: Path) -> int:
    """Open a new file for writing. Replaces whatever an earlier attempt left."""
    path.unlink(missing_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def free_bytes() -> int:
    """Return how many bytes the disk accepts before Berth itself is in trouble."""
    disk = os.statvfs(_folder("uploads"))
    return max(0, disk.f_bavail * disk.f_frsize - settings.BERTH_DISK_RESERVE)


async def pieces(path: Path, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
    """Yield the file, or `length` bytes of it from `start`, in pieces."""
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        left = path.stat().st_size - start if length is None else length
        while left > 0:
            piece = await sync_to_async(file.read, thread_sensitive=False)(min(PIECE, left))
            if not piece:
                return
            left -= len(piece)
            yield piece


def shown_name(name: str) -> str:
    """Return a displayable name: the last part, without unprintable characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    printed = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    return printed[:LONGEST_NAME] or "file"


def _folder(name: str) -> Path:
    folder: Path = settings.BERTH_DATA / name
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
