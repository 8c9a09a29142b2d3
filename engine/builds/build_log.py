"""The output of builds, in the account's state directory: readable during the build and afterwards.

Each build has a file of JSON lines. The writer holds a lock on it, so a reader knows whether more
lines will follow, even after the death of an engine.
"""

import asyncio
import fcntl
import os
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from engine.process.environment import state_directory
from engine.schema.characters import as_json
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.queries import LogLine

KEPT = 100
"""The number of builds whose logs are kept."""
LARGEST = 8 * 1024 * 1024
LAST_LINES = 200
"""The number of last lines kept from a log that is too large: they say why the build failed."""
LOOK_AGAIN = 0.2


class BuildLog:
    """A log that is being written."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._size = 0
        self._held: deque[bytes] = deque(maxlen=LAST_LINES)
        self._left_out = 0

    def say(self, text: str) -> None:
        """Write one line."""
        line = LogLine(stream="stdout", at=datetime.now(UTC), text=text)
        raw = as_json(line).encode() + b"\n"
        if self._size + len(raw) > LARGEST:
            self._left_out += len(self._held) == LAST_LINES
            self._held.append(raw)
            return
        self._size += len(raw)
        self._file.write(raw)

    def close(self) -> None:
        """Write the last lines if the log became too large, and release the lock."""
        if self._left_out:
            note = msg(
                "… %(_left_out)s lines were left out: the log became too large.",
                _left_out=self._left_out,
            )
            line = LogLine(stream="stderr", at=datetime.now(UTC), text=note)
            self._file.write(as_json(line).encode() + b"\n")
        self._file.write(b"".join(self._held))
        self._file.close()


@contextmanager
def writing(build: UUID) -> Iterator[BuildLog]:
    """Open the log of a build that starts, and remove the logs of the oldest builds."""
    folder = _folder()
    path = folder / f"{build}.log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    _remove_oldest(folder)
    log = BuildLog(descriptor)
    try:
        yield log
    finally:
        log.close()


async def reading(build: UUID, *, follow: bool) -> AsyncIterator[LogLine]:
    """Yield the log's lines, oldest first; with `follow`, until the build ends.

    Raises EngineError if there is no log of the build.
    """
    path = _folder() / f"{build}.log"
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise EngineError(
            ErrorCode.NOT_FOUND,
            msg("There is no log of this build."),
            msg("It has not begun, or it is older than the last %(kept)s builds.", kept=KEPT),
        ) from error
    with file:
        rest = b""
        while True:
            ended = not follow or not _is_written(file.fileno())
            while piece := file.read(256 * 1024):
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    yield LogLine.model_validate_json(line)
            if ended:
                return
            await asyncio.sleep(LOOK_AGAIN)


def _is_written(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def _folder() -> Path:
    folder = state_directory() / "builds"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _remove_oldest(folder: Path) -> None:
    logs = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in logs[KEPT:]:
        path.unlink(missing_ok=True)
