"""Logs, terminals, and panels: from the page through Redis and observer to the engine and back."""

import asyncio
import base64
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from consoleapp.accounts.models import Grant, LinuxAccount, User
from consoleapp.audit.models import Event
from consoleapp.core.actor import Actor
from consoleapp.live import queries, relay, relay_protocol
from consoleapp.observer.observer import Observer
from consoleapp.snapshots import store
from engine.schema.errors import EngineError
from engine.schema.queries import ContainerInspect, ContainerLogs, ContainerTerminal
from tests.fixtures.live import RedisServer, browser, socket_of
from tests.live.engine_double import Double
from tests.waiting import eventually

LOGS = {"query": "container.logs", "parameters": {"container": "a", "follow": True}}
TERMINAL = {"query": "container.terminal", "parameters": {"container": "a"}}


def line(number: int) -> dict[str, Any]:
    return {"type": "line", "stream": "stdout", "at": None, "text": f"line {number}"}


async def test_logs_come_in_order_and_whole(
    observer: Observer, engine: Double, victor: User, web: LinuxAccount
) -> None:
    engine.lines = [line(number) for number in range(5000)]
    answers = relay.ask(web, ContainerLogs(container="a"), Actor(user=victor))
    texts = [answer["text"] async for answer in answers]
    assert texts == [f"line {number}" for number in range(5000)]


async def test_a_reader_that_leaves_stops_the_engines_work(
    observer: Observer, engine: Double, victor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_protocol, "SIGN_OF_LIFE", 0.1)
    engine.lines = [line(1)]
    socket = await socket_of(victor)
    await socket.connect()
    await socket.say(LOGS)
    assert await socket.hear() == {"type": "opened"}
    assert (await socket.hear())[0]["text"] == "line 1"
    await socket.leave()
    await eventually(lambda: engine.queries_left, "the engine's query is left")
    assert not store.connection().keys("berth:answers:*")


async def test_the_producer_waits_for_a_slow_reader(
    observer: Observer, engine: Double, victor: User, web: LinuxAccount
) -> None:
    engine.lines = [line(number) for number in range(50_000)]
    query = relay.RelayedQuery(web, ContainerLogs(container="a"), Actor(user=victor))
    batches = query.batches()
    await anext(batches)
    await asyncio.sleep(0.5)
    waiting = store.connection().llen(f"berth:answers:{query._request.id}")
    assert waiting <= relay_protocol.MOST_WAITING + 1
    await batches.aclose()
    await query.close()


async def test_a_terminal_goes_both_ways_and_is_audited(
    observer: Observer, engine: Double, olga: User
) -> None:
    socket = await socket_of(olga)
    await socket.connect()
    await socket.say(TERMINAL)
    assert await socket.hear() == {"type": "opened"}
    typed = base64.b64encode(b"ls\n").decode()
    await socket.say({"type": "input", "data": typed})
    assert await socket.hear() == [{"type": "output", "data": typed}]
    await socket.leave()
    await eventually(lambda: engine.queries_left, "the terminal is left")
    actions = [e.action async for e in Event.objects.filter(action__startswith="terminal")]
    assert actions == ["terminal.opened", "terminal.closed"]
    closed = await Event.objects.aget(action="terminal.closed")
    assert closed.target == "a"
    assert "seconds" in closed.parameters
    assert "ls" not in json.dumps(closed.parameters)


async def test_a_viewers_terminal_is_refused_and_audited(
    observer: Observer, engine: Double, victor: User
) -> None:
    socket = await socket_of(victor)
    await socket.connect()
    await socket.say(TERMINAL)
    code, reason = await socket.closing()
    assert code == 4403
    assert "operator" in reason
    assert await Event.objects.filter(action="access.refused", actor_name="victor").acount() == 1
    assert "terminal" not in engine.asked


@pytest.mark.parametrize(
    ("who", "account", "code"),
    [("nobody", "web", 4401), ("stina", "web", 4404), ("victor", "x", 4404)],
)
async def test_who_may_not_is_told_by_the_close_code(
    who: str, account: str, code: int, redis_process: RedisServer, victor: User, stina: User
) -> None:
    socket = await socket_of({"victor": victor, "stina": stina}.get(who), account)
    await socket.connect()
    assert (await socket.closing())[0] == code


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:9999", "", "null"])
async def test_pages_of_others_cannot_connect(
    origin: str, redis_process: RedisServer, victor: User
) -> None:
    socket = await socket_of(victor, origin=origin)
    connected = await socket.connect()
    assert not connected


