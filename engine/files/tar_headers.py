"""Headers of tar archives, which tarfile reads into memory however long they say they are."""

import tarfile
from typing import Any, cast

MOST_OF_ONE = 64 * 1024
"""Bytes of one long name or one set of PAX records; real ones have hundreds."""
MOST_TOGETHER = 16 << 20
_EXTENDED = frozenset(
    (
        *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
        *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    )
)


class BoundedInfo(tarfile.TarInfo):
    """For `tarfile.open(…, tarinfo=BoundedInfo)`: refuses what no ordinary archive has.

    Raises tarfile.ReadError for a header that is too long, for too much of them, for sparse files
    (whose maps have no end), and for headers of headers.
    """

    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type == tarfile.GNUTYPE_SPARSE:
            raise tarfile.ReadError("sparse files are not taken")
        if self.type in _EXTENDED:
            read = getattr(tar, "berth_headers", 0) + self.size
            if not 0 <= self.size <= MOST_OF_ONE or read > MOST_TOGETHER:
                raise tarfile.ReadError("its headers are too large")
            tar.berth_headers = read  # type: ignore[attr-defined]
        own = cast(Any, super())
        try:
            found: tarfile.TarInfo = own._proc_member(tar)
        except RecursionError as error:
            raise tarfile.ReadError("its headers have headers") from error
        except (ValueError, KeyError, OverflowError) as error:
            raise tarfile.ReadError("its headers make no sense") from error
        if any(name.startswith("GNU.sparse.") for name in found.pax_headers):
            raise tarfile.ReadError("sparse files are not taken")
        return found


def is_tar(path: str) -> bool:
    """Whether tarfile can begin to read it."""
    try:
        with tarfile.open(path, "r:*", tarinfo=BoundedInfo):
            return True
    except (tarfile.TarError, OSError, EOFError):
        return False
