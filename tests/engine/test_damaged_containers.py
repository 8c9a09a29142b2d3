"""Containers that Podman's storage has lost parts of, or that only storage knows."""

import json
import os
import signal
from pathlib import Path

from engine.schema.containers import ContainerRemove
from engine.schema.errors import ErrorCode
from launch.demo import IMAGE
from tests.engine.account import Account
from tests.waiting import eventually


def _storage(alice: Account) -> Path:
    return Path(alice.podman("info", "--format", "{{.Store.GraphRoot}}"))


def _without(file: Path, identity: str) -> None:
    """Remove an entry from one of the lists in storage."""
    entries = json.loads(file.read_text())
    file.write_text(json.dumps([each for each in entries if each["id"] != identity]))


def _lose_layer(alice: Account, container: str) -> None:
    storage = _storage(alice)
    listed = json.loads(next(storage.glob("*-containers/containers.json")).read_text())
    layer = next(each["layer"] for each in listed if each["id"] == container)
    _without(next(storage.glob("*-layers/layers.json")), layer)


async def test_one_whose_layer_is_lost_is_removed_by_name(alice: Account) -> None:
    _lose_layer(alice, alice.podman("create", "--name", "lost", IMAGE, "sleep", "9"))
    result = await alice.do(ContainerRemove(container="lost"))
    assert "layer not known" in result["warnings"][0]
    assert await alice.rows() == {}


async def test_one_whose_layer_is_lost_is_removed_by_its_id_and_by_force(alice: Account) -> None:
    identity = alice.podman("create", IMAGE, "sleep", "9")
    _lose_layer(alice, identity)
    await alice.do(ContainerRemove(container=identity, force=True, volumes=True))
    assert await alice.rows() == {}


async def test_one_that_storage_does_not_know_any_more_is_removed(alice: Account) -> None:
    identity = alice.podman("create", "--name", "lost", IMAGE, "sleep", "9")
    _without(next(_storage(alice).glob("*-containers/containers.json")), identity)
    await alice.do(ContainerRemove(container="lost"))
    assert await alice.rows() == {}


async def test_one_that_only_storage_knows_is_removed_by_force(alice: Account) -> None:
    def names() -> set[str]:
        listing = alice.podman("ps", "--all", "--external", "--format", "{{.Names}}")
        return set(listing.split())

    others = names()
    place = alice.linux.home / "unfinished"
    alice.linux.run("mkdir", "-p", str(place))
    file = f"FROM {IMAGE}\nRUN echo begun > /begun; sleep 600\n"
    alice.linux.run("sh", "-c", 'cat > "$0/Containerfile"', str(place), given=file.encode())
    words = ["podman", *alice.linux.podman_options(), "build", "--isolation=rootless", str(place)]
    # A killed build leaves its working container behind.
    script = '"$@" >/dev/null 2>&1 & echo $!'
    pid = int(alice.linux.run("sh", "-c", script, "sh", *words).stdout)
    [name] = await eventually(lambda: names() - others, "it has a working container")
    os.kill(pid, signal.SIGKILL)
    await alice.do(ContainerRemove(container=name, force=True))
    assert names() == others


async def test_one_that_is_nowhere_is_not_found(alice: Account) -> None:
    for force in (False, True):
        error = await alice.refused(ContainerRemove(container="nowhere", force=force))
        assert error.code is ErrorCode.NOT_FOUND, error
