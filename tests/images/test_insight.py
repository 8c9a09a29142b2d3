"""The layers of an image, the differences of two, and what a prune would remove."""

import pytest

from engine.client import Engine
from engine.schema.containers import ContainerPrune
from engine.schema.disk import DiskReport, DiskUse, PrunePreview, WouldGo
from engine.schema.images import ImagePrune
from engine.schema.layers import (
    Comparison,
    FilesOfLayer,
    ImageCompare,
    ImageLayers,
    LayerFiles,
    LayerList,
)
from engine.schema.queries import QueryFailed
from engine.schema.volumes import VolumePrune
from tests.fixtures.images import IMAGE, LAYERED, Account, answer, carry_out


async def files(engine: Engine, layer: int, **more: object) -> FilesOfLayer:
    query = LayerFiles.model_validate({"image": LAYERED, "layer": layer} | more)
    return FilesOfLayer.model_validate(await answer(engine, query))


async def test_layers_are_told_from_the_lowest_with_their_instructions(
    anna_engine: Engine,
) -> None:
    found = LayerList.model_validate(await answer(anna_engine, ImageLayers(image=LAYERED)))
    made = [layer for layer in found.layers if layer.number is not None]
    assert [layer.number for layer in made] == [0, 1, 2]
    assert "dd if=/dev/urandom" in made[1].instruction
    assert made[1].size > 8 * 2**20
    assert any("LABEL" in layer.instruction for layer in found.layers if layer.number is None)


async def test_the_files_of_a_layer_have_modes_sizes_and_targets(anna_engine: Engine) -> None:
    found = {file.path: file for file in (await files(anna_engine, 0)).files}
    assert found["/bin/busybox"].mode == "-rwxr-xr-x"
    assert found["/bin/sh"].kind == "link"
    assert found["/bin/sh"].target == "busybox"
    assert found["/www"].kind == "directory"


async def test_a_removed_file_is_shown_as_a_removal(anna_engine: Engine) -> None:
    found = {file.path: file.kind for file in (await files(anna_engine, 1)).files}
    assert found["/big"] == "file"
    assert found["/etc/group"] == "removed"
    upper = {file.path: file.kind for file in (await files(anna_engine, 2)).files}
    assert upper["/www"] == "removed"
    assert upper["/a/b/c"] == "file"


async def test_files_come_in_pages_and_can_be_searched(anna_engine: Engine) -> None:
    whole = await files(anna_engine, 0)
    page = await files(anna_engine, 0, offset=2, limit=3)
    assert page.total == whole.total
    assert page.files == whole.files[2:5]
    assert [file.path for file in (await files(anna_engine, 0, search="PASSWD")).files] == [
        "/etc/passwd"
    ]


async def test_a_layer_that_the_image_has_not_is_said(anna_engine: Engine) -> None:
    async for text in anna_engine.query(LayerFiles(image=LAYERED, layer=9)):
        assert isinstance(text, QueryFailed)
        assert "3 layers" in text.message


async def test_two_images_differ_by_files_and_settings(anna_engine: Engine) -> None:
    query = ImageCompare(image=IMAGE, other=LAYERED)
    found = Comparison.model_validate(await answer(anna_engine, query))
    files = {file.path: file.change for file in found.files}
    assert files["/big"] == "added"
    assert files["/etc/group"] == "removed"
    assert files["/www/index.html"] == "removed"
    assert "/bin/busybox" not in files
    settings = {setting.name: (setting.before, setting.after) for setting in found.settings}
    assert settings["Env MODE"] == ("", "live")
    assert settings["Labels team"] == ("", "web")
    assert found.same_layers == 1


async def test_the_comparison_says_what_podman_diff_says(
    anna: Account, anna_engine: Engine
) -> None:
    query = ImageCompare(image=IMAGE, other=LAYERED)
    found = Comparison.model_validate(await answer(anna_engine, query))
    output = anna.podman("diff", LAYERED, IMAGE).stdout.splitlines()
    added = {line[2:] for line in output if line.startswith("A ")}
    assert added <= {file.path for file in found.files if file.change == "added"} | {
        "/run",
        "/proc",
    }
    gone = {line[2:] for line in output if line.startswith("D ")}
    assert gone <= {file.path for file in found.files if file.change == "removed"}


async def test_an_image_does_not_differ_from_itself(anna_engine: Engine) -> None:
    query = ImageCompare(image=LAYERED, other=LAYERED)
    found = Comparison.model_validate(await answer(anna_engine, query))
    assert (found.files, found.settings) == ([], [])


