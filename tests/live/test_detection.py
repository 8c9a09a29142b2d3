"""The observer's events become notifications about errors, not about intended actions."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async

from consoleapp.accounts.models import Grant, LinuxAccount, User
from consoleapp.notifications import words
from consoleapp.notifications.models import Notice, Occurrence
from consoleapp.notifications.record import listened
from consoleapp.observer import detection
from consoleapp.observer.observer import Observer
from consoleapp.snapshots import reader
from engine.schema.queries import EngineEvent
from tests.fixtures.live import RedisServer, open_page
from tests.fixtures.notifications import rule
from tests.live.engine_double import Double, row
from tests.waiting import eventually

ID = row("a").id


@pytest.fixture
def wish(victor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Subscribe victor to everything."""
    monkeypatch.setattr(detection, "GRACE", 0.3)
    rule(victor)


@sync_to_async
def notices() -> list[str]:
    return [words.title(each) for each in Occurrence.objects.order_by("pk")]


async def have(*titles: str) -> None:
    async def so() -> bool:
        return await notices() == list(titles)

    await eventually(so, f"{titles} are told")


async def followed(engine: Double) -> None:
    await eventually(lambda: "snapshot" in engine.asked, "somebody's wish has the account followed")


def died(engine: Double, code: int) -> None:
    engine.say("container", "died", ID, containerExitCode=str(code), name="a")


async def test_an_error_is_told_although_nobody_looks_at_the_account(
    wish: None, observer: Observer, web: LinuxAccount, engine: Double, victor: User
) -> None:
    await followed(engine)
    async with open_page(victor, "/live/") as page:
        died(engine, 3)
        await have("a exited with an error")
        await eventually(lambda: page.received("notices"), "the bell hears of it")
    assert "exit status 3" in (await Occurrence.objects.aget()).detail


@pytest.mark.parametrize(
    ("before", "code", "after"),
    [
        ([], 0, []),
        (["stop"], 137, ["cleanup"]),
        (["stop"], 1, []),
        (["kill"], 137, []),
        (["restart"], 143, ["init", "start"]),
        ([], 137, ["cleanup", "remove"]),
        ([], 137, ["stop"]),
    ],
)
async def test_an_end_that_somebody_meant_is_not_told(
    wish: None,
    observer: Observer,
    web: LinuxAccount,
    engine: Double,
    before: list[str],
    code: int,
    after: list[str],
) -> None:
    await followed(engine)
    for action in before:
        engine.say("container", action, ID)
    died(engine, code)
    for action in after:
        engine.say("container", action, ID)
    # Whatever comes afterwards is reported, so the first one was not.
    engine.say("container", "died", row("b").id, containerExitCode="9", name="b")
    await have("b exited with an error")


async def test_what_the_kernel_killed_for_want_of_memory_is_told_unless_it_was_being_stopped(
    wish: None, observer: Observer, web: LinuxAccount, engine: Double
) -> None:
    await followed(engine)
    engine.say("container", "stop", ID)
    for container, name in ((ID, "a"), (row("b").id, "b")):
        ended = {"containerExitCode": "137", "oomKilled": "true", "name": name}
        engine.say("container", "died", container, **ended)
    await have("b exited with an error")
    assert "ran out of memory" in (await Occurrence.objects.aget()).detail


async def test_a_container_with_rm_that_fails_and_one_that_its_policy_restarts_are_told(
    wish: None, observer: Observer, web: LinuxAccount, engine: Double
) -> None:
    await followed(engine)
    died(engine, 3)
    engine.say("container", "remove", ID)
    await have("a exited with an error")
    for action in ("restart", "init", "start"):
        engine.say("container", action, ID)
    died(engine, 3)
    await have(*["a exited with an error"] * 2)


async def test_an_unhealthy_container_is_told_once_however_often_the_observer_begins_anew(
    wish: None, redis_process: RedisServer, web: LinuxAccount, engine: Double
) -> None:
    ill = row("a").model_copy(update={"health": "unhealthy"})
    engine.put(ill, silent=True)
    for _ in range(2):
        task = asyncio.create_task(Observer().run())
        engine.asked.clear()
        await followed(engine)
        await have("a is unhealthy")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    task = asyncio.create_task(Observer().run())
    try:
        await reader.fresh(web)
        engine.put(row("a"), "health_status")

        async def over() -> bool:
            return bool((await Occurrence.objects.aget()).ended_at)

        await eventually(over, "it is over")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_ended_while_no_observer_ran_is_told_by_the_next_one(
    wish: None, redis_process: RedisServer, web: LinuxAccount, engine: Double
) -> None:
    now = datetime.now(UTC)
    await sync_to_async(listened)(web, now - timedelta(minutes=2))
    for name, code, ago in (("new", 3, 60), ("old", 3, 600), ("stopped", 137, 60), ("fine", 0, 60)):
        ended = {"exited": now - timedelta(seconds=ago), "exit_code": code}
        engine.put(row(name, "exited").model_copy(update=ended), silent=True)
    starved = {"exited": now - timedelta(seconds=50), "exit_code": 137, "oom_killed": True}
    engine.put(row("starved", "exited").model_copy(update=starved), silent=True)
    task = asyncio.create_task(Observer().run())
    await have("new exited with an error", "starved exited with an error")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_disk_that_fills_is_told_and_whose_grant_is_gone_hears_nothing(
    wish: None, observer: Observer, web: LinuxAccount, engine: Double, victor: User
) -> None:
    await followed(engine)
    engine.info = engine.info.model_copy(update={"disk_used": 95, "disk_total": 100})
    engine.say("system", "connected")
    await have("The disk is nearly full")
    assert await Notice.objects.acount() == 1
    await Grant.objects.all().adelete()
    died(engine, 3)
    await asyncio.sleep(detection.GRACE * 2)
    assert await Notice.objects.acount() == 1


def test_an_engine_cannot_fill_the_observers_memory() -> None:
    received = detection.Detector(1)
    for number in range(detection.MOST_MEANT + 500):
        at = datetime.now(UTC)
        received.handle_event(EngineEvent(noun="container", action="kill", id=f"{number:x}", at=at))
    assert len(received._meant) == detection.MOST_MEANT
    assert f"{detection.MOST_MEANT + 499:x}" in received._meant
    for number in range(detection.MOST_DEATHS + 500):
        exited = {"containerExitCode": "3"}
        received.handle_event(
            EngineEvent(noun="container", action="died", id=f"d{number}", at=at, attributes=exited)
        )
    assert len(received._deaths) == detection.MOST_DEATHS
