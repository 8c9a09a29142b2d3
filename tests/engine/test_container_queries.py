"""Queries about a container: inspect, top, changes, stats, health."""

import json

import pytest

from engine.schema.containers import HealthCheck
from engine.schema.queries import (
    ContainerChanges,
    ContainerInspect,
    ContainerLogs,
    ContainerStats,
    ContainerTop,
    DiskUse,
    Query,
    StatsSample,
)
from launch.demo import IMAGE
from tests.engine.account import Account
from tests.waiting import eventually

ASKED: list[type[Query]] = [
    ContainerInspect,
    ContainerTop,
    ContainerChanges,
    ContainerLogs,
    ContainerStats,
]


@pytest.mark.parametrize("query", ASKED, ids=lambda query: query.query)
async def test_a_container_that_is_not_there(alice: Account, query: type[Query]) -> None:
    failed = await alice.unanswered(query(container="nowhere"))  # type: ignore[call-arg]
    assert failed.code == "not_found", failed
    assert "nowhere" in failed.message


async def test_inspect_says_what_podman_says(alice: Account) -> None:
    await alice.launch(name="web", labels={"x": "<script>"})
    theirs = json.loads(alice.podman("inspect", "--size", "web"))[0]
    ours = await alice.inspect("web")
    for document in (ours, theirs):
        document.pop("SizeRw", None)
    assert ours == theirs


async def test_top_lists_its_processes(alice: Account) -> None:
    await alice.launch("sh", "-c", "sleep 1001 & sleep 1002", name="web")

    async def both() -> bool:
        table = await alice.table(ContainerTop(container="web"))
        command = table.titles.index("COMMAND")
        assert table.titles[:2] == ["USER", "PID"]
        return {"sleep 1001", "sleep 1002"} <= {row[command] for row in table.rows}

    await eventually(both, "both are listed")


async def test_top_of_what_does_not_run_says_so(alice: Account) -> None:
    await alice.launch("echo", name="over")
    await alice.becomes("over", "exited")
    failed = await alice.unanswered(ContainerTop(container="over"))
    assert failed.code == "conflict", failed
    assert failed.remedy


async def test_changes_tell_what_was_added_changed_and_removed(alice: Account) -> None:
    script = "echo x > '/tmp/a b'; echo y >> /etc/group; rm /www/index.html; sleep 1000"
    await alice.launch("sh", "-c", script, name="web")
    made = {("added", "/tmp/a b"), ("changed", "/etc/group"), ("removed", "/www/index.html")}

    async def all_of_them() -> bool:
        table = await alice.table(ContainerChanges(container="web"))
        assert table.titles == ["Change", "Path"]
        return made <= {tuple(row) for row in table.rows}

    await eventually(all_of_them, "all changes are listed")


async def test_stats_tell_what_it_uses_and_end_with_it(alice: Account) -> None:
    await alice.launch("sh", "-c", "while :; do :; done", name="busy", network="slirp4netns")
    samples: list[StatsSample] = []
    async for each in alice.engine.query(ContainerStats(container="busy")):
        assert isinstance(each, StatsSample), each
        samples.append(each)
        if len(samples) == 2:
            await alice.remove("busy")
    last = samples[1]
    assert last.cpu_percent is not None
    assert last.cpu_percent > 0  # how much depends on the machine's load
    assert last.memory is not None
    assert last.memory > 10_000
    assert last.pids == 1
    assert last.network_in is not None
    for field in ("memory_limit", "block_read"):
        assert (getattr(last, field) is None) == (field in last.unavailable)


async def test_stats_of_what_shares_the_hosts_network_say_why_it_is_not_counted(
    alice: Account,
) -> None:
    await alice.launch(name="web", network="host")
    sample = await _first(alice, "web")
    assert (sample.network_in is None) == ("network_in" in sample.unavailable)
    assert sample.network_in is None


async def test_stats_of_what_does_not_run_say_so(alice: Account) -> None:
    await alice.launch("echo", name="over")
    await alice.becomes("over", "exited")
    failed = await alice.unanswered(ContainerStats(container="over"))
    assert (failed.code, "not running" in failed.message) == ("conflict", True)


async def test_health_goes_with_the_check_and_its_history_is_kept(alice: Account) -> None:
    health = HealthCheck(command="test -e /tmp/well", interval=0, retries=1)
    await alice.launch(name="web", health=health)
    assert (await alice.rows())["web"].health == "starting"
    alice.linux.run("podman", *alice.linux.podman_options(), "healthcheck", "run", "web")
    assert (await alice.rows())["web"].health == "unhealthy"
    alice.podman("exec", "web", "touch", "/tmp/well")
    alice.podman("healthcheck", "run", "web")
    row = (await alice.rows())["web"]
    assert (row.health, row.state) == ("healthy", "running")
    state = (await alice.inspect("web"))["State"]
    log = (state.get("Health") or state["Healthcheck"])["Log"]
    assert [entry["ExitCode"] for entry in log] == [1, 0]


async def test_disk_use_counts_images_containers_and_volumes(alice: Account) -> None:
    await alice.launch("sh", "-c", "seq 100000 > /tmp/numbers; sleep 1000", name="web")

    async def written() -> bool:
        answer = await alice.document(DiskUse())
        assert answer["images"]
        assert answer["images_size"] > 100_000
        assert [each["name"] for each in answer["containers"]] == ["web"]
        return bool(answer["containers_size"] > 100_000)

    await eventually(written, "what it wrote is counted")


async def test_a_snapshot_is_what_podman_lists(alice: Account) -> None:
    await alice.launch(name="web", image=IMAGE, labels={"a": "1"})
    row = (await alice.rows())["web"]
    listed = json.loads(alice.podman("ps", "--all", "--format", "json"))[0]
    assert (row.id, row.image, row.command) == (listed["Id"], listed["Image"], listed["Command"])
    assert row.labels["a"] == "1"
    assert row.started is not None
    assert row.exited is None


async def _first(alice: Account, container: str) -> StatsSample:
    async for each in alice.engine.query(ContainerStats(container=container)):
        assert isinstance(each, StatsSample), each
        return each
    raise AssertionError("no sample")
