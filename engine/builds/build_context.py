"""Unpack an uploaded build context, which is untrusted.

Stricter than tarfile's own `data` filter, and the same for zip: names are checked, and files are
created one by one with O_EXCL, so that nothing is ever written over or through something that the
archive created before. Symbolic links come last, after everything else is written.
"""

import errno
import lzma
import os
import shutil
import stat
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from engine.files.spool import disk_error
from engine.files.tar_headers import BoundedInfo, is_tar
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg

MOST_MEMBERS = 100_000
MOST_BYTES = 16 * 1024**3
MOST_RATIO = 200
"""The largest ratio of unpacked to packed bytes. Source code packs to 1/10, zeros to 1/1000."""
RATIO_COUNTS_FROM = 64 * 1024**2
LONGEST_PATH = 1024
DEEPEST = 64
_PIECE = 256 * 1024
_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError)


class Stopped(Exception):
    """Raised in the unpacking thread when the result is no longer needed."""


@dataclass(frozen=True)
class _Member:
    name: str
    kind: Literal["file", "folder", "link", "copy"]
    executable: bool = False
    leads_to: str = ""
    """For a symbolic link, its target as written; for a hard link, the member's name."""
    content: IO[bytes] | None = None


def unpack(archive: Path, into: Path, stop: threading.Event) -> int:
    """Unpack a tar (plain, gz, bz2, xz) or zip into the empty folder `into`. Return its bytes.

    Raises EngineError with the member's name for a refused member, and Stopped when `stop` is set.
    """
    unpacking = _Unpacking(archive, into, stop)
    try:
        if zipfile.is_zipfile(archive) and not is_tar(str(archive)):
            with zipfile.ZipFile(archive) as opened:
                unpacking.all(_of_zip(opened))
        else:
            with tarfile.open(archive, "r:*", tarinfo=BoundedInfo) as tar:
                unpacking.all(_of_tar(tar))
    except tarfile.ReadError as error:
        if "not be opened" in str(error) or "file could" in str(error):
            raise _refused(msg("is not a tar or zip archive"), "the upload") from error
        raise _refused(
            msg("is damaged or incomplete (%(error)s)", error=error), "the archive"
        ) from error
    except _DAMAGED as error:
        raise _refused(
            msg("is damaged or incomplete (%(error)s)", error=error), "the archive"
        ) from error
    except (NotImplementedError, RuntimeError) as error:  # raised by zipfile for such archives
        raise _refused(msg("cannot be read: %(error)s", error=error), "the archive") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_error(error) from error
        if error.errno is None or isinstance(error, tarfile.TarError):  # gzip.BadGzipFile
            raise _refused(
                msg("is damaged or incomplete (%(error)s)", error=error), "the archive"
            ) from error
        raise EngineError(
            ErrorCode.INVALID,
            msg("The archive cannot be unpacked: %(strerror)s.", strerror=error.strerror),
        ) from error
    return unpacking.size


