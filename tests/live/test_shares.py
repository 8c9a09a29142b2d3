"""One user cannot take a host's shared resources: logs, terminals, event streams."""

from typing import Any

import pytest

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.core.actor import Actor
from consoleapp.live import queries, relay, views
from consoleapp.live.shares import Shares
from consoleapp.observer import observer as observing
from consoleapp.observer import relay_server
from consoleapp.observer.observer import Observer
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.queries import ContainerInspect, ContainerLogs
from tests.fixtures.live import browser, open_page, socket_of
from tests.live.engine_double import Double
from tests.waiting import eventually

LOGS = {"query": "container.logs", "parameters": {"container": "a", "follow": True}}
DOCUMENT = {"type": "document", "data": {"Name": "a"}}


async def test_a_viewer_with_many_queries_leaves_room_for_others(
    observer: Observer, engine: Double, web: LinuxAccount, victor: User, olga: User
) -> None:
    engine.lines = [DOCUMENT]
    many = [
        relay.RelayedQuery(web, ContainerLogs(container="a", follow=True), Actor(user=victor))
        for _ in range(relay_server.MOST_OF_A_USER)
    ]
    batches = [query.batches() for query in many]
    for each in batches:
        await anext(each)
    with pytest.raises(EngineError, match="your share") as refused:
        await relay.document(web, ContainerInspect(container="a"), Actor(user=victor))
    assert refused.value.report.code is ErrorCode.CONFLICT
    assert (await relay.document(web, ContainerInspect(container="a"), Actor(user=olga)))["data"]

    await batches[0].aclose()
    await many[0].close()

    async def has_room() -> bool:
        try:
            return bool(
                await relay.document(web, ContainerInspect(container="a"), Actor(user=victor))
            )
        except EngineError:
            return False

    await eventually(has_room, "what was closed is there again")
    for query, each in zip(many[1:], batches[1:], strict=True):
        await each.aclose()
        await query.close()


async def test_websockets_of_a_user_are_counted(
    observer: Observer, engine: Double, victor: User, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_shares", Shares(2))
    opened = [await socket_of(victor) for _ in range(3)]
    for socket in opened:
        assert await socket.connect()
    code, reason = await opened[2].closing()
    assert code == 4429
    assert "too many" in reason
    hers = await socket_of(olga)
    await hers.connect()
    await hers.say(LOGS)
    assert await hers.hear() == {"type": "opened"}
    await opened[0].leave()
    again = await socket_of(victor)
    await again.connect()
    await again.say(LOGS)
    assert await again.hear() == {"type": "opened"}
    for socket in (opened[1], hers, again):
        await socket.leave()


async def test_streams_of_a_user_are_counted(
    observer: Observer, victor: User, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_shares", Shares(1))
    async with open_page(victor, "/live/"):
        assert (await (await browser(victor)).get("/live/")).status_code == 429
        async with open_page(olga, "/live/"):
            pass


def test_a_share_shrinks_with_the_users_and_never_to_nothing() -> None:
    shares = Shares(30, of_all=200, at_least=4)
    assert shares.of(1) == 30
    for user in range(1, 11):
        shares.add(user)
    assert shares.of(1) == 20
    for user in range(11, 101):
        shares.add(user)
    assert shares.of(1) == 4
    for user in range(1, 101):
        shares.remove(user)
    assert shares.of(1) == 30
    assert not shares._open


async def test_a_part_that_breaks_off_begins_again_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(observing, "AGAIN_AFTER", 0.0)
    tries: list[int] = []

    async def part() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise ValueError("garbage")

    await observing._until_it_ends(part)
    assert len(tries) == 3
    assert caplog.text.count("part broke off") == 2


async def test_an_engines_garbage_is_the_answer_of_its_own_query_alone(
    observer: Observer, engine: Double, web: LinuxAccount, victor: User
) -> None:
    lines: list[Any] = [{"type": "line", "text": 7}]
    engine.lines = lines
    with pytest.raises(EngineError, match="makes no sense"):
        await relay.document(web, ContainerInspect(container="a"), Actor(user=victor))
    engine.lines = [DOCUMENT]
    assert await relay.document(web, ContainerInspect(container="a"), Actor(user=victor))
