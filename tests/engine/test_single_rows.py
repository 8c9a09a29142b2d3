"""A single container's row equals that of Podman's list, whatever happened to the container."""

import pytest

from launch.demo import IMAGE
from tests.engine.account import Account
from tests.machine import free_port
from tests.waiting import eventually

LIFE = (
    ("start", "web"),
    ("rename", "web", "shop"),
    ("kill", "shop"),
    ("start", "shop"),
    ("restart", "-t", "0", "shop"),
    ("stop", "-t", "0", "shop"),
)


async def test_a_row_is_as_in_the_list_at_each_turn_of_its_life(alice: Account) -> None:
    options = ("--label", "a=b", "-v", "/tmp:/x:ro", "--tmpfs", "/y", "--network=none")
    made = alice.podman("create", "--name", "web", *options, IMAGE, "sleep", "1000").strip()
    before = await alice.engine.snapshot()
    assert await alice.engine.containers([made]) == before.containers

    async def agrees() -> bool:
        alone = await alice.engine.containers([made])
        return alone == (await alice.engine.snapshot()).containers

    states = []
    for words in LIFE:
        alice.podman(*words)
        await eventually(agrees, f"the row agrees after {words[0]}")
        states += [row.state for row in await alice.engine.containers([made])]
    expected = ["running", "running", "exited", "running", "running", "exited"]
    assert states == expected


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--label", "a=b", "-v", "/tmp:/x:ro", "-v", "one:/data", "--tmpfs", "/a"),
        ("--network=none", "--entrypoint", '["sleep"]'),
        ("--network=host", "--env", "A=b"),
        ("--pod", "new:some"),
        ("-p", "127.0.0.1:{0}:80", "-p", "{1}:8080/udp", "-p", "{2}-{3}:90-91"),
    ],
    ids=["plain", "mounts", "none", "host", "pod", "ports"],
)
async def test_a_new_container_has_the_row_that_a_list_would_have(
    alice: Account, options: tuple[str, ...]
) -> None:
    first = free_port()
    ports = [first, free_port(), first + 40_000, first + 40_001]
    words = [each.format(*ports) if each[0] != "[" else each for each in options]
    await alice.engine.snapshot()
    made = alice.podman("create", "--name", "new", *words, IMAGE, "sleep", "1000").strip()
    try:
        [alone] = await alice.engine.containers([made])
        rows = {row.id: row for row in (await alice.engine.snapshot()).containers}
        assert alone == rows[made]
    finally:
        if "--pod" in options:
            alice.podman("pod", "rm", "--force", "some")


@pytest.mark.parametrize("code", [0, 7])
async def test_how_a_container_ended_is_in_its_row(alice: Account, code: int) -> None:
    made = alice.podman("create", "--name", "job", IMAGE, "sh", "-c", f"exit {code}").strip()
    await alice.engine.snapshot()
    alice.podman("start", "job")

    async def ended() -> bool:
        [row] = await alice.engine.containers([made])
        return row.exit_code == code and row.exited is not None and row.state == "exited"

    await eventually(ended, "the end is told")


async def test_a_container_that_went_has_no_row_and_hides_no_other(alice: Account) -> None:
    names = ("gone", "kept")
    ids = [alice.podman("create", "--name", name, IMAGE, "true").strip() for name in names]
    await alice.engine.snapshot()
    alice.podman("rm", "gone")
    new = alice.podman("create", "--name", "new", IMAGE, "true").strip()
    rows = await alice.engine.containers([*ids, new])
    assert {row.name for row in rows} == {"kept", "new"}
