"""Anonymous volumes get names if a unit's container would lose them."""

from typing import Any

import pytest

from engine.systemd.anonymous_volumes import unnamed, with_names

HASH = "ab" * 32
OTHER = "cd" * 32


def found(*words: str, mounts: dict[str, str] | None = None) -> dict[str, Any]:
    """Return a container's inspect data for these words, with its volumes by path."""
    return {
        "Name": "web",
        "Config": {"CreateCommand": ["podman", "run", *words]},
        "HostConfig": {},
        "Mounts": [
            {"Type": "volume", "Name": name, "Destination": place}
            for place, name in (mounts or {"/data": HASH}).items()
        ],
    }


@pytest.mark.parametrize(
    ("written", "named"),
    [
        (["-v", "/data", "app"], ["--volume=web-data:/data", "app"]),
        (["-d", "-v=/data/", "app"], ["-d", "--volume=web-data:/data/", "app"]),
        (["-itv/data", "app"], ["-i", "-t", "--volume=web-data:/data", "app"]),
        (["-v", f"{HASH}:/data:ro", "app"], ["--volume=web-data:/data:ro", "app"]),
        (
            ["--mount", "type=volume,dst=/data,ro=true", "app"],
            ["--mount=type=volume,dst=/data,ro=true,source=web-data", "app"],
        ),
        (
            [f"--mount=type=volume,src={HASH},target=/data", "app"],
            ["--mount=type=volume,target=/data,source=web-data", "app"],
        ),
        # The image asks for it.
        (["app", "-v", "/data"], ["--volume=web-data:/data", "app", "-v", "/data"]),
        (["--name", "run", "--", "app"], ["--name", "run", "--volume=web-data:/data", "--", "app"]),
        (["-v", "mine:/mine", "app"], ["-v", "mine:/mine", "--volume=web-data:/data", "app"]),
    ],
)
def test_the_command_mounts_the_named_volume_in_its_place(
    written: list[str], named: list[str]
) -> None:
    container = found(*written)
    changed = with_names(container, unnamed(container, []))
    assert changed["Config"]["CreateCommand"] == ["podman", "run", *named]


def test_a_container_without_a_command_has_it_in_its_binds() -> None:
    container = found()
    container["Config"]["CreateCommand"] = None
    container["HostConfig"] = {"Binds": ["/etc:/etc:ro", f"{HASH}:/data:nosuid"]}
    changed = with_names(container, unnamed(container, []))
    assert changed["HostConfig"]["Binds"] == ["/etc:/etc:ro", "web-data:/data:nosuid"]


def test_names_are_new_and_say_the_place() -> None:
    container = found("app", mounts={"/a b/ü": HASH, "/a-b": OTHER, "/kept": "kept"})
    names = [each.name for each in unnamed(container, ["web-a-b"])]
    assert names == ["web-a-b-2", "web-a-b-3"]


def test_a_volume_of_another_container_stays_with_that() -> None:
    container = found("--volumes-from=db", "-v", "/data", "app",
                      mounts={"/theirs": OTHER, "/data": HASH})  # fmt: skip
    assert [each.target for each in unnamed(container, [])] == ["/data"]
