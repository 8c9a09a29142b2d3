"""Operations on images in the account's storage, and queries about them."""

import json
from collections.abc import Iterator

import pytest

from engine.schema.errors import ErrorCode
from engine.schema.images import ImagePrune, ImageRemove, ImageTag, ImageUntag
from engine.schema.parameters import Parameters
from engine.schema.queries import ImageHistory, ImageInspect
from launch.demo import IMAGE
from tests.engine.account import Account
from tests.engine.linux_account import EngineProcess, LinuxAccount

EMPTY = b"\0" * 10240
NAMED: list[Parameters] = [
    ImageRemove(image="localhost/nowhere:1"),
    ImageRemove(image="localhost/nowhere:1", force=True),
    ImageTag(image="localhost/nowhere:1", tag="localhost/x:1"),
    ImageUntag(image="localhost/nowhere:1", tags=["localhost/nowhere:1"]),
]


@pytest.fixture
def made(alice_linux: LinuxAccount, alice_process: EngineProcess) -> Iterator[str]:
    """Create an image with a malicious label. Return its id."""
    identity = alice_linux.podman(
        *(
            "import",
            "--quiet",
            "--message",
            "<b>x",
            "--change",
            'LABEL a="<script>"',
            "--change",
            'LABEL b="x"',
        ),
        *("-", "localhost/made:1"),
        given=EMPTY,
    )
    identity = identity.removeprefix("sha256:")
    yield identity
    alice_linux.run("podman", "rmi", "--force", identity)


@pytest.mark.parametrize("query", NAMED, ids=lambda query: query.kind)
async def test_an_image_that_is_not_there(alice: Account, query: Parameters) -> None:
    error = await alice.refused(query)
    assert error.code == ErrorCode.NOT_FOUND, error
    assert "nowhere" in error.message


@pytest.mark.parametrize("query", [ImageInspect, ImageHistory])
async def test_nor_can_it_be_asked_about(alice: Account, query: type) -> None:
    failed = await alice.unanswered(query(image="localhost/nowhere:1"))
    assert (failed.code, "nowhere" in failed.message) == ("not_found", True), failed


async def test_names_come_and_go(alice: Account, made: str) -> None:
    for name in ("localhost/second", "registry.example:5000/team/third:v1"):
        await alice.do(ImageTag(image="localhost/made:1", tag=name))
    assert await _names(alice, made) == [
        "localhost/made:1",
        "localhost/second:latest",
        "registry.example:5000/team/third:v1",
    ]
    await alice.do(
        ImageUntag(image=made, tags=["localhost/second", "registry.example:5000/team/third:v1"])
    )
    assert await _names(alice, made) == ["localhost/made:1"]
    await alice.do(ImageUntag(image=made, tags=["localhost/made:1"]))
    (row,) = [row for row in await alice.engine.images() if row.id == made]
    assert row.dangling


@pytest.mark.parametrize(
    "tag", ["localhost/UPPER:1", "localhost/x:bad:worse", "localhost/x@sha256:ab"]
)
async def test_a_name_that_is_none_is_refused(alice: Account, made: str, tag: str) -> None:
    error = await alice.refused(ImageTag(image=made, tag=tag))
    assert error.code == ErrorCode.INVALID, error
    assert await _names(alice, made) == ["localhost/made:1"]


async def test_removing_a_name_leaves_the_others(alice: Account, made: str) -> None:
    await alice.do(ImageTag(image=made, tag="localhost/second:1"))
    result = await alice.do(ImageRemove(image="localhost/second:1"))
    assert (result["untagged"], result["deleted"]) == (["localhost/second:1"], [])
    result = await alice.do(ImageRemove(image="localhost/made:1"))
    assert result["deleted"] == [made]
    assert made not in [row.id for row in await alice.engine.images()]


async def test_an_id_with_several_names_is_only_removed_by_force(alice: Account, made: str) -> None:
    await alice.do(ImageTag(image=made, tag="localhost/second:1"))
    error = await alice.refused(ImageRemove(image=made))
    assert error.code == ErrorCode.CONFLICT, error
    assert "force" in error.remedy
    assert len(await _names(alice, made)) == 2
    await alice.do(ImageRemove(image=made, force=True))
    assert made not in [row.id for row in await alice.engine.images()]


async def test_an_image_in_use_is_kept_and_its_users_are_named(alice: Account) -> None:
    await alice.do(ImageTag(image=IMAGE, tag="localhost/used:1"))
    await alice.launch(name="web", image="localhost/used:1")
    alice.podman("rmi", "localhost/used:1")
    error = await alice.refused(ImageRemove(image=IMAGE))
    assert error.code == ErrorCode.CONFLICT, error
    assert "web" in error.remedy
    assert IMAGE in alice.podman("images", "--format", "{{.Repository}}:{{.Tag}}")


async def test_prune_removes_what_has_no_name(alice: Account, made: str) -> None:
    await alice.do(ImageUntag(image=made, tags=["localhost/made:1"]))
    result = await alice.do(ImagePrune())
    assert result["removed"] == [made]
    assert IMAGE in alice.podman("images", "--format", "{{.Repository}}:{{.Tag}}")


async def test_prune_of_all_removes_what_no_container_uses(alice: Account, made: str) -> None:
    await alice.launch(name="web")
    result = await alice.do(ImagePrune(all=True))
    assert made in result["removed"]
    assert [row.tags for row in await alice.engine.images()] == [[IMAGE]]


async def test_inspect_and_history_say_what_podman_says(alice: Account, made: str) -> None:
    ours = await alice.document(ImageInspect(image="localhost/made:1"))
    theirs = json.loads(alice.podman("image", "inspect", made))[0]
    assert (ours["Id"], ours["Labels"]) == (theirs["Id"], theirs["Labels"])
    assert ours["Labels"] == {"a": "<script>", "b": "x"}
    table = await alice.table(ImageHistory(image=made))
    assert table.titles == ["Id", "Created", "Instruction", "Size", "Comment"]
    assert len(table.rows) == 1
    assert table.rows[0][4] == "<b>x"
    (row,) = [row for row in await alice.engine.images() if row.id == made]
    assert row.labels["a"] == "<script>"


async def _names(alice: Account, identity: str) -> list[str]:
    (row,) = [row for row in await alice.engine.images() if row.id == identity]
    return sorted(row.tags)
