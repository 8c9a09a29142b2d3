"""Sessions are recorded if a policy requires it, by the observer, or there is no session."""

import asyncio
import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.audit.models import Event
from consoleapp.core.actor import Actor
from consoleapp.live import relay
from consoleapp.observer import relay_server
from consoleapp.observer.observer import Observer
from consoleapp.policies.versions import write
from consoleapp.recordings import recorder, recovery, storage
from consoleapp.recordings.models import How, Recording
from engine.schema.queries import ContainerTerminal
from tests.fixtures.live import Socket, socket_of
from tests.live.engine_double import Double
from tests.waiting import eventually

TERMINAL = {"query": "container.terminal", "parameters": {"container": "a", "recorded": True}}


async def opened(user: User) -> Socket:
    socket = await socket_of(user)
    await socket.connect()
    await socket.say(TERMINAL)
    assert await socket.hear() == {"type": "opened"}
    return socket


async def type_in(socket: Socket, data: bytes) -> None:
    text = base64.b64encode(data).decode()
    await socket.say({"type": "input", "data": text})
    assert await socket.hear() == [{"type": "output", "data": text}]


async def ended() -> Recording:
    found = Recording.objects.exclude(ended_at=None)
    recording: Recording = await eventually(found.afirst, "a recording that has ended")
    return recording


def lines(row: Recording) -> list[Any]:
    return [json.loads(line) for line in storage.file_of(row.key).read_text().splitlines()]


async def test_what_is_shown_is_in_the_file_and_its_digest_in_the_audit_log(
    observer: Observer, engine: Double, olga: User, recorded_account: LinuxAccount
) -> None:
    socket = await opened(olga)
    first = (await socket.hear())[0]
    assert first["type"] == "recorded"
    await type_in(socket, b"ls\r\n")
    row = await Recording.objects.aget()
    assert (row.how, row.person_name, row.ip) == (How.GOING_ON, "olga", "192.0.2.7")
    assert lines(row)[1][1:] == ["o", "ls\r\n"]  # while it is open
    await socket.say({"type": "resize", "columns": 132, "rows": 50})
    await eventually(lambda: len(engine.typed) == 2, "the new size")
    await socket.leave()
    row = await ended()
    assert str(row.key) == first["id"]
    header, *events = lines(row)
    assert (header["version"], header["width"], header["height"]) == (2, 80, 24)
    assert [each[1:] for each in events] == [["o", "ls\r\n"], ["r", "132x50"]]
    assert row.how == How.LEFT
    answer = await Event.objects.aget(action="recording.ended")
    assert answer.parameters["sha256"] == row.sha256
    assert (row.size, row.sha256) == storage.digest(row.key)
    assert answer.parameters["recording"] == str(row.key)
    begun = await Event.objects.aget(action="recording.begun")
    assert begun.parameters["asked_by"] == "the account web"
    terminal = await Event.objects.aget(action="terminal.opened")
    assert terminal.parameters["session"] == str(row.key)


async def test_the_file_is_the_consoles_own(
    observer: Observer, engine: Double, olga: User, recorded_account: LinuxAccount, data: Path
) -> None:
    socket = await opened(olga)
    await socket.hear()
    await socket.leave()
    row = await ended()
    assert stat.S_IMODE((data / "recordings").stat().st_mode) == 0o700
    assert stat.S_IMODE(storage.file_of(row.key).stat().st_mode) == 0o400


async def test_without_such_a_policy_nothing_is_recorded_whatever_a_page_says(
    observer: Observer, engine: Double, olga: User, web: LinuxAccount
) -> None:
    socket = await opened(olga)
    await type_in(socket, b"ls\n")
    await socket.leave()
    await eventually(lambda: engine.queries_left, "the terminal is left")
    assert not await Recording.objects.aexists()


async def test_a_page_cannot_say_that_it_is_recorded(
    observer: Observer, engine: Double, olga: User, recorded_account: LinuxAccount
) -> None:
    """The observer also checks requests to the relay that bypass the WebSocket."""
    query = ContainerTerminal(container="a", recorded=False)
    asking = relay.RelayedQuery(recorded_account, query, Actor(user=olga))
    batches = asking.batches()
    assert await anext(batches) == b""
    assert json.loads(await anext(batches))[0]["type"] == "recorded"
    await batches.aclose()
    await asking.close()
    await ended()


async def test_where_the_folder_cannot_be_written_there_is_no_terminal(
    observer: Observer, engine: Double, olga: User, recorded_account: LinuxAccount, data: Path
) -> None:
    (data / "recordings").write_text("in the way")
    socket = await opened(olga)
    failed = (await socket.hear())[0]
    assert (failed["type"], failed["code"]) == ("error", "policy")
    assert "Terminals must be recorded here, and the recording cannot be kept" in failed["message"]
    assert "terminal" not in engine.asked
    assert not await Recording.objects.aexists()
    assert not recorder.going_on


