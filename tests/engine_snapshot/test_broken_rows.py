"""A container or image with malformed data from Podman is one row that says so."""

from typing import Any, cast

import pytest

from engine.podman.client import Podman
from engine.queries import snapshot
from engine.schema.errors import EngineError, ErrorCode
from engine.systemd.inventory import Inventory

CONTAINER = {
    "Id": "a" * 64, "Names": ["web"], "Image": "localhost/bb", "ImageID": "b" * 64,
    "Created": "2026-01-01T00:00:00Z", "State": "running",
}  # fmt: skip
IMAGE = {"Id": "b" * 64, "RepoTags": ["localhost/bb:latest"], "Created": 1_700_000_000, "Size": 5}


class Odd:
    """A Podman with two containers and two images, the second of each malformed."""

    major = 5

    def __init__(self, container: dict[str, Any] | None = None, image: Any = None) -> None:
        self.containers = [CONTAINER, {**CONTAINER, "Id": "c" * 64, **(container or {})}]
        self.images = [IMAGE, {**IMAGE, "Id": "d" * 64, **(image or {})}]
        self.error: EngineError | None = None
        self.described: dict[str, Any] | None = None

    async def call(self, method: str, path: str, **_: Any) -> Any:
        if path == "/info":
            return {
                "version": {"Version": "5.4.2", "APIVersion": "5.4.2"},
                "host": {"ociRuntime": {"name": "crun"}, "cgroupVersion": "v2"},
                "store": {"graphRoot": "/nowhere", "graphDriverName": "overlay"},
            }
        if path == "/images/json" and self.error:
            raise self.error
        return {"/containers/json": self.containers, "/images/json": self.images}[path]


class NoUnits:
    async def rows(self) -> Any:
        raise EngineError(ErrorCode.UNAVAILABLE, "The session bus is gone.")


@pytest.mark.parametrize(
    "odd",
    [
        {"Created": "some day"},
        {"Created": None},
        {"State": None},
        {"Names": 3},
        {"Names": []},
        {"Ports": "80"},
        {"Ports": [{"container_port": "eighty"}]},
        {"Labels": ["x"]},
        {"Labels": {"a": 1}},
        {"Mounts": {"a": 1}},
        {"StartedAt": 10**18},
        {"ExitedAt": 10**18, "State": "exited", "Exited": True},
        {"Command": "sh"},
        {"Networks": 7},
        {"ExitCode": "one", "State": "exited", "Exited": True},
    ],
)
async def test_an_odd_container_is_a_row_and_hides_no_other(odd: dict[str, Any]) -> None:
    rows = await snapshot.containers(cast(Podman, Odd(container=odd)))
    assert [row.id for row in rows] == ["a" * 64, "c" * 64]
    assert not rows[0].problem
    assert rows[1].problem or rows[1].state == "unknown" or rows[1].name == "c" * 12
    assert all(row.model_dump_json() for row in rows)


@pytest.mark.parametrize(
    "odd",
    [
        {"Created": 10**18},
        {"Created": -(10**18)},
        {"Created": "yesterday"},
        {"Created": None},
        {"Size": "big"},
        {"Labels": ["x"]},
        {"RepoTags": [1]},
    ],
)
async def test_an_odd_image_is_a_row_and_hides_no_other(odd: dict[str, Any]) -> None:
    rows = await snapshot.images(cast(Podman, Odd(image=odd)))
    assert [row.id for row in rows] == ["b" * 64, "d" * 64]
    assert not rows[0].problem
    assert rows[1].problem


async def test_images_and_units_that_cannot_be_listed_leave_the_containers() -> None:
    podman = Odd()
    podman.error = EngineError(ErrorCode.INTERNAL, "layer not known")
    units = cast(Inventory, NoUnits())
    shot = await snapshot.snapshot(cast(Podman, podman), units, [])
    assert len(shot.containers) == 2
    assert (shot.images, shot.info.images_unread) == ([], "layer not known")
    assert (shot.units, shot.info.units_unread) == ([], "The session bus is gone.")
