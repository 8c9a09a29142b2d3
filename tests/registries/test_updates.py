"""Which of the account's images have newer ones in their registry."""

from typing import Any

from engine.schema.queries import ImageUpdates, RemoteImageInspect
from tests.fixtures.registries import IMAGE, Account, Server, Talk, push
from tests.registries.publishing import Publisher
from tests.registries.test_remote import insecure


async def compared(talk: Talk, *names: str) -> dict[str, tuple[str, str]]:
    """Return state and problem of each name."""
    answer: dict[str, Any] = await talk.ask(ImageUpdates(images=list(names)))
    return {each["image"]: (each["state"], each["problem"]) for each in answer["images"]}


async def test_each_name_is_compared_and_what_cannot_be_asked_is_said(
    account: Account, talk: Talk, plain: Server
) -> None:
    insecure(account, plain)
    publisher = Publisher(plain.address)
    old, kept, many, gone = (
        f"{plain.address}/news/{name}:1" for name in ("old", "kept", "many", "gone")
    )
    publisher.image("news/old", "1", content=b"old")
    publisher.image("news/kept", "1", content=b"kept")
    publisher.list("news/many", "1", ["amd64", "arm64"])
    for name in (old, kept, many):
        pulled = account.run("podman", "pull", name)
        assert pulled.returncode == 0, pulled.stderr
    account.run("podman", "tag", kept, gone)
    account.run("podman", "tag", kept, "127.0.0.1:9/nobody/home:1")
    names = (old, kept, many, gone, "127.0.0.1:9/nobody/home:1", "quay.io/not/here:1")
    try:
        found = await compared(talk, old, kept, many)
        assert {state for state, _ in found.values()} == {"same"}
        publisher.image("news/old", "1", content=b"new")
        found = await compared(talk, *names)
        assert found[old] == ("update", "")
        assert found[kept] == found[many] == ("same", "")
        assert found[gone][0] == "unknown"
        assert "has nothing there" in found[gone][1]
        assert "cannot be reached" in found["127.0.0.1:9/nobody/home:1"][1]
        assert "no such image" in found["quay.io/not/here:1"][1]
    finally:
        account.run("podman", "rmi", "--force", *names)


async def test_what_was_pushed_from_here_is_no_update(
    account: Account, talk: Talk, plain: Server
) -> None:
    insecure(account, plain)
    name = f"{plain.address}/news/pushed:1"
    account.run("podman", "tag", IMAGE, name)
    push(account, plain, "news/pushed:1")
    assert (await compared(talk, name))[name][0] == "same"
    assert (await talk.ask(RemoteImageInspect(image=name)))["update"] is False
    account.run("podman", "untag", name)


async def test_a_list_that_changed_for_another_architecture_is_no_update(
    account: Account, talk: Talk, plain: Server
) -> None:
    insecure(account, plain)
    publisher = Publisher(plain.address)
    name = f"{plain.address}/news/arch:1"
    publisher.list("news/arch", "1", ["amd64", "arm64"])
    assert account.run("podman", "pull", name).returncode == 0
    publisher.list("news/arch", "1", ["amd64", "s390x"])
    assert (await compared(talk, name))[name][0] == "same"
    account.run("podman", "rmi", "--force", name)