async def test_disk_use_counts_every_layer_once(anna_engine: Engine) -> None:
    report = DiskReport.model_validate(await answer(anna_engine, DiskUse()))
    layered = next(image for image in report.images if LAYERED in image.names)
    assert layered.size == layered.unique + layered.shared
    assert report.images_size < sum(image.size for image in report.images)


# A build with a working container of `buildah`, as a killed one leaves it.
FORGOTTEN = ["--runtime", "runc", "build", "--layers", "--rm=false", "--force-rm=false"]
FORGOTTEN += ["-t", "localhost/forgotten:1", "-"]


@pytest.mark.parametrize("every", [False, True])
async def test_the_preview_is_exactly_what_the_prune_then_removes(
    ben: Account, ben_engine: Engine, every: bool
) -> None:
    from launch.demo import archive

    ben.podman("import", "-", "localhost/first:1", given=archive())
    ben.podman(
        *("--runtime", "runc", "build", "--layers", "-t", "localhost/second:1", "-"),
        given=b"FROM localhost/first:1\nRUN echo a > /a\nRUN echo b > /b\n",
    )
    ben.podman("import", "--change", "LABEL a=b", "-", given=archive())
    ben.podman("create", "--name", "keeps", "localhost/second:1", "sh")
    ben.podman(*FORGOTTEN, given=b"FROM localhost/first:1\nRUN head -c 999 /dev/zero > /c\n")
    ben.podman("untag", "localhost/forgotten:1")
    before = set(ben.podman("images", "-aq", "--no-trunc").stdout.split())
    would = WouldGo.model_validate(await answer(ben_engine, PrunePreview()))
    going = would.unused if every else would.dangling
    on_disk = DiskReport.model_validate(await answer(ben_engine, DiskUse()))
    outcome = await carry_out(ben_engine, ImagePrune(all=every))
    assert outcome.result is not None
    left = DiskReport.model_validate(await answer(ben_engine, DiskUse()))
    given_back = on_disk.images_size - left.images_size
    assert given_back == (would.unused_size if every else would.dangling_size) > 999
    after = set(ben.podman("images", "-aq", "--no-trunc").stdout.split())
    removed = {f"sha256:{image.id}" for image in going}
    assert before - after == removed
    assert [container.name for container in would.containers] == ["keeps"]
    ben.podman("rm", "--all", "--force")


async def test_the_preview_of_containers_and_volumes_is_what_their_prunes_remove(
    ben: Account, ben_engine: Engine
) -> None:
    from launch.demo import archive

    ben.podman("import", "-", "localhost/first:1", given=archive())
    assert ben.podman(*FORGOTTEN, given=b"FROM localhost/first:1\nRUN true\n").returncode == 0
    ben.podman("create", "--name", "goes", "--volume", "used:/data", "localhost/first:1", "sh")
    ben.podman("volume", "create", "unused")
    would = WouldGo.model_validate(await answer(ben_engine, PrunePreview()))
    assert [container.name for container in would.containers] == ["goes"]
    assert [volume.name for volume in would.volumes] == ["unused"]
    working = ben.podman("ps", "--all", "--external", "--quiet").stdout.split()
    assert len(working) == 2
    gone = (await carry_out(ben_engine, VolumePrune())).result
    assert gone["removed"] == ["unused"]
    gone = (await carry_out(ben_engine, ContainerPrune())).result
    assert gone["removed"] == [would.containers[0].id]
    assert gone["bytes_reclaimed"] == would.containers_size
    assert len(ben.podman("ps", "--all", "--external", "--quiet").stdout.split()) == 1
    ben.podman("volume", "rm", "used")


async def test_what_builds_keep_is_counted_as_cache_and_is_gone_after_a_prune(
    ben: Account, ben_engine: Engine
) -> None:
    from launch.demo import archive

    ben.podman("import", "-", "localhost/first:1", given=archive())
    text = b"FROM localhost/first:1\nRUN head -c 5000 /dev/urandom > /a\nRUN echo b > /b\n"
    ben.podman(
        "--runtime", "runc", "build", "--layers", "-t", "localhost/second:1", "-", given=text
    )
    report = DiskReport.model_validate(await answer(ben_engine, DiskUse()))
    # The image uses the layer of the first step, which therefore is not the cache's alone.
    assert (report.cached, report.cached_size) == (1, 0)
    ben.podman("untag", "localhost/second:1")
    report = DiskReport.model_validate(await answer(ben_engine, DiskUse()))
    assert report.cached == 2
    assert report.cached_size > 5000
    assert (await carry_out(ben_engine, ImagePrune())).result
    report = DiskReport.model_validate(await answer(ben_engine, DiskUse()))
    assert (report.cached, report.cached_size) == (0, 0)
