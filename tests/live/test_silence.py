"""Pages show that a connected engine does not answer, and when it answers again."""

import pytest
from asgiref.sync import sync_to_async

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.observer import follower, silence
from consoleapp.observer.observer import Observer
from consoleapp.snapshots import reader
from tests.fixtures.live import browser, open_page
from tests.live.engine_double import Double, row
from tests.waiting import eventually

PAGE = "/live/accounts/web/"
load = sync_to_async(reader.load, thread_sensitive=False)
PAGES = ("", "containers/", "images/", "units/", "builds/", "registries/", "containers/a/")


async def followed(web: LinuxAccount) -> None:
    """Wait for a snapshot: on a busy machine, a single `fresh` accepts a silent engine."""

    async def live() -> bool:
        return (await reader.fresh(web)).live

    await eventually(live, "the account is followed")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "SILENT_AFTER", 1.0)
    monkeypatch.setattr(follower, "LOOK_EVERY", 0.1)


async def test_without_heartbeats_every_page_says_so_until_there_are_some(
    observer: Observer, web: LinuxAccount, engine: Double, victor: User
) -> None:
    engine.put(row("a"), silent=True)
    await followed(web)
    client = await browser(victor)
    async with open_page(client, PAGE) as page:
        engine.say("system", "heartbeat")

        async def silent() -> bool:
            return (await load(web)).silent > 0

        await eventually(silent, "it is silent")
        await eventually(lambda: page.received("silence"), "the page hears of it")
        assert not (await load(web)).live
        assert "No answer for" in (await load(web)).trouble
        for path in PAGES:
            shown = (await client.get(f"/accounts/web/{path}")).content.decode()
            assert "has not responded for" in shown, path
        assert "No answer for" in (await client.get("/")).content.decode()
        assert (await load(web)).snapshot.containers[0].name == "a"

        page.events.clear()

        async def live() -> bool:
            engine.say("system", "heartbeat")
            return (await load(web)).live

        await eventually(live, "it is live again")
        await eventually(lambda: page.received("silence"), "the page hears of that too")
        shown = (await client.get("/accounts/web/silence/")).content.decode()
        assert "no answer" not in shown


async def test_a_question_without_an_answer_counts_although_the_heart_beats(
    observer: Observer, web: LinuxAccount, engine: Double
) -> None:
    engine.put(row("a"), silent=True)
    await followed(web)
    engine.answering.clear()
    engine.put(row("a", "exited"), "died")

    async def silent() -> bool:
        engine.say("system", "heartbeat")
        return (await load(web)).silent > 0

    await eventually(silent, "it is silent")
    engine.answering.set()

    async def exited() -> bool:
        engine.say("system", "heartbeat")
        known = await load(web)
        return known.live and known.snapshot.containers[0].state == "exited"

    await eventually(exited, "the answer came")


async def test_an_engine_without_heartbeats_of_its_own_is_not_called_silent(
    observer: Observer, web: LinuxAccount, engine: Double
) -> None:
    await followed(web)
    watched = observer._followers[web.pk][0]._silence
    watched._answered_at -= 100.0
    assert not watched.look()
    assert (await load(web)).live


async def test_an_engine_that_never_began_to_speak_is_silent() -> None:
    watched = silence.Silence()
    watched.connecting()
    assert not watched.look()
    watched._answered_at -= 100.0
    assert watched.look()
    assert watched.since
    watched.connecting()
    assert not watched.look()  # reported a moment ago, and a new connection is not an answer
    assert watched.since
    watched.answered()
    assert watched.look()
    assert watched.since is None


async def test_after_an_engine_restarts_the_account_is_live_again_soon(
    observer: Observer, web: LinuxAccount, engine: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert follower.BACKOFF[0] <= 0.2  # the aim is to be live within a second
    monkeypatch.setattr(follower, "CALM", 0.0)
    # The longest pause is too long for the test; it was once the first one.
    monkeypatch.setattr(follower, "BACKOFF", (0.2,) * 100 + (600.0,))
    await followed(web)
    await engine.stop()
    await engine.start()

    async def live() -> bool:
        return bool(engine.asked.count("snapshot") > 1 and (await load(web)).live)

    await eventually(live, "it is live")


async def test_many_events_at_once_ask_for_all_and_not_for_each(
    observer: Observer, web: LinuxAccount, engine: Double
) -> None:
    await followed(web)
    engine.asked.clear()
    for number in range(3 * follower.MOST_CONTAINERS):
        engine.put(row(f"c{number}"))
    engine.say("container", "start", "no id at all")

    async def all_there() -> bool:
        return len((await load(web)).snapshot.containers) == 3 * follower.MOST_CONTAINERS

    await eventually(all_there, "all are known")
    assert all(len(query.split()) <= follower.MOST_CONTAINERS + 1 for query in engine.asked)