async def test_a_full_quota_or_disk_allows_no_terminal(
    observer: Observer, engine: Double, olga: User, recorded_account: LinuxAccount, settings: Any
) -> None:
    settings.BERTH_RECORDING_QUOTA = 0
    socket = await opened(olga)
    assert "have reached 0 bytes" in (await socket.hear())[0]["message"]
    settings.BERTH_RECORDING_QUOTA = 1 << 30
    settings.BERTH_DISK_RESERVE = 1 << 60
    socket = await opened(olga)
    assert "no space left on device" in (await socket.hear())[0]["message"]
    assert "terminal" not in engine.asked


async def test_at_its_limit_the_session_is_ended_before_more_is_shown(
    observer: Observer, engine: Double, olga: User, recorded_account: LinuxAccount, settings: Any
) -> None:
    settings.BERTH_RECORDING_LIMIT = 1024
    socket = await opened(olga)
    await socket.hear()
    await type_in(socket, b"x" * 100)
    await socket.say({"type": "input", "data": base64.b64encode(b"y" * 2000).decode()})
    failed = (await socket.hear())[0]
    assert failed["message"] == "The session was ended: its recording has reached 1 KiB."
    row = await ended()
    assert row.how == How.STOPPED
    assert "y" not in storage.file_of(row.key).read_text()
    await eventually(lambda: engine.queries_left, "the shell is ended")


async def test_an_unreachable_engine_is_told_in_the_recording(
    observer: Observer, engine: Double, olga: User, recorded_account: LinuxAccount
) -> None:
    await engine.stop()
    socket = await opened(olga)
    await socket.hear()
    assert (await socket.hear())[0]["code"] == "unavailable"
    row = await ended()
    assert row.how == How.FAILED
    assert "does not answer" in row.detail


async def test_more_than_can_be_read_is_slowed_down(
    recorded_account: LinuxAccount, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    key = relay.UUID(int=7)
    session = recorder.Session(
        key, recorded_account, Actor(user=olga), ContainerTerminal(container="a"), "the account web"
    )
    async with recorder.recording(session) as recording:
        monkeypatch.setattr(asyncio, "sleep", note)
        await recording._slow_down(recorder.BURST)
        await recording._slow_down(recorder.BYTES_A_SECOND)
        monkeypatch.undo()
    assert len(waits) <= 2
    assert waits[-1] == pytest.approx(1, abs=0.5)


async def test_an_observer_that_ends_closes_its_recordings_as_broken_off(
    redis_process: Any, engine: Double, olga: User, recorded_account: LinuxAccount
) -> None:
    running = asyncio.create_task(Observer().run())
    socket = await opened(olga)
    await socket.hear()
    await type_in(socket, b"half")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    row = await ended()
    assert row.how == How.BROKEN_OFF
    assert lines(row)[-1][2] == "half"


async def test_what_a_killed_observer_left_is_closed_by_the_next_one(
    redis_process: Any, engine: Double, olga: User, recorded_account: LinuxAccount
) -> None:
    session = recorder.Session(
        relay.UUID(int=8), recorded_account, Actor(user=olga), ContainerTerminal(container="a"), "x"
    )
    left = await asyncio.to_thread(recorder._begin, session)  # and no end
    await left._keep(left._events.output(1, b"so far"))
    assert await sync_to_async(recovery.close)() == 1
    row = await Recording.objects.aget()
    assert row.how == How.BROKEN_OFF
    assert (row.size, row.sha256) == storage.digest(row.key)
    assert lines(row)[-1][2] == "so far"
    assert await sync_to_async(recovery.close)() == 0


async def test_where_another_policy_allows_no_terminals_there_is_none(
    observer: Observer,
    engine: Double,
    olga: User,
    web: LinuxAccount,
    recorded_account: LinuxAccount,
) -> None:
    team = await Group.objects.acreate(name="team")
    await olga.groups.aadd(team)
    await sync_to_async(write)(team, "terminal = false", actor=Actor(user=None))
    socket = await socket_of(olga)
    await socket.connect()
    await socket.say(TERMINAL)
    refused = (await socket.hear())[0]
    assert refused["code"] == "policy"
    assert "rule terminal of the group team" in refused["message"]
    assert not await Recording.objects.aexists()


async def test_a_terminal_from_before_the_policy_is_ended(
    observer: Observer,
    engine: Double,
    olga: User,
    web: LinuxAccount,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay_server, "REEVALUATE_EVERY", 0.1)
    socket = await opened(olga)
    await type_in(socket, b"not recorded")
    await sync_to_async(write)(web, 'terminal = "recorded"', actor=Actor(user=None))
    failed = (await socket.hear())[0]
    assert failed["code"] == "policy"
    assert "Terminals must be recorded, and this one would not be." in failed["message"]
    await eventually(lambda: engine.queries_left, "the shell is ended")


async def test_a_recorded_one_ends_when_terminals_are_forbidden(
    observer: Observer,
    engine: Double,
    olga: User,
    recorded_account: LinuxAccount,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay_server, "REEVALUATE_EVERY", 0.1)
    socket = await opened(olga)
    await socket.hear()
    await type_in(socket, b"recorded")
    await sync_to_async(write)(recorded_account, "terminal = false", actor=Actor(user=None))
    assert (await socket.hear())[0]["code"] == "policy"
    row = await ended()
    assert row.how == How.STOPPED
    assert "Terminals are not allowed." in row.detail