@pytest.mark.parametrize(
    "message",
    [
        "x",
        "{}",
        '{"query": "no.such"}',
        '{"query": "container.logs", "parameters": {"container": "-x"}}',
    ],
)
async def test_nonsense_is_turned_down(
    message: str, redis_process: RedisServer, victor: User
) -> None:
    socket = await socket_of(victor)
    await socket.connect()
    await socket.say(message)
    assert (await socket.closing())[0] == 4400


async def test_a_grant_taken_back_ends_the_query(
    observer: Observer, engine: Double, victor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "ASK_AGAIN_EVERY", 0.2)
    socket = await socket_of(victor)
    await socket.connect()
    await socket.say(LOGS)
    await socket.hear()
    await Grant.objects.filter(user=victor).adelete()
    assert (await socket.closing())[0] == 4403


async def test_signing_out_ends_the_query(
    observer: Observer, engine: Double, victor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "ASK_AGAIN_EVERY", 0.2)
    client = await browser(victor)
    socket = await socket_of(victor, client=client)
    await socket.connect()
    await socket.say(LOGS)
    await socket.hear()
    await client.alogout()
    assert (await socket.closing())[0] == 4403


async def test_the_observer_checks_the_grant_itself(
    observer: Observer, engine: Double, victor: User, web: LinuxAccount
) -> None:
    answers = relay.ask(web, ContainerTerminal(container="a"), Actor(user=victor))
    assert [answer["code"] async for answer in answers] == ["forbidden"]
    assert "terminal" not in engine.asked
    assert await Event.objects.filter(action="access.refused").acount() == 1


async def test_a_forged_or_repeated_request_reaches_no_engine(
    observer: Observer, engine: Double, victor: User, web: LinuxAccount
) -> None:
    request = relay_protocol.Request(
        id="0" * 32, account=web.pk, user=victor.pk, query="container.inspect",
        parameters={"container": "a"},
    )  # fmt: skip
    signed = request.sign()
    pushed = store.connection()
    pushed.set(relay_protocol.Names(request.id).reader, "1")
    pushed.rpush(
        relay_protocol.requests(web.host_id), signed[:-1] + "x", "nonsense", "\xff", signed, signed
    )
    await eventually(lambda: engine.asked, "the true one")
    await asyncio.sleep(0.2)
    assert engine.asked.count("container.inspect") == 1


async def test_a_forged_answer_is_not_shown(
    redis_process: RedisServer, victor: User, web: LinuxAccount
) -> None:
    query = relay.RelayedQuery(web, ContainerInspect(container="a"), Actor(user=victor))
    store.connection().rpush(query._names.answers, b'[{"type": "script"}]')
    with pytest.raises(relay.Unanswered):
        await anext(query.batches())
    await query.close()


async def test_a_panel_gets_its_document_or_the_reason(
    observer: Observer, engine: Double, victor: User, web: LinuxAccount
) -> None:
    query, actor = ContainerInspect(container="a"), Actor(user=victor)
    engine.lines = [{"type": "document", "data": {"Id": "1"}}]
    assert (await relay.document(web, query, actor))["data"] == {"Id": "1"}
    ask = sync_to_async(relay.document_sync, thread_sensitive=False)
    assert (await ask(web, query, actor))["data"] == {"Id": "1"}
    engine.lines = [{"type": "error", "code": "not_found", "message": "no such container"}]
    with pytest.raises(EngineError, match="no such container"):
        await relay.document(web, query, actor)
    await engine.stop()
    with pytest.raises(EngineError) as raised:
        await relay.document(web, query, actor)
    assert raised.value.report.code == "unavailable"


async def test_without_an_observer_or_redis_it_is_said(
    redis_process: RedisServer, victor: User, web: LinuxAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "ACCEPTED_WITHIN", 0.2)
    query, actor = ContainerInspect(container="a"), Actor(user=victor)
    with pytest.raises(relay.Unanswered):
        await relay.document(web, query, actor)
    redis_process.kill()
    with pytest.raises(relay.Unanswered, match="Redis"):
        await relay.document(web, query, actor)
