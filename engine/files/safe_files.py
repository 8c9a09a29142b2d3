"""Read and replace files below the account's own home without following symbolic links.

Each folder of the path is opened from the one above (O_NOFOLLOW), so a link that somebody creates
in the meantime leads nowhere. A file is replaced by a rename, so readers see the old or the new
content.
"""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def folder(*parts: str, make: bool = False) -> Iterator[int]:
    """Yield a descriptor of ~/parts…. `make` creates missing folders with mode 0700.

    Raises FileNotFoundError if it is missing, and EngineError for a link or another obstacle.
    """
    place = Path(os.environ["HOME"])
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            place = place / part
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o700, dir_fd=descriptor)
            try:
                inner = os.open(part, _FOLDER, dir_fd=descriptor)
            except FileNotFoundError:
                raise
            except OSError as error:
                raise _refusal(place, error) from error
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def read(descriptor: int, name: str, limit: int) -> bytes | None:
    """Return the file's content, or None if it does not exist.

    Raises EngineError for a link or a special file.
    """
    try:
        file = os.open(
            name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=descriptor
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refusal(Path(name), error) from error
    with os.fdopen(file, "rb") as opened:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise EngineError(ErrorCode.CONFLICT, msg("%(name)s is no ordinary file.", name=name))
        if found.st_size > limit:
            raise EngineError(
                ErrorCode.CONFLICT,
                msg("%(name)s is larger than %(limit)s bytes.", name=name, limit=limit),
            )
        return opened.read(limit + 1)


def replace(descriptor: int, name: str, content: bytes, mode: int = 0o644) -> None:
    """Replace the file atomically, keeping the mode of the old one."""
    with suppress(FileNotFoundError):
        mode = stat.S_IMODE(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode)
    temporary = f".berth-{secrets.token_hex(8)}"
    file = os.open(
        temporary,
        os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC,
        0o600,
        dir_fd=descriptor,
    )
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fchmod(file, mode)
            os.fsync(file)
        os.rename(temporary, name, src_dir_fd=descriptor, dst_dir_fd=descriptor)
        os.fsync(descriptor)
    except OSError as error:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=descriptor)
        raise _refusal(Path(name), error) from error


def _refusal(place: Path, error: OSError) -> EngineError:
    return EngineError(
        ErrorCode.CONFLICT,
        msg("%(place)s cannot be opened: %(strerror)s.", place=place, strerror=error.strerror),
        msg("Berth follows no symbolic links there. Replace a link by the real file or folder."),
    )
