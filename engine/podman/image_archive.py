"""Examine an image archive before Podman gets it: its type, and whether it is safe.

A docker-archive has a manifest.json that names configs and layers (moby/moby, image/spec). An
oci-archive has an index.json and blobs by digest (opencontainers/image-spec, image-layout.md). The
archive is read once from start to end and never unpacked; memory use does not grow with its size.
"""

import bz2
import gzip
import hashlib
import json
import lzma
import posixpath
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

from engine.files.tar_headers import BoundedInfo
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg

_PIECE = 1 << 20
_MOST_MEMBERS = 50_000
_SMALL = 1 << 20
_MOST_SMALL = 500
_MOST_MEMORY = 128 << 20
"""For xz, whose archives state how much they need."""
_BLOBS = "blobs/sha256/"
_REMEDY = msg("Make it anew, with `podman save` or `docker save`, and upload it again.")


_Make = Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor]


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Bounded:
    """Reads until the data exceeds the free disk space."""

    def __init__(self, source: _Readable, room: int) -> None:
        self._source = source
        self._left = room

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(min(size, _PIECE) if size >= 0 else _PIECE)
        self._left -= len(piece)
        if self._left < 0:
            raise _too_large()
        return piece


@dataclass
class _Contents:
    """The archive's content, as far as it has been read."""

    names: set[str] = field(default_factory=set)
    small: dict[str, bytes] = field(default_factory=dict)


def check(path: Path, room: int) -> bool:
    """Return whether it is compressed.

    Raises EngineError if it is not an image archive, or is damaged, unsafe, or larger than `room`.
    """
    with path.open("rb") as file:
        try:
            packed = _unpacked(file) is not file
            contents = _read(_Bounded(_unpacked(file), room), room)
        except (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError) as error:
            raise _damaged(msg("This is not an image archive, or it is cut off.")) from error
    if "manifest.json" in contents.names:
        _check_docker(contents)
    elif "index.json" in contents.names:
        _check_oci(contents)
    else:
        raise _damaged(
            msg("This archive has no image in it: neither manifest.json nor index.json.")
        )
    return packed


def unpack(path: Path, plain: Path) -> None:
    """Write a checked archive without its compression."""
    with path.open("rb") as file, plain.open("wb") as target:
        source = _unpacked(file)
        while piece := source.read(_PIECE):
            target.write(piece)


def _unpacked(file: BinaryIO) -> _Readable:
    magic = file.read(6)
    file.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.open(file)
    if magic.startswith(b"BZh"):
        return bz2.open(file)
    if magic == b"\xfd7zXZ\0":
        return lzma.open(file)
    if magic.startswith(b"\x28\xb5\x2f\xfd"):
        raise _damaged(msg("Archives compressed with zstd are not taken: unpack it with `unzstd`."))
    return file


def _read(source: _Bounded, room: int) -> _Contents:
    contents = _Contents()
    with tarfile.open(fileobj=source, mode="r|", tarinfo=BoundedInfo) as tar:  # type: ignore[call-overload]
        for member in tar:
            tar.members = []  # otherwise, tarfile remembers all of them
            _check_member(member, contents)
            if member.isreg():
                content = tar.extractfile(member)
                if content is None:
                    raise _damaged(msg("%(name)s cannot be read.", name=f"{member.name[:200]!r}"))
                _check_content(
                    posixpath.normpath(member.name), member.size, content, room, contents
                )
    while source.read(_PIECE):  # data behind the end: Podman unpacks that as well
        pass
    return contents


def _check_member(member: tarfile.TarInfo, contents: _Contents) -> None:
    name = member.name
    inside = posixpath.normpath(name)
    if name.startswith("/") or inside == ".." or inside.startswith("../"):
        raise _unsafe(name)
    if member.issym() or member.islnk():
        base = posixpath.dirname(inside) if member.issym() else ""
        leads = posixpath.normpath(posixpath.join(base, member.linkname))
        if leads.startswith(("/", "../")) or leads == "..":
            raise _unsafe(name)
    elif not (member.isreg() or member.isdir()):
        raise _unsafe(name)
    contents.names.add(inside)
    if len(contents.names) > _MOST_MEMBERS:
        raise _damaged(msg("This archive has more files than any image archive."))


