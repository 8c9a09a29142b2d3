"""A single container's row equals that of Podman's list, whatever happened to the container."""

from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from engine.podman import events
from engine.podman.client import Podman
from engine.queries import snapshot
from launch.demo import IMAGE
from tests.engine.account import Account
from tests.machine import free_port
from tests.waiting import eventually

NEW = {
    "plain": (),
    "mounts": ("--label", "a=b", "-v", "/tmp:/x:ro", "-v", "one:/data", "--tmpfs", "/a"),
    "none": ("--network=none", "--entrypoint", '["sleep"]'),
    "bridge": ("--network=podman", "-p", "{0}:80", "-p", "{1}:80/udp"),
    "host": ("--network=host", "--env", "A=b"),
    "ports": ("-p", "127.0.0.1:{0}:80", "-p", "{1}:8080/udp", "-p", "{2}-{3}:90-91"),
}
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


class Counting(Podman):
    """Her Podman's API as her engine calls it. Keeps what was asked for."""

    def __init__(self, account: Account) -> None:
        service = Path(f"/proc/{account.process.service_pid()}/cmdline").read_text().split("\0")
        address = next(word for word in service if word.startswith("unix://"))
        super().__init__(Path(address.removeprefix("unix://")), self._ignore)
        self.paths: list[str] = []

    async def _ignore(self) -> None:
        """Reload nothing: the service is her engine's."""

    async def call(self, method: str, path: str, **options: Any) -> Any:
        self.paths.append(path)
        return await super().call(method, path, **options)


def created(account: Account, *options: str) -> str:
    """Return the id of a container with `options`, in which {0} to {3} are ports."""
    first = free_port()
    ports = [first, free_port(), first + 40_000, first + 40_001]
    words = [each.format(*ports) if each[0] != "[" else each for each in options]
    return account.podman("create", "--name", "new", *words, IMAGE, "sleep", "1000").strip()


@pytest.mark.parametrize("options", NEW.values(), ids=NEW.keys())
async def test_a_new_container_is_inspected_and_has_the_row_that_a_list_would_have(
    alice: Account, options: tuple[str, ...]
) -> None:
    await alice.engine.snapshot()
    podman, made = Counting(alice), created(alice, *options)
    await podman.open()
    try:
        [row] = await snapshot.containers(podman, [made])
    finally:
        await podman.close()
    # Podman reads every container for a list, so that a row would take as long as there are many.
    assert podman.paths == [f"/containers/{made}/json"]
    assert await alice.engine.containers([made]) == [row]
    assert {each.id: each for each in (await alice.engine.snapshot()).containers}[made] == row


async def test_a_new_container_of_a_pod_is_listed_once(alice: Account) -> None:
    podman, made = Counting(alice), created(alice, "--pod", "new:some")
    await podman.open()
    try:
        [row] = await snapshot.containers(podman, [made])
        assert await snapshot.containers(podman, [made]) == [row]
        assert podman.paths.count("/containers/json") == 1
        rows = {each.id: each for each in (await alice.engine.snapshot()).containers}
        assert rows[made] == row
        assert row.pod == "some"
    finally:
        await podman.close()
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


async def test_podman_describes_itself_once_which_takes_it_long(alice: Account) -> None:
    podman = Counting(alice)
    await podman.open()
    try:
        await snapshot.info(podman, [])
        async with aclosing(events.follow(podman)) as followed:
            assert (await anext(followed)).action == "connected"
        await snapshot.info(podman, [])
    finally:
        await podman.close()
    assert podman.paths.count("/info") == 1