class _Unpacking:
    def __init__(self, archive: Path, into: Path, stop: threading.Event) -> None:
        self._into = into
        self._stop = stop
        self._packed = max(1, archive.stat().st_size)
        self._made: dict[PurePosixPath, str] = {}
        self._links: list[tuple[PurePosixPath, str]] = []
        self.size = 0

    def all(self, members: Iterator[_Member]) -> None:
        for count, member in enumerate(members, 1):
            if self._stop.is_set():
                raise Stopped
            if count > MOST_MEMBERS:
                raise _refused(
                    msg("has more than %(most_members)s members", most_members=f"{MOST_MEMBERS:,}"),
                    "the archive",
                )
            self._one(member)
        for path, target in self._links:
            (self._into / path).symlink_to(target)
        # A chain of links can lead outside even if each link alone stays inside.
        inside = self._into.resolve()
        for path, target in self._links:
            if not Path(os.path.realpath(inside / path)).is_relative_to(inside):
                raise _refused(
                    msg(
                        "is a link that leads out of the context, to %(target)s",
                        target=f"{target!r}",
                    ),
                    str(path),
                )

    def _one(self, member: _Member) -> None:
        path = _checked(member.name)
        if path is None:
            return
        if member.kind == "folder":
            self._folder(path)
            return
        if path in self._made:
            raise _refused(msg("is in the archive twice"), member.name)
        self._folder(path.parent)
        match member.kind:
            case "file":
                self._made[path] = "file"
                self._write(member, path)
            case "link":
                self._made[path] = "link"
                self._links.append((path, _checked_target(path, member)))
            case "copy":
                source = _checked(member.leads_to)
                if source is None or self._made.get(source) != "file":
                    raise _refused(
                        msg(
                            "is a hard link to %(leads_to)s, which is no earlier file of the "
                            "archive",
                            leads_to=f"{member.leads_to!r}",
                        ),
                        member.name,
                    )
                self._made[path] = "file"
                self._grow((self._into / source).stat().st_size, ratio=False)
                shutil.copyfile(self._into / source, self._into / path)
                shutil.copymode(self._into / source, self._into / path)

    def _folder(self, path: PurePosixPath) -> None:
        for part in reversed([path, *path.parents]):
            if not part.parts:
                continue
            if self._made.get(part, "folder") != "folder":
                raise _refused(msg("is a folder and something else at the same time"), str(part))
            if part not in self._made:
                self._made[part] = "folder"
                (self._into / part).mkdir()
                (self._into / part).chmod(0o755)

    def _write(self, member: _Member, path: PurePosixPath) -> None:
        mode = 0o755 if member.executable else 0o644
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        # The engine's umask hides files from others. In the image, they must be readable.
        with os.fdopen(os.open(self._into / path, flags, 0o600), "wb") as file:
            while member.content and (piece := member.content.read(_PIECE)):
                if self._stop.is_set():
                    raise Stopped
                self._grow(len(piece))
                file.write(piece)
            os.fchmod(file.fileno(), mode)

    def _grow(self, by: int, *, ratio: bool = True) -> None:
        self.size += by
        if self.size > MOST_BYTES:
            raise _refused(
                msg("unpacks to more than %(most_bytes)s GiB", most_bytes=MOST_BYTES // 1024**3),
                "the archive",
            )
        if ratio and self.size > max(RATIO_COUNTS_FROM, self._packed * MOST_RATIO):
            raise _refused(
                msg(
                    "unpacks to more than %(most_ratio)s times its size, as bombs do",
                    most_ratio=MOST_RATIO,
                ),
                "the archive",
            )


def _of_tar(tar: tarfile.TarFile) -> Iterator[_Member]:
    for entry in tar:
        if entry.isdir():
            yield _Member(entry.name, "folder")
        elif entry.issym():
            yield _Member(entry.name, "link", leads_to=entry.linkname)
        elif entry.islnk():
            yield _Member(entry.name, "copy", leads_to=entry.linkname)
        elif entry.isreg():
            executable = bool(entry.mode & 0o111)
            yield _Member(entry.name, "file", executable, content=tar.extractfile(entry))
        else:
            raise _refused(msg("is a device, a pipe or something else that is no file"), entry.name)


def _of_zip(opened: zipfile.ZipFile) -> Iterator[_Member]:
    for entry in opened.infolist():
        mode = entry.external_attr >> 16
        if entry.flag_bits & 1:
            raise _refused("is encrypted", entry.filename)
        if entry.is_dir():
            yield _Member(entry.filename, "folder")
        elif stat.S_ISLNK(mode):
            if entry.file_size > LONGEST_PATH:
                raise _refused(msg("is a link with too long a target"), entry.filename)
            target = opened.read(entry).decode("utf-8", "surrogateescape")
            yield _Member(entry.filename, "link", leads_to=target)
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise _refused(
                msg("is a device, a pipe or something else that is no file"), entry.filename
            )
        else:
            with opened.open(entry) as content:
                yield _Member(entry.filename, "file", bool(mode & 0o111), content=content)


def _checked(name: str) -> PurePosixPath | None:
    """Return the member's path in the context, or None for the context itself."""
    if "\0" in name or len(name) > LONGEST_PATH:
        raise _refused(msg("has a name that no file can have"), name)
    if name.startswith("/") or "\\" in name or (len(name) > 1 and name[1] == ":"):
        raise _refused(msg("has an absolute or foreign path"), name)
    path = PurePosixPath(name)
    if ".." in path.parts:
        raise _refused(msg("leads out of the context with `..`"), name)
    if len(path.parts) > DEEPEST:
        raise _refused(msg("is more than %(deepest)s folders deep", deepest=DEEPEST), name)
    return path if path.parts else None


def _checked_target(path: PurePosixPath, member: _Member) -> str:
    target = member.leads_to
    if not target or "\0" in target or target.startswith("/"):
        raise _refused(
            msg("is a link to the absolute path %(target)s", target=f"{target!r}"), member.name
        )
    depth = len(path.parent.parts)
    for part in PurePosixPath(target).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            raise _refused(
                msg("is a link that leads out of the context, to %(target)s", target=f"{target!r}"),
                member.name,
            )
    return target


def _refused(why: str, what: str) -> EngineError:
    shown = what if what.startswith("the ") else f"the member {what[:200]!r}"
    return EngineError(
        ErrorCode.INVALID,
        msg("The context was refused: %(shown)s %(why)s.", shown=shown, why=why),
        msg("Make the archive of plain files, folders and links that stay inside of it."),
    )
