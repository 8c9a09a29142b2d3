"""Copies between real registries: whole lists, progress in bytes, and partly failing syncs."""

import os
from pathlib import Path
from uuid import uuid4

from engine.schema.progress import Failed, Progress, Succeeded
from engine.schema.queries import RemoteImageInspect, SyncPlan
from engine.schema.transfers import ImageCopy, ImageSync
from tests.fixtures.registries import Account, Registries, Server, Talk
from tests.registries.publishing import Publisher
from tests.registries.test_remote import insecure


async def test_every_architecture_of_a_list_is_copied_and_its_digest_stays(
    account: Account, talk: Talk, plain: Server, mirror: Server
) -> None:
    insecure(account, plain, mirror)
    digest = Publisher(plain.address).list("arches/app", "1", ["amd64", "arm64"])
    there = f"{mirror.address}/arches/copied:1"
    copied = await talk.do(ImageCopy(source=f"{plain.address}/arches/app:1", destination=there))
    assert isinstance(copied, Succeeded), copied
    assert copied.result["digest"] == digest
    answer = await talk.ask(RemoteImageInspect(image=there))
    assert answer["digest"] == digest
    assert [each["architecture"] for each in answer["platforms"]] == ["amd64", "arm64"]
    raw = account.run("skopeo", "inspect", "--raw", f"docker://{there}")
    assert raw.stdout == account.run(
        "skopeo", "inspect", "--raw", f"docker://{plain.address}/arches/app:1"
    ).stdout  # fmt: skip
    for entry in answer["platforms"]:  # the images themselves are there, not only the list
        one = f"docker://{mirror.address}/arches/copied@{entry['digest']}"
        assert account.run("skopeo", "inspect", one).returncode == 0


async def test_without_the_others_only_this_hosts_own_architecture_is_copied(
    account: Account, talk: Talk, plain: Server, mirror: Server
) -> None:
    insecure(account, plain, mirror)
    Publisher(plain.address).list("arches/one", "1", ["amd64", "arm64"])
    there = f"{mirror.address}/arches/single:1"
    query = ImageCopy(source=f"{plain.address}/arches/one:1", destination=there, all=False)
    assert isinstance(await talk.do(query), Succeeded)
    assert (await talk.ask(RemoteImageInspect(image=there)))["platforms"] == []


async def test_a_copy_tells_of_bytes(
    account: Account, talk: Talk, plain: Server, mirror: Server
) -> None:
    insecure(account, plain, mirror)
    size = 24 * 1024 * 1024
    Publisher(plain.address).image("bytes/app", "1", content=os.urandom(size))
    query = ImageCopy(
        source=f"{plain.address}/bytes/app:1", destination=f"{mirror.address}/bytes/app:1"
    )
    answer = [each async for each in talk.engine.run(uuid4(), query)]
    assert isinstance(answer[-1], Succeeded), answer[-1]
    received = [each for each in answer if isinstance(each, Progress) and each.unit == "bytes"]
    assert received
    assert max(each.total or 0 for each in received) >= size
    assert all((each.current or 0) <= (each.total or 0) for each in received)


async def test_a_tag_that_fails_is_named_and_the_others_are_copied(
    account: Account, talk: Talk, registries: Registries, mirror: Server
) -> None:
    source = registries.start("damaged")
    insecure(account, source, mirror)
    publisher = Publisher(source.address)
    for tag in ("1.0", "1.1", "1.2"):
        publisher.image("team/app", tag, content=tag.encode())
    blob = _layer(source, "team/app", "1.1")
    aside = blob.with_name("aside")
    blob.rename(aside)
    places = {"source": f"{source.address}/team/app", "destination": f"{mirror.address}/part/app"}
    failed = await talk.do(ImageSync(**places))
    assert isinstance(failed, Failed)
    assert "2 of 3 tags were copied (1.0, 1.2)" in failed.error.message
    assert "Failed: 1.1:" in failed.error.message
    assert "Synchronising again copies only what is missing." in failed.error.remedy
    plan = await talk.ask(SyncPlan(**places))
    assert [row[:2] for row in plan.rows] == [["1.0", "same"], ["1.1", "new"], ["1.2", "same"]]
    aside.rename(blob)
    mended = await talk.do(ImageSync(**places))
    assert isinstance(mended, Succeeded), mended
    assert (mended.result["copied"], mended.result["same"]) == (["1.1"], ["1.0", "1.2"])


async def test_a_sync_gives_up_when_one_tag_after_the_other_fails(
    account: Account, talk: Talk, registries: Registries, mirror: Server
) -> None:
    source = registries.start("all-damaged")
    insecure(account, source, mirror)
    for tag in ("a", "b", "c", "d"):
        Publisher(source.address).image("team/app", tag, content=tag.encode())
        _layer(source, "team/app", tag).unlink()
    failed = await talk.do(
        ImageSync(source=f"{source.address}/team/app", destination=f"{mirror.address}/none/app")
    )
    assert isinstance(failed, Failed)
    assert "0 of 4 tags were copied. Failed: a:" in failed.error.message
    assert "The other 1 were not tried" in failed.error.message


def _layer(server: Server, repository: str, tag: str) -> Path:
    """Return where the registry stores the layer of an image."""
    manifest = Publisher(server.address).of(repository, tag)
    digest = manifest["layers"][0]["digest"].removeprefix("sha256:")
    blobs = server.place / "images/docker/registry/v2/blobs/sha256"
    return blobs / digest[:2] / digest / "data"
