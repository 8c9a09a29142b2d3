"""An operation runs once, however often it is delivered and whatever dies in between."""

import asyncio
import json
import os
import signal
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from uuid import uuid4

import pytest

from engine.schema.builds import ImageBuild
from engine.schema.containers import (
    OPERATION_LABEL,
    ContainerRemove,
    ContainerRename,
    ContainerRestart,
    ContainerRun,
    ContainerStart,
    ContainerStop,
)
from engine.schema.errors import EngineError, EngineUnreachable, ErrorCode
from engine.schema.images import ImagePull, ImageRemove
from engine.schema.manifests import ManifestCreate, ManifestRemove
from engine.schema.parameters import Parameters
from engine.schema.progress import Failed, Succeeded, Unknown
from engine.schema.registries import RegistriesEdit, SetSearch
from engine.schema.transfers import ImageDeleteRemote
from launch.demo import IMAGE
from tests.engine.account import Account
from tests.engine.registries import Registry
from tests.engine.test_cancelling import until_heard
from tests.waiting import eventually

SLEEPS = ContainerRun(image=IMAGE, command_line=["sleep", "1000"])


async def test_ten_deliveries_at_once_are_one_container(alice: Account) -> None:
    operation = uuid4()
    ends = await asyncio.gather(*(alice.outcome(SLEEPS, operation) for _ in range(10)))
    assert len({str(end) for end in ends}) == 1
    assert len(await alice.rows()) == 1
    assert await alice.outcome(SLEEPS, operation) == ends[0]
    assert await alice.engine.recall(operation) == ends[0]
    assert len(await alice.rows()) == 1


async def test_a_failure_is_remembered_as_well(alice: Account) -> None:
    operation, parameters = uuid4(), ContainerStop(container="web")
    first = await alice.outcome(parameters, operation)
    assert isinstance(first, Failed)
    await alice.launch(name="web")
    assert await alice.outcome(parameters, operation) == first
    assert (await alice.rows())["web"].state == "running"


async def test_an_id_belongs_to_one_kind(alice: Account) -> None:
    operation = uuid4()
    await alice.outcome(SLEEPS, operation)
    with pytest.raises(EngineError) as caught:
        await alice.outcome(ContainerStop(container="x"), operation)
    assert caught.value.report.code == ErrorCode.CONFLICT
    assert isinstance(await alice.engine.recall(uuid4()), Unknown)


@pytest.mark.parametrize("after", [0.0, 0.04, 0.08, 0.15])
async def test_a_launch_in_which_the_engine_is_killed_ends_as_one_container(
    alice: Account, after: float
) -> None:
    operation = uuid4()
    first = asyncio.create_task(alice.outcome(SLEEPS, operation))
    await asyncio.sleep(after)
    await _kill_engine(alice)
    await asyncio.gather(first, return_exceptions=True)
    end = await alice.outcome(SLEEPS, operation)
    assert isinstance(end, Succeeded), end
    (row,) = (await alice.rows()).values()
    assert (row.id, row.state) == (end.result["id"], "running")
    assert row.labels[OPERATION_LABEL] == str(operation)


async def test_a_removal_in_which_the_engine_is_killed_is_a_removal(alice: Account) -> None:
    # It must be stopped first, which leaves time to kill the engine.
    script = "trap : TERM; while :; do sleep 0.05; done"
    await alice.launch("sh", "-c", script, name="web", stop_signal="TERM", stop_timeout=1)
    await asyncio.sleep(0.2)
    operation, query = uuid4(), ContainerRemove(container="web", force=True)
    first = asyncio.create_task(alice.outcome(query, operation))
    await asyncio.sleep(0.3)
    await _kill_engine(alice)
    await asyncio.gather(first, return_exceptions=True)
    # Podman's service may have completed it, or somebody else did.
    alice.linux.run("podman", *alice.linux.podman_options(), "rm", "-f", "-t", "0", "web")
    newer = await alice.launch(name="web")
    end = await alice.outcome(query, operation)
    assert isinstance(end, Succeeded), end
    assert [row.id for row in (await alice.rows()).values()] == [newer]


