"""Hostile archives: each is refused with a reason, nothing outside, nothing left."""

import io
import tarfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from engine.builds import build_context
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.progress import Failed
from tests.fixtures.builds import Account, Yard


def tar(*entries: tuple[str, bytes | str, bytes], mode: str = "w") -> bytes:
    """Return a tar with entries of (name, type or link target, content)."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload]
        for name, kind, content in entries:
            entry = tarfile.TarInfo(name)
            if isinstance(kind, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, kind
            else:
                entry.type = kind
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def hard(name: str, target: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = tarfile.LNKTYPE, target
        archive.addfile(entry)
    return made.getvalue()


def zipped(*entries: tuple[str, int, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, mode, content in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return made.getvalue()


FILE = tarfile.REGTYPE
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "dots": (lambda: tar(("../evil", FILE, b"x")), "`..`"),
    "dots inside": (lambda: tar(("a/../../evil", FILE, b"x")), "`..`"),
    "absolute": (lambda: tar(("/etc/evil", FILE, b"x")), "absolute"),
    "absolute link": (lambda: tar(("a", "/etc", b"")), "absolute path"),
    "link out": (lambda: tar(("a/b", "../../evil", b"")), "leads out"),
    "link chain": (
        lambda: tar(("x", ".", b""), ("y", "x/x/../..", b"")),
        "leads out",
    ),
    "through a link": (
        lambda: tar(("a", "b", b""), ("a/evil", FILE, b"x")),
        "something else at the same time",
    ),
    "hard link out": (lambda: hard("a", "../../etc/passwd"), "`..`"),
    "hard link to nothing": (lambda: hard("a", "etc/passwd"), "hard link"),
    "device": (lambda: tar(("null", tarfile.CHRTYPE, b"")), "device"),
    "pipe": (lambda: tar(("pipe", tarfile.FIFOTYPE, b"")), "device, a pipe"),
    "twice": (lambda: tar(("a", FILE, b"1"), ("a", FILE, b"2")), "twice"),
    "file as folder": (lambda: tar(("a", FILE, b"1"), ("a/b", FILE, b"2")), "something else"),
    "bomb": (lambda: tar(("zeros", FILE, bytes(80 * 1024**2)), mode="w:xz"), "as bombs do"),
    "zip bomb": (lambda: zipped(("zeros", 0o100644, bytes(80 * 1024**2))), "as bombs do"),
    "truncated tar": (lambda: tar(("a", FILE, b"x" * 5000))[:2000], "damaged or incomplete"),
    "truncated gz": (
        lambda: tar(("a", FILE, bytes(range(256)) * 400), mode="w:gz")[:300],
        "damaged or incomplete",
    ),
    "truncated zip": (lambda: zipped(("a", 0o100644, b"x" * 100))[:-10], "is not a tar or zip"),
    "no archive": (lambda: b"hello" * 500, "is not a tar or zip"),
    "empty": (lambda: b"", "is not a tar or zip"),
    "zip dots": (lambda: zipped(("../evil", 0o100644, b"x")), "`..`"),
    "zip backslash": (lambda: zipped(("..\\evil", 0o100644, b"x")), "foreign"),
    "zip link": (lambda: zipped(("a", 0o120777, b"/etc/passwd")), "absolute path"),
    "zip device": (lambda: zipped(("a", 0o020666, b"")), "device"),
    "zip twice": (lambda: zipped(("a", 0o100644, b"1"), ("a", 0o100644, b"2")), "twice"),
    "deep": (lambda: tar(("a/" * 80 + "b", FILE, b"x")), "folders deep"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_and_reaches_nothing_outside(
    tmp_path: Path, name: str
) -> None:
    make, text = HOSTILE[name]
    archive, into = tmp_path / "archive", tmp_path / "in" / "context"
    archive.write_bytes(make())
    into.mkdir(parents=True)
    with pytest.raises(EngineError) as refused:
        build_context.unpack(archive, into, threading.Event())
    assert text in refused.value.report.message, refused.value.report.message
    assert not (tmp_path / "evil").exists()
    assert not (tmp_path / "in" / "evil").exists()
    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == ["context"]


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_context, "MOST_MEMBERS", 10)
    (tmp_path / "a").write_bytes(tar(*[(f"f{n}", FILE, b"") for n in range(11)]))
    (tmp_path / "into").mkdir()
    with pytest.raises(EngineError, match="more than 10 members"):
        build_context.unpack(tmp_path / "a", tmp_path / "into", threading.Event())


def test_what_is_fine_is_unpacked_with_links_modes_and_hard_links(tmp_path: Path) -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, mode in (("bin/run", 0o4755), ("docs/a", 0o600)):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = 1, mode
            archive.addfile(entry, io.BytesIO(b"x"))
        link = tarfile.TarInfo("docs/run")
        link.type, link.linkname = tarfile.SYMTYPE, "../bin/run"
        archive.addfile(link)
        copy = tarfile.TarInfo("again")
        copy.type, copy.linkname = tarfile.LNKTYPE, "docs/a"
        archive.addfile(copy)
    (tmp_path / "a").write_bytes(made.getvalue())
    into = tmp_path / "into"
    into.mkdir()
    assert build_context.unpack(tmp_path / "a", into, threading.Event()) == 3
    assert (into / "bin/run").stat().st_mode & 0o7777 == 0o755
    assert (into / "docs/a").stat().st_mode & 0o7777 == 0o644
    assert (into / "docs").stat().st_mode & 0o777 == 0o755
    assert (into / "docs/run").readlink() == Path("../bin/run")
    assert (into / "again").read_bytes() == b"x"


def test_unpacking_stops_when_it_is_not_wanted_any_more(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    (tmp_path / "a").write_bytes(tar(("a", FILE, b"x")))
    (tmp_path / "into").mkdir()
    with pytest.raises(build_context.Stopped):
        build_context.unpack(tmp_path / "a", tmp_path / "into", stop)


@pytest.mark.parametrize("name", ["dots", "device", "zip bomb", "truncated gz", "link chain"])
async def test_a_build_from_a_hostile_archive_fails_with_the_reason_and_leaves_nothing(
    shipwright: Account, yard: Yard, name: str
) -> None:
    make, text = HOSTILE[name]
    operation = uuid4()
    upload = await yard.put(operation, make())
    outcome = await yard.build(operation, context=str(upload))
    assert isinstance(outcome, Failed)
    assert outcome.error.code is ErrorCode.INVALID
    assert text in outcome.error.message
    assert not shipwright.leftovers()