def _check_content(
    name: str, size: int, content: IO[bytes], room: int, contents: _Contents
) -> None:
    digest = hashlib.sha256()
    keep = size <= _SMALL and len(contents.small) < _MOST_SMALL
    kept, first = bytearray(), True
    unpacking: _Gunzip | _Unpack | None = None
    left = size
    while piece := content.read(_PIECE):
        left -= len(piece)
        digest.update(piece)
        unpacking = _counting(piece, room) if first else unpacking
        first = False
        if unpacking:
            unpacking.take(piece)
        if keep:
            kept += piece
    if left:
        raise _damaged(msg("The archive is cut off."))
    if name.startswith(_BLOBS) and digest.hexdigest() != name.removeprefix(_BLOBS):
        raise _damaged(msg("%(name)s is damaged: its content has another digest.", name=name))
    if keep:
        contents.small[name] = bytes(kept)


class _Gunzip:
    """Counts the unpacked size of a compressed layer without storing it."""

    def __init__(self, room: int) -> None:
        self._left = room
        self._stream = zlib.decompressobj(31)

    def take(self, piece: bytes) -> None:
        while piece:
            self._left -= len(self._stream.decompress(piece, _PIECE))
            if self._left < 0:
                raise _too_large()
            piece = self._stream.unconsumed_tail
            if self._stream.eof:
                piece = self._stream.unused_data
                self._stream = zlib.decompressobj(31)
                if not piece.startswith(b"\x1f\x8b"):
                    return


class _Unpack:
    """Does the same for bzip2 and xz, which Podman also unpacks."""

    def __init__(self, make: _Make, room: int) -> None:
        self._left = room
        self._make = make
        self._stream = make()

    def take(self, piece: bytes) -> None:
        while not self._stream.eof:
            self._left -= len(self._stream.decompress(piece, _PIECE))
            if self._left < 0:
                raise _too_large()
            piece = b""
            if self._stream.eof and self._stream.unused_data.strip(b"\0"):
                piece = self._stream.unused_data  # one more stream, as produced by `cat`
                self._stream = self._make()
            elif self._stream.needs_input:
                return


def _counting(start: bytes, room: int) -> _Gunzip | _Unpack | None:
    """Return the counter for a layer that starts like this; None if it is not compressed."""
    if start.startswith(b"\x1f\x8b"):
        return _Gunzip(room)
    if start.startswith(b"BZh"):
        return _Unpack(bz2.BZ2Decompressor, room)
    if start.startswith(b"\xfd7zXZ\0"):
        return _Unpack(lambda: lzma.LZMADecompressor(memlimit=_MOST_MEMORY), room)
    return None


def _check_docker(contents: _Contents) -> None:
    images = _json(contents, "manifest.json")
    if not isinstance(images, list) or not images:
        raise _damaged(msg("Its manifest.json lists no image."))
    for image in images:
        if not isinstance(image, dict):
            raise _damaged(msg("Its manifest.json makes no sense."))
        for name in [image.get("Config"), *(image.get("Layers") or [])]:
            _need(contents, str(name))


def _check_oci(contents: _Contents) -> None:
    index = _json(contents, "index.json")
    manifests = index.get("manifests") if isinstance(index, dict) else None
    if not isinstance(manifests, list) or not manifests:
        raise _damaged(msg("Its index.json lists no image."))
    for entry in manifests:
        name = _blob(entry)
        _need(contents, name)
        manifest = _json(contents, name) if name in contents.small else {}
        if isinstance(manifest, dict) and "config" in manifest:
            for part in [manifest["config"], *(manifest.get("layers") or [])]:
                _need(contents, _blob(part))


def _blob(entry: Any) -> str:
    digest = str(entry.get("digest")) if isinstance(entry, dict) else ""
    return _BLOBS + digest.removeprefix("sha256:")


def _need(contents: _Contents, name: str) -> None:
    if posixpath.normpath(name) not in contents.names:
        raise _damaged(msg("It is not whole: %(name)s is missing.", name=name[:200]))


def _json(contents: _Contents, name: str) -> Any:
    try:
        return json.loads(contents.small[name])
    except (KeyError, ValueError, RecursionError) as error:
        raise _damaged(msg("Its %(name)s cannot be read.", name=name)) from error


def _damaged(message: str) -> EngineError:
    return EngineError(ErrorCode.INVALID, message, _REMEDY)


def _unsafe(name: str) -> EngineError:
    return EngineError(
        ErrorCode.INVALID,
        msg(
            "The archive was refused: its member %(name)s leads out of it, or is a device.",
            name=f"{name[:200]!r}",
        ),
        msg(
            "No program that saves images makes such an archive. Do not trust where it comes from."
        ),
    )


def _too_large() -> EngineError:
    return EngineError(
        ErrorCode.UNAVAILABLE,
        msg("Unpacked, the archive is larger than the room that the disk has."),
        msg("Remove unused images, or load an archive with fewer images."),
    )
