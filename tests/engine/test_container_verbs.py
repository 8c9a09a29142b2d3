"""Operations on existing containers, from start to prune."""

import asyncio
import json
from typing import Any

import pytest

from engine.schema.containers import (
    ContainerCommit,
    ContainerKill,
    ContainerPause,
    ContainerPrune,
    ContainerRemove,
    ContainerRename,
    ContainerRestart,
    ContainerRun,
    ContainerStart,
    ContainerStop,
    ContainerUnpause,
    Volume,
)
from engine.schema.errors import ErrorCode
from engine.schema.parameters import Parameters
from launch.demo import IMAGE
from tests.engine.account import Account
from tests.waiting import PATIENCE, eventually

# Records each signal, and only SIGKILL ends it.
NOTES = """
for s in HUP INT TERM USR1 USR2 35; do trap "echo got $s" $s; done
echo ready
while :; do sleep 0.05; done
"""
NAMED: list[Parameters] = [
    ContainerStart(container="nowhere"),
    ContainerStop(container="nowhere"),
    ContainerRestart(container="nowhere"),
    ContainerKill(container="nowhere"),
    ContainerPause(container="nowhere"),
    ContainerUnpause(container="nowhere"),
    ContainerRename(container="nowhere", name="somewhere"),
    ContainerRemove(container="nowhere"),
    ContainerRemove(container="nowhere", force=True),
    ContainerCommit(container="nowhere", image="localhost/x:1"),
]


@pytest.mark.parametrize("query", NAMED, ids=lambda query: query.kind)
async def test_a_container_that_is_not_there(alice: Account, query: Parameters) -> None:
    error = await alice.refused(query)
    assert error.code == ErrorCode.NOT_FOUND, error
    assert "nowhere" in error.message


async def test_stop_start_and_restart(alice: Account) -> None:
    await alice.launch(name="web")
    first = (await alice.inspect("web"))["State"]["Pid"]
    await alice.do(ContainerRestart(container="web", timeout=0))
    second = (await alice.inspect("web"))["State"]["Pid"]
    assert second not in (0, first)
    await alice.do(ContainerStop(container="web"))
    assert (await alice.rows())["web"].state == "exited"
    await alice.do(ContainerStop(container="web"))  # it may arrive twice
    await alice.do(ContainerStart(container="web"))
    await alice.do(ContainerStart(container="web"))
    assert (await alice.rows())["web"].state == "running"


@pytest.mark.parametrize(("timeout", "own"), [(1, 600), (None, 11)], ids=["said", "its own"])
@pytest.mark.parametrize("verb", [ContainerStop, ContainerRestart])
async def test_a_timeout_ends_what_does_not_listen(
    alice: Account, verb: Any, timeout: int | None, own: int
) -> None:
    await alice.launch("sh", "-c", NOTES, name="deaf", stop_signal="TERM", stop_timeout=own)
    await _says(alice, "deaf", "ready")
    began = asyncio.get_running_loop().time()
    await alice.do(verb(container="deaf", timeout=timeout))
    # Longer than Podman's own 10 s, if the container is configured so.
    least, most = (0.9, 600) if timeout else (10.5, PATIENCE)
    assert least < asyncio.get_running_loop().time() - began < most
    assert "got TERM" in alice.podman("logs", "deaf")


@pytest.mark.parametrize(
    ("spelt", "received"),
    [("SIGHUP", "HUP"), ("usr1", "USR1"), ("2", "INT"), ("SigTerm", "TERM"), ("SIGRTMIN+1", "35")],
)
async def test_kill_sends_the_signal(alice: Account, spelt: str, received: str) -> None:
    await alice.launch("sh", "-c", NOTES, name="hears")
    await _says(alice, "hears", "ready")
    await alice.do(ContainerKill(container="hears", signal=spelt))
    await _says(alice, "hears", f"got {received}")
    assert (await alice.rows())["hears"].state == "running"


async def test_kill_refuses_what_is_no_signal_or_does_not_run(alice: Account) -> None:
    await alice.launch(name="web")
    error = await alice.refused(ContainerKill(container="web", signal="NOTHING"))
    assert (error.code, "NOTHING" in error.message) == (ErrorCode.INVALID, True), error
    await alice.do(ContainerKill(container="web"))
    row = await alice.becomes("web", "exited")
    assert row.exit_code == 137
    error = await alice.refused(ContainerKill(container="web"))
    assert error.code == ErrorCode.CONFLICT, error
    assert error.remedy


async def test_pause_freezes_or_says_why_it_cannot(alice: Account) -> None:
    await alice.launch(name="web")
    info = (await alice.engine.snapshot()).info
    if info.cgroup_version != "v2":
        error = await alice.refused(ContainerPause(container="web"))
        assert error.code == ErrorCode.UNAVAILABLE, error
        assert "cgroup v2" in error.remedy
        assert (await alice.rows())["web"].state == "running"
        return
    for _ in range(2):
        await alice.do(ContainerPause(container="web"))
        assert (await alice.rows())["web"].state == "paused"
    for _ in range(2):
        await alice.do(ContainerUnpause(container="web"))
        assert (await alice.rows())["web"].state == "running"


