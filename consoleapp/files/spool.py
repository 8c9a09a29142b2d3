"""Where the bytes of uploads and downloads are: files named by ids, in private folders."""

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
    """The file of an upload."""
    return _folder("uploads") / str(upload)


def download_path(operation: UUID) -> Path:
    """The file that an operation made."""
    return _folder("downloads") / str(operation)


def create(path: Path) -> int:
    """A descriptor of a new file, for writing. Whatever an earlier try left is replaced."""
    path.unlink(missing_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def free_bytes() -> int:
    """How much the disk takes before Berth itself would get into trouble."""
    disk = os.statvfs(_folder("uploads"))
    return max(0, disk.f_bavail * disk.f_frsize - settings.BERTH_DISK_RESERVE)


async def pieces(path: Path, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
    """The file, or `length` bytes of it from `start`, a piece at a time."""
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
    """A name as it may be shown and offered: its last part, without what does not print."""
    last = name.replace("\\", "/").rpartition("/")[2]
    printed = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(" .")
    return printed[:LONGEST_NAME] or "file"


def _folder(name: str) -> Path:
    folder: Path = settings.BERTH_DATA / name
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
