"""The engine's spool, below the state directory: files that operations consume or produce.

    files/<operation>/<upload>     what the console passed on before it started the operation
    files/<operation>/produced     what the operation produced for a download
    files/<operation>/work/        a private folder to work in

Names are ids only, never chosen by a user. An operation's folder is removed when it ends. A
produced file stays until the console has fetched it. Leftovers of a killed engine are removed at
the start.
"""

import asyncio
import errno
import hashlib
import logging
import shutil
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from engine.schema.errors import EngineError, ErrorCode
from engine.schema.files import Produced
from engine.schema.messages import msg

log = logging.getLogger(__name__)
PRODUCED = "produced"
UNFETCHED_SECONDS = 6 * 3600
UNUSED_SECONDS = 3600
"""The age at which an upload without an operation is removed: its worker died in between."""


class Files:
    """The spool of one account."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(mode=0o700, exist_ok=True)
        for place in root.iterdir():
            if not (place / PRODUCED).exists():
                discard(place)
        self.sweep(())

    def upload(self, operation: UUID, upload: UUID) -> Path:
        """Return the path of an upload. Raises EngineError if the console has not passed it on."""
        path = self._place(operation) / str(upload)
        if not path.is_file():
            raise EngineError(
                ErrorCode.NOT_FOUND,
                msg("What was uploaded for this is gone."),
                msg("Upload it again."),
            )
        return path

    def workplace(self, operation: UUID) -> Path:
        """Return a folder of the operation's own, created on demand and removed at its end."""
        place = self._made(operation) / "work"
        place.mkdir(mode=0o700, exist_ok=True)
        return place

    def output(self, operation: UUID) -> Path:
        """Return where to write a download. Call `produced` afterwards."""
        return self._made(operation) / "producing"

    async def produced(self, operation: UUID, name: str) -> Produced:
        """Offer the file written to `output` as a download named `name`."""
        path = self.output(operation)
        digest = await asyncio.to_thread(_digest, path)
        path.rename(path.with_name(PRODUCED))
        size = path.with_name(PRODUCED).stat().st_size
        return Produced(file_name=name, file_size=size, file_sha256=digest)

    def product(self, operation: UUID) -> Path:
        """Return the file that the operation produced. Raises EngineError if there is none."""
        path = self._place(operation) / PRODUCED
        if not path.is_file():
            raise EngineError(
                ErrorCode.NOT_FOUND, msg("The operation's file is gone."), msg("Run it again.")
            )
        return path

    async def receive(
        self, operation: UUID, upload: UUID, sha256: str, chunks: AsyncIterator[bytes]
    ) -> None:
        """Store an upload. Raises EngineError if the disk is full or the digest differs."""
        path = self._made(operation) / str(upload)
        partial = path.with_name(f"{upload}.part")
        digest = hashlib.sha256()
        try:
            with partial.open("wb") as file:
                async for chunk in chunks:
                    await asyncio.to_thread(_keep, file, digest, chunk)
            if digest.hexdigest() != sha256:
                raise EngineError(ErrorCode.INVALID, msg("The upload was damaged on its way."))
            partial.rename(path)
        except OSError as error:
            raise disk_error(error) from error
        finally:
            partial.unlink(missing_ok=True)

    def forget(self, operation: UUID, *, keep_product: bool = False) -> None:
        """Remove all of an operation's files except a product that waits to be fetched."""
        place = self._place(operation)
        if keep_product and (place / PRODUCED).exists():
            for path in place.iterdir():
                if path.name != PRODUCED:
                    discard(path)
        else:
            discard(place)

    def sweep(self, running: Iterable[UUID]) -> None:
        """Remove files that nobody fetched."""
        kept = {str(operation) for operation in running}
        for place in self._root.iterdir():
            left = UNFETCHED_SECONDS if (place / PRODUCED).exists() else UNUSED_SECONDS
            if place.name not in kept and place.stat().st_mtime < time.time() - left:
                discard(place)

    def _place(self, operation: UUID) -> Path:
        return self._root / str(operation)

    def _made(self, operation: UUID) -> Path:
        place = self._place(operation)
        place.mkdir(mode=0o700, exist_ok=True)
        return place


def discard(path: Path) -> None:
    """Remove a file or a folder, even one with read-only folders in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, onerror=_open_and_retry)
    else:
        path.unlink(missing_ok=True)


def disk_error(error: OSError) -> EngineError:
    """Return the error to report when the account's disk does not accept a file."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EngineError(
            ErrorCode.UNAVAILABLE,
            msg("The disk of the account is full, so the file was not kept."),
            msg("Remove unused images, or ask the host's administrator for room."),
        )
    return EngineError(
        ErrorCode.INTERNAL,
        msg("The file could not be kept: %(strerror)s.", strerror=error.strerror),
    )


def _open_and_retry(function: object, path: str, _: object) -> None:
    # An archive may contain folders without write permission, from which nothing can be removed.
    parent = Path(path).parent
    try:
        parent.chmod(0o700)
        target = Path(path)
        if target.is_dir() and not target.is_symlink():
            target.chmod(0o700)
            shutil.rmtree(target, ignore_errors=True)
        else:
            target.unlink(missing_ok=True)
    except FileNotFoundError:
        return
    except OSError as error:
        # It belongs to another id of the account. Whoever created it has to remove it.
        log.warning("cannot remove %s: %s", path, error.strerror)


def _keep(file: BinaryIO, digest: "hashlib._Hash", chunk: bytes) -> None:
    file.write(chunk)
    digest.update(chunk)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
