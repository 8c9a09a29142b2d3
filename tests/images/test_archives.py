"""Images as files: saved for a download, loaded from an upload; hostile ones refused."""

import bz2
import gzip
import json
import lzma
import re
import tarfile
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from engine.client import Engine
from engine.podman import image_archive
from engine.schema.archives import ImageLoad, ImageSave
from engine.schema.errors import EngineError
from tests.fixtures.images import IMAGE, LAYERED, Account, Ended, carry_out, hand_over, tar


async def save(engine: Engine, *images: str, **more: object) -> tuple[Ended, bytes]:
    operation = uuid4()
    outcome = await carry_out(
        engine, ImageSave.model_validate({"images": images} | more), operation
    )
    content = b"".join([piece async for piece in engine.produced(operation, 2**40)])
    await engine.forget_files(operation)
    return outcome, content


async def load(engine: Engine, content: bytes) -> Ended:
    operation: UUID = uuid4()
    archive = await hand_over(engine, operation, content)
    return await carry_out(engine, ImageLoad(archive=archive), operation)


def identity(account: Account, image: str) -> str:
    return account.podman("image", "inspect", "--format", "{{.Id}}", image).stdout


@pytest.mark.parametrize("kind", ["docker-archive", "oci-archive"])
async def test_a_saved_image_is_the_same_after_it_is_loaded_elsewhere(
    anna: Account, anna_engine: Engine, ben: Account, ben_engine: Engine, kind: str
) -> None:
    message, content = await save(anna_engine, LAYERED, format=kind)
    assert message.result["file_name"] == "layered-1.tar"
    assert message.result["file_size"] == len(content)
    loaded = await load(ben_engine, content)
    assert loaded.result["images"] == [LAYERED]
    assert identity(ben, LAYERED) == identity(anna, LAYERED)
    assert anna.left() == ben.left() == []


async def test_several_images_travel_in_one_archive_and_a_compressed_one_is_taken(
    anna_engine: Engine, ben: Account, ben_engine: Engine
) -> None:
    _, content = await save(anna_engine, LAYERED, IMAGE)
    loaded = await load(ben_engine, gzip.compress(content, 1))
    assert sorted(loaded.result["images"]) == [IMAGE, LAYERED]  # type: ignore[call-overload]
    assert ben.podman("image", "exists", IMAGE).returncode == 0


async def test_saving_an_image_that_is_not_there_leaves_no_file(
    anna: Account, anna_engine: Engine
) -> None:
    outcome = await carry_out(anna_engine, ImageSave(images=["localhost/none:1"]))
    assert outcome.code == "not_found"
    assert anna.left() == []


def _member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def _bomb() -> bytes:
    """Return an archive that claims to contain a petabyte, compressed to nothing."""
    entry = tarfile.TarInfo("huge")
    entry.size = 10**15
    return gzip.compress(entry.tobuf() + b"\0" * 10**6)


def _hole() -> bytes:
    return json.dumps([{"Config": "gone.json", "Layers": ["gone.tar"], "RepoTags": []}]).encode()


HOSTILE = {
    "a text": (b"hello", "not an image archive"),
    "nothing": (b"", "no"),
    "a tar of files": (tar({"etc/passwd": b"x"}), "no image in it"),
    "a way out": (tar({"../../escape": b"x", "manifest.json": b"[]"}), "leads out of it"),
    "an absolute name": (tar({"/etc/cron.d/x": b"x"}), "leads out of it"),
    "a link out": (tar({"x": _member("x", tarfile.SYMTYPE, "../../etc/passwd")}), "leads out"),
    "an absolute link": (tar({"x": _member("x", tarfile.SYMTYPE, "/etc/passwd")}), "leads out"),
    "a hard link out": (tar({"x": _member("x", tarfile.LNKTYPE, "../x")}), "leads out"),
    "a device": (tar({"x": _member("x", tarfile.CHRTYPE)}), "device"),
    "a manifest of nothing": (tar({"manifest.json": b"[]"}), "lists no image"),
    "no JSON": (tar({"manifest.json": b"{{{"}), "cannot be read"),
    "a hole": (tar({"manifest.json": _hole()}), "is missing"),
    "a wrong digest": (
        tar({"index.json": b"{}", "blobs/sha256/" + "0" * 64: b"other"}),
        "another digest",
    ),
    "a bomb": (_bomb(), "cut off|larger than"),
    "zstd": (b"\x28\xb5\x2f\xfd" + b"\0" * 100, "zstd"),
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_bad_archive_is_refused_and_nothing_is_left(
    ben: Account, ben_engine: Engine, what: str
) -> None:
    content, reason = HOSTILE[what]
    message = await load(ben_engine, content)
    assert message.code in ("invalid", "unavailable")
    assert re.search(reason, message.error), message.error
    assert ben.podman("images", "-aq").stdout == ""
    assert ben.left() == []


async def test_an_archive_that_was_cut_off_is_refused(
    anna_engine: Engine, ben: Account, ben_engine: Engine
) -> None:
    _, content = await save(anna_engine, LAYERED)
    message = await load(ben_engine, content[: len(content) // 2])
    assert message.code == "invalid"
    assert "cut off" in message.error
    assert ben.podman("images", "-aq").stdout == ""
    assert ben.left() == []


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("parts", [1, 10])
def test_a_layer_that_unpacks_to_more_than_the_disk_has_is_refused(
    tmp_path: Path, pack: Callable[[bytes], bytes], parts: int
) -> None:
    packed = pack(b"\0" * (20_000_000 // parts)) * parts
    archive = tmp_path / "bomb.tar"
    archive.write_bytes(tar({"layer.tar": packed, "manifest.json": b"[]"}))
    with pytest.raises(EngineError, match="larger than"):
        image_archive.check(archive, 10_000_000)
    with pytest.raises(EngineError, match="lists no image"):
        image_archive.check(archive, 30_000_000)