@pytest.mark.parametrize("after", [0.0, 0.03, 0.08, 0.15])
async def test_a_launch_in_which_podmans_service_is_killed_ends_as_one_container(
    alice: Account, after: float
) -> None:
    operation = uuid4()
    first = asyncio.create_task(alice.outcome(SLEEPS, operation))
    await asyncio.sleep(after)
    os.kill(alice.process.service_pid(), signal.SIGKILL)
    end = await first
    assert isinstance(end, Succeeded), end
    (row,) = (await alice.rows()).values()
    assert (row.id, row.state) == (end.result["id"], "running")


async def test_what_the_runtime_started_and_podman_did_not_write_down_is_started(
    alice: Account,
) -> None:
    alice.linux.podman("create", "--name", "web", IMAGE, "sleep", "1000")
    alice.linux.podman("init", "web")
    identity = (await alice.inspect("web"))["Id"]
    alice.linux.podman("unshare", "runc", "start", identity)
    await alice.do(ContainerStart(container="web"))
    assert (await alice.rows())["web"].state == "running"


async def test_what_the_runtime_started_and_podman_never_wrote_down_goes_with_its_container(
    alice: Account,
) -> None:
    identity = alice.linux.podman("create", "--name", "web", IMAGE, "sleep", "1000").strip()
    state = alice.linux.home / ".local/share/containers/storage/libpod/bolt_state.db"
    before = state.read_bytes()
    alice.linux.podman("init", "web")
    alice.linux.podman("unshare", "runc", "start", identity)
    state.write_bytes(before)  # as if Podman had been killed in between
    assert (await alice.inspect("web"))["State"]["Status"] == "created"
    await alice.do(ContainerRemove(container="web", force=True))
    await eventually(lambda: not _processes_of(identity), "nothing of it runs")


