"""Limit the headers of tar archives, which tarfile reads into memory whatever their stated size."""

import tarfile
from typing import Any, cast

from engine.schema.messages import msg

MOST_OF_ONE = 64 * 1024
"""Bytes of one long name or one set of PAX records. Real ones have hundreds."""
MOST_TOGETHER = 16 << 20
_EXTENDED = frozenset(
    (
        *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
        *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    )
)


class BoundedInfo(tarfile.TarInfo):
    """Use with `tarfile.open(…, tarinfo=BoundedInfo)`: refuses headers that ordinary archives lack.

    Raises tarfile.ReadError for headers that are too long or too large in total, for sparse files
    (whose maps are unlimited), and for headers of headers.
    """

    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type == tarfile.GNUTYPE_SPARSE:
            raise tarfile.ReadError(msg("sparse files are not taken"))
        if self.type in _EXTENDED:
            read = getattr(tar, "berth_headers", 0) + self.size
            if not 0 <= self.size <= MOST_OF_ONE or read > MOST_TOGETHER:
                raise tarfile.ReadError(msg("its headers are too large"))
            tar.berth_headers = read  # type: ignore[attr-defined]
        own = cast(Any, super())
        try:
            found: tarfile.TarInfo = own._proc_member(tar)
        except RecursionError as error:
            raise tarfile.ReadError(msg("its headers have headers")) from error
        except (ValueError, KeyError, OverflowError) as error:
            raise tarfile.ReadError(msg("its headers make no sense")) from error
        if any(name.startswith("GNU.sparse.") for name in found.pax_headers):
            raise tarfile.ReadError(msg("sparse files are not taken"))
        return found


def is_tar(path: str) -> bool:
    """Return whether tarfile can start to read it."""
    try:
        with tarfile.open(path, "r:*", tarinfo=BoundedInfo):
            return True
    except (tarfile.TarError, OSError, EOFError):
        return False