async def test_pausing_what_does_not_run_is_refused(alice: Account) -> None:
    await alice.launch("echo", name="over")
    await alice.becomes("over", "exited")
    for query in (ContainerPause(container="over"), ContainerUnpause(container="over")):
        error = await alice.refused(query)
        assert error.code in (ErrorCode.CONFLICT, ErrorCode.UNAVAILABLE), error
        assert error.remedy


async def test_rename(alice: Account) -> None:
    identity = await alice.launch(name="old")
    await alice.launch(name="other")
    error = await alice.refused(ContainerRename(container="old", name="other"))
    assert error.code == ErrorCode.CONFLICT, error
    await alice.do(ContainerRename(container=identity, name="new"))
    assert set(await alice.rows()) == {"new", "other"}


async def test_a_running_one_is_only_removed_by_force(alice: Account) -> None:
    await alice.launch(name="web")
    error = await alice.refused(ContainerRemove(container="web"))
    assert error.code == ErrorCode.CONFLICT, error
    assert "force" in error.remedy
    assert (await alice.rows())["web"].state == "running"
    await alice.do(ContainerRemove(container="web", force=True))
    assert not await alice.rows()


@pytest.mark.parametrize("volumes", [False, True])
async def test_its_anonymous_volumes_go_or_stay_and_named_ones_stay(
    alice: Account, volumes: bool
) -> None:
    before = set(alice.podman("volume", "ls", "--quiet").split()) - {"kept"}
    mounts = [Volume(target="/scratch"), Volume(source="kept", target="/kept")]
    await alice.launch("echo", name="web", volumes=mounts)
    await alice.becomes("web", "exited")
    await alice.do(ContainerRemove(container="web", volumes=volumes))
    left = set(alice.podman("volume", "ls", "--quiet").split()) - before
    assert "kept" in left
    assert len(left) == (1 if volumes else 2)
    alice.podman("volume", "rm", *left)


async def test_prune_removes_what_does_not_run_and_says_so(alice: Account) -> None:
    await alice.launch(name="runs")
    over = {await alice.launch("sh", "-c", "echo 12345 > /f", name=f"over{n}") for n in range(2)}
    for name in ("over0", "over1"):
        await alice.becomes(name, "exited")
    result = await alice.do(ContainerPrune())
    assert set(result["removed"]) == over
    assert result["bytes_reclaimed"] > 0
    assert list(await alice.rows()) == ["runs"]
    assert (await alice.do(ContainerPrune()))["removed"] == []


async def test_commit_makes_an_image_that_runs(alice: Account) -> None:
    await alice.launch("sh", "-c", "echo kept > /kept; sleep 1000", name="web")
    for number, options in enumerate(
        [{}, {"message": 'it\'s "mine"', "author": "Ann <a@example>"}, {"pause": False}]
    ):
        image = f"localhost:5000/made/by.commit:{number}"
        if (await alice.engine.snapshot()).info.cgroup_version != "v2":
            options = options | {"pause": False}
        result = await alice.do(ContainerCommit(container="web", image=image, **options))
        found = json.loads(alice.podman("image", "inspect", image))[0]
        assert found["Id"] == result["image_id"]
        assert (found["Author"], found["Comment"]) == (
            options.get("author", ""),
            options.get("message", "imported from tarball"),
        )
    await alice.do(
        ContainerRun(image=image, name="copy", command_line=["cat", "/kept"], pull="never")
    )
    await alice.becomes("copy", "exited")
    assert alice.podman("logs", "copy") == "kept"
    await alice.remove("copy")
    alice.podman("rmi", *(f"localhost:5000/made/by.commit:{number}" for number in range(3)))


async def test_commit_with_a_pause_works_or_says_why_not(alice: Account) -> None:
    await alice.launch(name="web")
    query = ContainerCommit(container="web", image="localhost/paused", pause=True)
    if (await alice.engine.snapshot()).info.cgroup_version != "v2":
        error = await alice.refused(query)
        assert error.code == ErrorCode.UNAVAILABLE, error
        assert "ause" in error.remedy
    else:
        await alice.do(query)
        alice.podman("rmi", "localhost/paused:latest")
    assert (await alice.rows())["web"].state == "running"


async def test_a_container_names_the_image_that_it_runs_from(alice: Account) -> None:
    await alice.launch(name="web")
    (image,) = [image for image in await alice.engine.images() if IMAGE in image.tags]
    assert (await alice.rows())["web"].image_id == image.id


async def _says(alice: Account, container: str, words: str) -> None:
    await eventually(lambda: words in alice.podman("logs", container), f"it says {words}")
