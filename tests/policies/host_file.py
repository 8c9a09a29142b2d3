"""The real /etc/berth/policy.toml while a test needs it. The original is restored afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.policy.host_file import PLACE


class HostFile:
    """Root's actions on the file."""

    place: Path = PLACE

    def write(self, text: str) -> None:
        """Replace it, like an editor."""
        PLACE.parent.mkdir(mode=0o755, exist_ok=True)
        making = PLACE.with_suffix(".new")
        making.unlink(missing_ok=True)
        making.write_text(text)
        making.chmod(0o644)
        os.rename(making, PLACE)

    def remove(self) -> None:
        """Remove the policy."""
        PLACE.unlink(missing_ok=True)


KEPT = PLACE.with_suffix(".kept-by-tests")
NOTE = PLACE.with_suffix(".made-by-tests")
"""Marks that there was no file before."""


@contextmanager
def host_file() -> Iterator[HostFile]:
    """Yield the file. Requires root, and a test file that `tests.schedule` runs alone."""
    restore()
    mode = PLACE.parent.stat().st_mode & 0o7777 if PLACE.parent.exists() else 0o755
    PLACE.parent.mkdir(mode=0o755, exist_ok=True)
    if PLACE.exists():
        PLACE.rename(KEPT)
    else:
        NOTE.touch()
    try:
        yield HostFile()
    finally:
        PLACE.parent.chmod(mode)
        restore()


def restore() -> None:
    """Restore the original, even after a run that was killed."""
    if KEPT.exists():
        KEPT.rename(PLACE)
    elif NOTE.exists():
        PLACE.unlink(missing_ok=True)
        NOTE.unlink()