def _processes_of(container: str) -> list[str]:
    """Return the command lines of a container's processes: its monitor, and its cgroup."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            text = (place / "cmdline").read_text()
            if container in text or container in (place / "cgroup").read_text():
                found.append(text)
    return found


@pytest.mark.parametrize("after", [0.0, 0.05])
async def test_verbs_in_which_podmans_service_is_killed_succeed_with_their_effect(
    alice: Account, after: float
) -> None:
    script = "trap : TERM; while :; do sleep 0.05; done"
    await alice.launch("sh", "-c", script, name="web", stop_signal="TERM", stop_timeout=1)

    async def killed(parameters: Parameters) -> None:
        first = asyncio.create_task(alice.outcome(parameters))
        await asyncio.sleep(after)
        os.kill(alice.process.service_pid(), signal.SIGKILL)
        end = await first
        assert isinstance(end, Succeeded), end

    since = (await alice.inspect("web"))["State"]["StartedAt"]
    await killed(ContainerRestart(container="web", timeout=1))
    state = (await alice.inspect("web"))["State"]
    assert state["Status"] == "running"
    assert state["StartedAt"] != since
    await killed(ContainerStop(container="web", timeout=1))
    assert (await alice.rows())["web"].state == "exited"
    await killed(ContainerStart(container="web"))
    assert (await alice.rows())["web"].state == "running"
    await killed(ContainerRename(container="web", name="shop"))
    assert list(await alice.rows()) == ["shop"]
    await killed(ContainerRemove(container="shop", force=True))
    assert not await alice.rows()


@pytest.mark.parametrize("after", [0.1, 0.4, 1.0])
async def test_changes_of_a_list_in_which_the_engine_is_killed_come_to_their_end(
    alice: Account, registry: Registry, after: float
) -> None:
    name = "localhost/many:1"
    other = "localhost/other:1"
    alice.podman("tag", IMAGE, other)
    try:
        await _ends_although_killed(alice, ManifestCreate(name=name, images=[IMAGE, other]), after)
        (entry,) = json.loads(alice.podman("manifest", "inspect", name))["manifests"]
        remove = ManifestRemove(name=name, digest=entry["digest"])
        await _ends_although_killed(alice, remove, after)
        assert not json.loads(alice.podman("manifest", "inspect", name))["manifests"]
    finally:
        alice.linux.run("podman", "manifest", "rm", name)
        alice.podman("untag", IMAGE, other)


@pytest.mark.parametrize("after", [0.1, 0.4])
async def test_registries_conf_is_changed_once_although_the_engine_is_killed(
    alice: Account, after: float
) -> None:
    file = alice.linux.home / ".config/containers/registries.conf"
    edit = RegistriesEdit(seen="", edit=SetSearch(registries=["127.0.0.1:1"]))
    try:
        await _ends_although_killed(alice, edit, after)
        assert "127.0.0.1:1" in file.read_text()
        assert isinstance(await alice.outcome(edit), Failed)
    finally:
        file.unlink()


@pytest.mark.parametrize("after", [0.1, 0.3])
async def test_an_image_is_deleted_at_its_registry_although_the_engine_is_killed(
    alice: Account, registry: Registry, after: float
) -> None:
    place = alice.linux.home / ".config/containers/registries.conf.d"
    settings = place / "deletes.conf"
    settings.write_text(f'[[registry]]\nlocation = "{registry.address}"\ninsecure = true\n')
    try:
        image = registry.holding(alice.linux, f"team/gone-{uuid4().hex[:8]}")
        delete = ImageDeleteRemote(image=image, tls_verify=False)
        await _ends_although_killed(alice, delete, after)
        assert (await alice.refused(delete)).code is ErrorCode.NOT_FOUND
    finally:
        settings.unlink()


@pytest.mark.parametrize("kind", ["pull", "build"])
async def test_a_cancel_after_the_engine_died_does_not_deny_what_was_done_before(
    alice: Account, registry: Registry, kind: str
) -> None:
    image = registry.holding(alice.linux, "small")
    query: Parameters = ImagePull(image=image, tls_verify=False)
    if kind == "build":
        text = f"FROM {IMAGE}\nRUN echo {uuid4()} >/made\n"
        query = ImageBuild(tags=["localhost/made:1"], containerfile=text, pull="never")
    operation = uuid4()
    assert isinstance(await alice.outcome(query, operation), Succeeded)
    alice.process.end(signal.SIGKILL)
    # As if it had been killed before it recorded the outcome.
    ledger = alice.linux.home / ".local/state/berth/operations.sqlite3"
    with closing(sqlite3.connect(ledger, isolation_level=None)) as database:
        database.execute("update operations set outcome = null where id = ?", (str(operation),))
    await _start_engine(alice)
    second = asyncio.create_task(alice.outcome(query, operation))
    await until_heard(alice, operation)
    end = await second
    assert isinstance(end, Succeeded), end
    await alice.do(ImageRemove(image=str(end.result["reference"])))


async def _ends_although_killed(alice: Account, parameters: Parameters, after: float) -> None:
    """Kill the engine `after` seconds from the request. Delivered again, the operation succeeds."""
    operation = uuid4()
    first = asyncio.create_task(alice.outcome(parameters, operation))
    await asyncio.sleep(after)
    await _kill_engine(alice)
    await asyncio.gather(first, return_exceptions=True)
    end = await alice.outcome(parameters, operation)
    assert isinstance(end, Succeeded), end


async def _kill_engine(alice: Account) -> None:
    alice.process.end(signal.SIGKILL)
    await _start_engine(alice)


async def _start_engine(alice: Account) -> None:
    await alice.engine.close()
    alice.process.start()

    async def answers() -> bool:
        try:
            await alice.engine.ping()
        except EngineUnreachable:
            return False
        return True

    await eventually(answers, "the new engine answers")
