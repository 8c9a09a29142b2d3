"""Manifest lists: created, added to, removed from, pushed."""

from collections.abc import Iterator

import pytest

from engine.client import Engine
from engine.schema.images import ImageRemove, ImageTag, ImageUntag
from engine.schema.manifests import (
    ManifestAdd,
    ManifestCreate,
    ManifestPush,
    ManifestRemove,
)
from engine.schema.queries import ManifestInspect
from tests.fixtures.images import (
    IMAGE,
    LAYERED,
    Account,
    Registry,
    answer,
    carry_out,
    manifest_digest,
)

NAME = "localhost/many:1"


@pytest.fixture(autouse=True)
def gone(anna: Account) -> Iterator[None]:
    """Remove the list after its test."""
    yield
    anna.podman("manifest", "rm", NAME)


async def entries(engine: Engine) -> list[dict[str, object]]:
    found = await answer(engine, ManifestInspect(name=NAME))
    listed = found.get("manifests") or []
    assert isinstance(listed, list)
    return listed


async def test_a_list_is_made_filled_and_emptied(anna_engine: Engine) -> None:
    made = await carry_out(anna_engine, ManifestCreate(name=NAME))
    assert made.result["name"] == NAME
    await carry_out(anna_engine, ManifestAdd(name=NAME, image=LAYERED))
    added = await carry_out(
        anna_engine, ManifestAdd(name=NAME, image=IMAGE, architecture="arm64", variant="v8")
    )
    assert added.result
    listed = await entries(anna_engine)
    assert len(listed) == 2
    arm = next(each for each in listed if each["platform"]["architecture"] == "arm64")  # type: ignore[index]
    assert arm["platform"]["variant"] == "v8"  # type: ignore[index]
    gone = ManifestRemove(name=NAME, digest=str(arm["digest"]))
    assert (await carry_out(anna_engine, gone)).result
    assert len(await entries(anna_engine)) == 1


async def test_a_list_is_pushed_with_its_images(anna_engine: Engine, registry: Registry) -> None:
    made = await carry_out(anna_engine, ManifestCreate(name=NAME, images=[LAYERED]))
    assert made.result
    assert len(await entries(anna_engine)) == 1
    query = ManifestPush(
        image=NAME, destination=f"{registry.address}/team/many:1", tls_verify=False
    )
    outcome = await carry_out(anna_engine, query)
    assert outcome.result["digest"] == manifest_digest(registry, "team/many", "1") != ""


async def test_a_remote_image_is_added_by_its_manifest_alone(
    anna: Account, anna_engine: Engine, registry: Registry
) -> None:
    remote = f"{registry.address}/team/remote:1"
    anna.podman("push", "--tls-verify=false", IMAGE, f"docker://{remote}")
    await carry_out(anna_engine, ManifestCreate(name=NAME))
    query = ManifestAdd(name=NAME, image=remote, remote=True, tls_verify=False)
    assert (await carry_out(anna_engine, query)).result
    assert len(await entries(anna_engine)) == 1


async def test_a_taken_name_is_a_conflict_and_a_wrong_digest_is_not_found(
    anna_engine: Engine,
) -> None:
    await carry_out(anna_engine, ManifestCreate(name=NAME))
    assert (await carry_out(anna_engine, ManifestCreate(name=NAME))).code == "conflict"
    wrong = ManifestRemove(name=NAME, digest="sha256:" + "0" * 64)
    assert (await carry_out(anna_engine, wrong)).code == "not_found"


async def test_the_list_of_images_says_which_one_is_a_list(anna_engine: Engine) -> None:
    await carry_out(anna_engine, ManifestCreate(name=NAME))
    rows = {tag: row for row in await anna_engine.images() for tag in row.tags}
    assert rows[NAME].manifest_list
    assert not rows[IMAGE].manifest_list


async def test_a_list_with_an_image_that_is_not_there_is_not_made(
    anna: Account, anna_engine: Engine
) -> None:
    query = ManifestCreate(name=NAME, images=[LAYERED, "localhost/none:1"])
    assert (await carry_out(anna_engine, query)).code == "not_found"
    assert anna.podman("manifest", "exists", NAME).returncode == 1


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("by_id", [False, True])
async def test_a_list_is_removed_and_the_images_in_it_stay(
    anna: Account, anna_engine: Engine, force: bool, by_id: bool
) -> None:
    made = (await carry_out(anna_engine, ManifestCreate(name=NAME, images=[LAYERED]))).result
    query = ImageRemove(image=made["list_id"] if by_id else NAME, force=force)
    assert (await carry_out(anna_engine, query)).result
    tags = {tag for row in await anna_engine.images() for tag in row.tags}
    assert LAYERED in tags
    assert NAME not in tags
    assert (await carry_out(anna_engine, query)).code == "not_found"


async def test_a_name_is_given_to_a_list_and_not_to_the_image_in_it(anna_engine: Engine) -> None:
    made = (await carry_out(anna_engine, ManifestCreate(name=NAME, images=[LAYERED]))).result
    other = "localhost/many:2"
    assert (await carry_out(anna_engine, ImageTag(image=NAME, tag=other))).result
    rows = {tag: row.id for row in await anna_engine.images() for tag in row.tags}
    assert rows[other] == rows[NAME] == made["list_id"]
    assert rows[LAYERED] != rows[NAME]
    assert (await carry_out(anna_engine, ImageRemove(image=other))).result
    assert (await carry_out(anna_engine, ImageTag(image=made["list_id"], tag=other))).result
    assert (await carry_out(anna_engine, ImageUntag(image=NAME, tags=[other]))).result
    tags = {tag for row in await anna_engine.images() for tag in row.tags}
    assert {NAME, LAYERED} <= tags
    assert other not in tags
    assert (await carry_out(anna_engine, ImageUntag(image=NAME, tags=[other]))).code == "not_found"
    assert (await carry_out(anna_engine, ImageUntag(image=NAME, tags=[NAME]))).code == "conflict"
