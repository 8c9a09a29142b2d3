"""An archive's headers are read into memory in full, or not at all."""

import gzip
import io
import tarfile
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.builds import build_context
from engine.podman import image_archive
from engine.schema.errors import EngineError


def _header(kind: bytes, size: int, name: str = "././@PaxHeader") -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.USTAR_FORMAT)


def _padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def _file(name: str = "a", content: bytes = b"x") -> bytes:
    return _header(tarfile.REGTYPE, len(content), name) + _padded(content)


def _record(key: str, value: str) -> bytes:
    body = f" {key}={value}\n".encode()
    length = len(body) + 1
    while len(str(length)) + len(body) != length:
        length = len(str(length)) + len(body)
    return str(length).encode() + body


def one_long(kind: bytes) -> bytes:
    size = 48 << 20
    return _header(kind, size) + bytes(size) + _file() + bytes(1024)


def many_long(kind: bytes) -> bytes:
    records = _padded(_record("comment", "x" * 60_000))
    return (_header(kind, len(records)) + records + _file()) * 400 + bytes(1024)


def headers_of_headers() -> bytes:
    records = _padded(_record("comment", "x"))
    return (_header(tarfile.XHDTYPE, len(records)) + records) * 5000 + _file() + bytes(1024)


def sparse_by_pax() -> bytes:
    records = b"".join(
        _record(*each)
        for each in (("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "a"))
    )
    return _header(tarfile.XHDTYPE, len(records)) + _padded(records) + _file("a", b"9" * 512)


ARCHIVES: dict[str, Callable[[], bytes]] = {
    "a PAX header": lambda: one_long(tarfile.XHDTYPE),
    "a global PAX header": lambda: one_long(tarfile.XGLTYPE),
    "a Solaris header": lambda: one_long(tarfile.SOLARIS_XHDTYPE),
    "a long name": lambda: one_long(tarfile.GNUTYPE_LONGNAME),
    "a long link": lambda: one_long(tarfile.GNUTYPE_LONGLINK),
    "many PAX headers": lambda: many_long(tarfile.XHDTYPE),
    "many global PAX headers": lambda: many_long(tarfile.XGLTYPE),
    "headers of headers": headers_of_headers,
    "an old sparse file": lambda: _header(tarfile.GNUTYPE_SPARSE, 0) + bytes(1024),
    "a PAX sparse file": sparse_by_pax,
    "a PAX header without sense": lambda: _header(tarfile.XHDTYPE, 512) + b"z" * 512 + _file(),
}


@pytest.mark.parametrize("made", ARCHIVES.values(), ids=ARCHIVES.keys())
@pytest.mark.parametrize("packed", [False, True])
def test_it_is_refused_in_little_memory(tmp_path: Path, made: Callable, packed: bool) -> None:
    content = made()
    archive = tmp_path / "a.tar"
    archive.write_bytes(gzip.compress(content, 1) if packed else content)
    del content
    (tmp_path / "context").mkdir()
    tracemalloc.start()
    try:
        with pytest.raises(EngineError):
            image_archive.check(archive, 1 << 40)
        with pytest.raises(EngineError):
            build_context.unpack(archive, tmp_path / "context", threading.Event())
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()


def test_ordinary_long_names_are_read(tmp_path: Path) -> None:
    for number, kind in enumerate((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT)):
        archive = tmp_path / f"{number}.tar"
        with tarfile.open(archive, "w", format=kind) as tar:
            for name in ("x" * 200 + "/" + "y" * 200, "ünïcödé" * 20, "a"):
                info = tarfile.TarInfo(name)
                info.size = 1
                tar.addfile(info, io.BytesIO(b"x"))
        into = tmp_path / f"into-{number}"
        into.mkdir()
        assert build_context.unpack(archive, into, threading.Event()) == 3
