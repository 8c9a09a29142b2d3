"""Simultaneous changes of image names lose none of them."""

import asyncio
import random

from engine.schema.containers import ContainerCommit
from engine.schema.images import ImageRemove, ImageTag, ImageUntag
from engine.schema.progress import Succeeded
from launch.demo import IMAGE
from tests.engine.account import Account


async def tags(account: Account) -> set[str]:
    """Return the names that this test has added."""
    images = (await account.engine.snapshot()).images
    return {tag for image in images for tag in image.tags if "/many" in tag}


async def test_names_given_and_taken_at_once_are_all_there_or_gone(alice: Account) -> None:
    first = [f"localhost/many{n}:1" for n in range(10)]
    for name in first:
        await alice.do(ImageTag(image=IMAGE, tag=name))
    more = [f"localhost/many{n}:2" for n in range(10)]
    changes = [ImageTag(image=IMAGE, tag=name) for name in more]
    changes += [ImageUntag(image=IMAGE, tags=[name]) for name in first]
    random.shuffle(changes)
    await alice.launch(name="web")
    commits = [ContainerCommit(container="web", image=f"localhost/many:c{n}") for n in range(3)]
    ends = await asyncio.gather(*(alice.outcome(change) for change in [*changes, *commits]))
    assert all(isinstance(end, Succeeded) for end in ends), ends
    committed = {commit.image for commit in commits}
    assert await tags(alice) == {*more, *committed}
    await alice.remove("web")
    for name in committed:
        await alice.do(ImageRemove(image=name))
    await alice.do(ImageUntag(image=IMAGE, tags=more))
    assert not await tags(alice)


async def test_short_names_and_those_of_docker_io_are_looked_at_as_podman_writes_them(
    alice: Account,
) -> None:
    for name in ("many-short", "docker.io/many", "docker.io/x/many", "localhost:5000/many:x"):
        await alice.do(ImageTag(image=IMAGE, tag=name))
    assert await tags(alice) == {
        "docker.io/library/many:latest",
        "docker.io/x/many:latest",
        "localhost/many-short:latest",
        "localhost:5000/many:x",
    }
    await alice.do(ImageUntag(image=IMAGE, tags=sorted(await tags(alice))))
    assert not await tags(alice)
