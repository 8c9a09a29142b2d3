"""Pages' data about an account is correct, fast, and says what is unknown."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async

from consoleapp.accounts.models import LinuxAccount
from consoleapp.observer.observer import AnotherOne, Observer, lock
from consoleapp.snapshots import reader, row_format, store
from engine.schema.snapshot import Snapshot, UnitRow
from tests.fixtures.live import RedisServer
from tests.live.engine_double import IMAGE, INFO, Double, row
from tests.waiting import eventually

load = sync_to_async(reader.load, thread_sensitive=False)


async def names(web: LinuxAccount) -> list[str]:
    known = await load(web)
    return [each.name for each in known.snapshot.containers] if known and known.snapshot else []


async def test_an_account_is_followed_from_the_first_look(
    observer: Observer, web: LinuxAccount, engine: Double
) -> None:
    engine.put(row("a"), silent=True)
    known = await reader.fresh(web)
    assert known.live
    assert not known.error
    assert [each.name for each in known.snapshot.containers] == ["a"]
    assert known.snapshot.images[0].used_by == ["a"]


async def test_only_the_containers_of_an_event_are_asked_for(
    observer: Observer, web: LinuxAccount, engine: Double
) -> None:
    engine.put(row("a"), silent=True)
    engine.put(row("b"), silent=True)
    await reader.fresh(web)

    async def asked_for(state: str, action: str) -> list[str]:
        engine.asked.clear()
        engine.put(row("b", state), action)

        async def is_so() -> bool:
            known = await load(web)
            return state in {each.state for each in known.snapshot.containers if each.name == "b"}

        await eventually(is_so, "the row has changed")
        return engine.asked

    # The complete snapshot from the start of following may still be on its way.
    await asked_for("exited", "died")
    await asked_for("running", "start")
    assert await asked_for("exited", "died") == [f"containers {row('b').id}"]


async def test_a_row_does_not_wait_for_images_and_the_snapshot_is_no_newer_than_they_are(
    observer: Observer, web: LinuxAccount, engine: Double
) -> None:
    # `podman run` has an event of the image, too. (The snapshot of the start comes first.)
    engine.put(row("a"), silent=True)
    await reader.fresh(web, not_before=datetime.now(UTC))
    engine.listing.clear()
    engine.asked.clear()
    before = datetime.now(UTC)
    engine.put(row("b"), silent=True)
    engine.say("image", "pull", IMAGE.id)
    engine.say("container", "start", row("b").id)

    async def shown() -> bool:
        return await names(web) == ["a", "b"]

    await eventually(shown, "the row is there")
    assert (await load(web)).taken < before
    engine.listing.set()

    async def newer() -> bool:
        return (await load(web)).taken > before

    await eventually(newer, "the images are there")
    assert engine.asked == [f"containers {row('b').id}", "images"]


async def test_a_fresh_snapshot_shows_what_an_operation_did_even_without_an_event(
    observer: Observer, web: LinuxAccount, engine: Double
) -> None:
    await reader.fresh(web)
    engine.put(row("made"), silent=True)
    ended = datetime.now(UTC)
    known = await reader.fresh(web, not_before=ended)
    assert [each.name for each in known.snapshot.containers] == ["made"]
    assert known.taken >= ended


async def test_a_dead_engine_is_said_and_what_was_known_is_still_shown(
    observer: Observer, web: LinuxAccount, engine: Double
) -> None:
    engine.put(row("a"), silent=True)
    await reader.fresh(web)
    await engine.stop()

    async def said() -> bool:
        return "engine" in (await load(web)).error

    # On a busy machine, the observer itself may be reported as late before that.
    await eventually(said, "the reason is the engine")
    known = await load(web)
    assert not known.live
    assert [each.name for each in known.snapshot.containers] == ["a"]
    engine.put(row("b"), silent=True)
    await engine.start()

    async def both() -> bool:
        return await names(web) == ["a", "b"] and (await load(web)).live

    await eventually(both, "it is followed again")


async def test_redis_may_lose_everything(
    observer: Observer, web: LinuxAccount, engine: Double, redis_process: RedisServer
) -> None:
    engine.put(row("a"), silent=True)
    await reader.fresh(web)
    redis_process.kill()
    known = await load(web)
    assert known.error == reader.NO_REDIS
    assert [each.name for each in known.snapshot.containers] == ["a"]
    redis_process.start()
    reader._kept.clear()

    async def back() -> bool:
        return await names(web) == ["a"] and (await load(web)).live

    await eventually(back, "it was written anew")


async def test_without_an_observer_it_is_said_so(
    redis_process: RedisServer, web: LinuxAccount
) -> None:
    assert (await load(web)).error == reader.NO_OBSERVER
    known = await reader.fresh(web, timeout=0.2)
    assert not known.live


async def test_what_nobody_looks_at_is_not_followed_any_more(
    observer: Observer, web: LinuxAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "WATCH_SECONDS", 1)
    await reader.fresh(web)

    async def left() -> bool:
        return not (await load(web)).live

    await eventually(left, "it is left")
    assert not observer._followers


def test_there_is_one_observer() -> None:
    with lock(), pytest.raises(AnotherOne):
        lock()
    lock().close()


async def test_garbage_in_redis_is_not_shown(redis_process: RedisServer, web: LinuxAccount) -> None:
    now = datetime.now(UTC)
    head = reader.Head(version=7, taken=now, at=now)
    for body in (
        b"",
        b"7\n",
        b"x\n{}",
        b"7\n{}\n[]",
        b'7\n{"taken":"2026-01-01T00:00:00Z","containers":9}',
    ):
        store.connection().set(store.head_key(web.pk), head.model_dump_json())
        store.connection().set(store.body_key(web.pk), body)
        known = await load(web)
        assert known.snapshot is None


def test_a_row_that_did_not_change_is_not_parsed_again() -> None:
    taken = datetime.now(UTC)
    first = Snapshot(taken=taken, containers=[row("a"), row("b")], images=[IMAGE], info=INFO)
    writer = row_format.Writer()
    before, known = row_format.read(writer.write(first), {})
    assert before == first
    changed = first.model_copy(
        update={
            "taken": taken + timedelta(1),
            "containers": [row("a", "exited"), first.containers[1]],
        }
    )
    after, _ = row_format.read(writer.write(changed), known)
    assert after == changed
    assert after.containers[1] is before.containers[1]
    assert after.containers[0] is not before.containers[0]


async def test_nothing_waits_longer_than_it_was_told(
    redis_process: RedisServer, web: LinuxAccount
) -> None:
    redis_process.kill()
    async with asyncio.timeout(3):
        await reader.fresh(web, timeout=0.3)


@pytest.mark.parametrize("noun", ["unit", "image"])
@pytest.mark.parametrize("whole", [False, True])
async def test_what_an_engine_cannot_read_stays_as_it_was_and_is_said(
    observer: Observer, web: LinuxAccount, engine: Double, noun: str, whole: bool
) -> None:
    engine.units = [UnitRow(unit="web.service", kind="container", style="quadlet")]
    engine.put(row("a"), silent=True)
    await reader.fresh(web)
    engine.refuses = {f"{noun}s": "systemd is stuck"}
    engine.say("pod" if whole else noun, "changed")

    async def said() -> bool:
        info = (await load(web)).snapshot.info
        return "systemd is stuck" in (info.units_unread, info.images_unread)

    await eventually(said, "the reason")
    known = await load(web)
    assert (known.live, known.error) == (True, "")
    assert [each.unit for each in known.snapshot.units] == ["web.service"]
    assert [each.id for each in known.snapshot.images] == [IMAGE.id]
    engine.put(row("b"), "create")
    await eventually(lambda: _has(web, "b"), "containers are followed all the same")
    engine.refuses = {}
    engine.say(noun, "changed")

    async def read() -> bool:
        info = (await load(web)).snapshot.info
        return not info.units_unread and not info.images_unread

    await eventually(read, "it is read again")


async def _has(web: LinuxAccount, name: str) -> bool:
    return name in await names(web)
