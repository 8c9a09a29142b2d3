"""Server-sent events: what an open page receives, who may connect, and when it ends."""

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient
from django.utils import timezone

from consoleapp.accounts.models import Grant, LinuxAccount, User
from consoleapp.live import views
from consoleapp.live.hub import MOST_WAITING, Stream, hub
from consoleapp.observer.observer import Observer
from consoleapp.operations.models import Operation
from consoleapp.operations.page_events import operation_changed
from consoleapp.snapshots import page_events, reader, store
from engine.schema.containers import ContainerStop
from tests.fixtures.live import RedisServer, browser, open_page
from tests.live.engine_double import Double, row
from tests.waiting import eventually

PAGE = "/live/accounts/web/"
tell = sync_to_async(operation_changed, thread_sensitive=False)


@sync_to_async
def operation(account: LinuxAccount, by: User, state: str, **more: Any) -> Operation:
    query = ContainerStop(container="db")
    return Operation.objects.create(
        kind=query.kind, account=account, requested_by=by, actor_name=by.username, source="page",
        parameters=query.public(), command=query.command(), target="db", lane=query.lane,
        requested_at=timezone.now(), state=state, **more,
    )  # fmt: skip


async def test_a_death_reaches_the_page(observer: Observer, engine: Double, victor: User) -> None:
    engine.put(row("a"), silent=True)
    async with open_page(victor, PAGE) as page:
        await eventually(lambda: page.received("containers"), "the first snapshot")
        engine.put(row("a", "exited"), "died")
        await eventually(lambda: page.received(f"container-{row('a').id[:12]}"), "the row's event")


async def test_others_hear_nothing_of_it(redis_process: RedisServer, stina: User) -> None:
    assert (await (await browser(stina)).get(PAGE)).status_code == 404
    assert (await AsyncClient().get("/live/")).status_code == 401


async def test_who_asked_for_an_operation_gets_a_toast_and_others_only_the_event(
    redis_process: RedisServer, web: LinuxAccount, olga: User, victor: User
) -> None:
    ended = await operation(web, olga, "succeeded", ended_at=timezone.now())
    async with open_page(olga, "/live/") as hers, open_page(victor, "/live/") as his:
        await tell(ended)
        await eventually(lambda: hers.received("toast"), "the toast")
        await eventually(lambda: his.received("operations"), "the event")
        assert hers.received(f"operation-{ended.pk}")
        assert "toast-note" in dict(hers.events)["toast"]
        await asyncio.sleep(0.1)
        assert not his.received("toast")


async def test_the_dashboard_hears_which_account_changed(
    redis_process: RedisServer, web: LinuxAccount, victor: User
) -> None:
    async with open_page(victor, "/live/") as page:
        await sync_to_async(page_events.publish)(web, "containers", {})
        await eventually(lambda: page.received("account-web"), "the account's event")


async def test_a_grant_taken_back_ends_the_stream(
    redis_process: RedisServer, victor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "HEARTBEAT", 0.3)
    async with open_page(victor, PAGE) as page:
        await eventually(lambda: ": still here" in page.text, "a heartbeat")
        assert not page.ended
        await Grant.objects.filter(user=victor).adelete()
        await eventually(lambda: page.ended, "the end")


async def test_signing_out_ends_the_stream(
    redis_process: RedisServer, victor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "HEARTBEAT", 0.3)
    client = await browser(victor)
    async with open_page(client, PAGE) as page:
        await client.alogout()
        await eventually(lambda: page.ended, "the end")


async def test_after_redis_came_back_pages_are_told_to_look_again(
    redis_process: RedisServer, victor: User
) -> None:
    async with open_page(victor, "/live/") as page:
        page.events.clear()
        redis_process.kill()
        redis_process.start()
        await eventually(lambda: page.received("hello"), "hello again")


async def test_a_slow_browser_is_told_to_look_again_instead_of_filling_memory() -> None:
    stream = Stream(frozenset({1}))
    assert stream.missed()
    for _ in range(3 * MOST_WAITING):
        stream.put(page_events.PageEvent(account=1, event="containers"))
    assert stream._waiting.qsize() <= MOST_WAITING
    assert stream.missed()


async def test_what_makes_no_sense_in_redis_does_not_reach_the_page(
    redis_process: RedisServer, web: LinuxAccount, victor: User
) -> None:
    async with open_page(victor, "/live/") as page:
        await asyncio.sleep(0.2)
        message = store.connection()
        for text in ("x", '{"account": 1, "event": "a\\nb"}', '{"account": 1, "event": "toast<"}'):
            message.publish(store.channel(web.pk), text)
        message.publish(
            store.channel(web.pk),
            page_events.PageEvent(account=web.pk + 1, event="info").model_dump_json(),
        )
        await sync_to_async(page_events.publish)(web, "images", {})
        await eventually(lambda: page.received("account-web"), "what makes sense")
        assert [name for name, _ in page.events if name != "hello"] == ["account-web"]


async def test_streams_end_when_the_server_does(redis_process: RedisServer, victor: User) -> None:
    async with open_page(victor, "/live/") as page:
        hub().close()
        await eventually(lambda: page.ended, "the end")


async def test_nothing_breaks_without_redis(web: LinuxAccount, olga: User) -> None:
    await tell(await operation(web, olga, "running"))


async def test_a_page_that_opens_while_the_last_one_closes_hears_what_happens(
    redis_process: RedisServer, web: LinuxAccount, olga: User
) -> None:
    running = await operation(web, olga, "running")
    with hub().stream(frozenset([web.pk])) as first:
        await eventually(first.missed, "it hears")
    with hub().stream(frozenset([web.pk])) as second:
        await eventually(second.missed, "it hears")
        await tell(running)
        received = [await second.next(1.0) for _ in range(4)]
    assert f"operation-{running.pk}" in {answer.event for answer in received if answer}


async def test_a_page_hears_which_rows_changed_and_since_which_version(
    observer: Observer, web: LinuxAccount, engine: Double, victor: User
) -> None:
    engine.put(row("a"), silent=True)
    async with open_page(victor, PAGE) as page, open_page(victor, "/live/") as dashboard:
        await eventually(lambda: page.received("containers"), "the first snapshot")
        before = (await sync_to_async(reader.load)(web)).version
        engine.put(row("a", "exited"), "died")

        def said() -> dict[str, Any]:
            named = [json.loads(data) for name, data in page.events if name == "rows"]
            return next((each for each in named if each["ids"] == row("a").id[:12]), {})

        rows = await eventually(said, "the rows that changed")
        assert rows["version"] > before
        assert (await sync_to_async(reader.load)(web)).version >= rows["version"]
        await eventually(lambda: dashboard.received("account-web"), "the card's event")
        assert not dashboard.received("rows")
        # The numbers on the overview match the list.
        overview = await (await browser(victor)).get("/accounts/web/")
        assert "sse:rows" in overview.content.decode()
