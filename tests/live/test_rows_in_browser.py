"""The list of containers in a real browser becomes correct, whatever happens while it is drawn."""

import asyncio
import random
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
import uvicorn
from django.conf import settings
from playwright.async_api import Page, Route, async_playwright

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.observer.observer import Observer
from consoleapp.snapshots import reader
from tests.fixtures.live import browser
from tests.live.engine_double import Double, row
from tests.machine import free_port
from tests.waiting import PATIENCE, eventually

LIST = "/accounts/web/containers/?rows=500"
RELOAD = "htmx.trigger('#containers-table', 'sse:hello')"
# Counts the page's unused responses, and records the newest version that it was told.
WATCH = """
  window.told = { version: 0, busy: 0, requests: 0 };
  const begin = () => { told.busy += 1; told.requests += 1; };
  const end = () => setTimeout(() => { told.busy -= 1; }, 50);
  const { fetch, EventSource } = window;
  const { text } = Response.prototype;
  const { send } = XMLHttpRequest.prototype;
  window.fetch = (...given) => { begin(); return fetch(...given).finally(end); };
  Response.prototype.text = function () { begin(); return text.call(this).finally(end); };
  XMLHttpRequest.prototype.send = function (...given) {
    begin();
    this.addEventListener("loadend", end);
    send.apply(this, given);
  };
  window.EventSource = class extends EventSource {
    constructor(...given) {
      super(...given);
      this.addEventListener("rows", ({ data }) => { told.version = JSON.parse(data).version; });
    }
  };
"""
# Rows that are still wrong when the page was told a version, has fetched everything, and has
# fetched nothing more for a second. Counted in turns of its own timers, since it may stall.
WRONG = """async ([version, expected]) => {
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
  const isWrong = (id) => document.getElementById(id)?.dataset.state !== expected[id];
  for (;;) {
    while (told.version < version || told.busy) await pause();
    const before = told.requests;
    for (let turn = 0; told.requests === before; turn += 1) {
      const wrong = Object.keys(expected).filter(isWrong);
      if (!wrong.length || turn > 50) return wrong;
      await pause();
    }
  }
}"""
STATES = """() => Object.fromEntries(
  [...document.querySelectorAll('#containers-table tbody > tr')]
    .map((row) => [row.id, row.dataset.state])
)"""


@pytest.fixture
async def site(observer: Observer, web: LinuxAccount) -> AsyncIterator[str]:
    """Yield the console's address, served by this event loop."""
    from consoleapp.asgi import application

    port = free_port()
    config = uvicorn.Config(application, port=port, lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started, "the console serves")
    yield f"http://localhost:{port}"
    server.should_exit = server.force_exit = True
    await asyncio.gather(serving, return_exceptions=True)


@pytest.fixture
async def page(site: str, victor: User) -> AsyncIterator[Page]:
    """Open a tab of victor's in a slow browser."""
    client = await browser(victor)
    name = settings.SESSION_COOKIE_NAME
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        context = await chromium.new_context(base_url=site)
        context.set_default_timeout(120_000)
        await context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": site}]
        )
        tab = await context.new_page()
        devtools = await context.new_cdp_session(tab)
        await tab.add_init_script(WATCH)
        await devtools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        yield tab
        await chromium.close()


async def shows(page: Page, engine: Double) -> bool:
    there = {f"container-{each.id[:12]}": each.state for each in engine.containers.values()}
    return bool(await page.evaluate(STATES) == there)


async def wrong(page: Page, engine: Double, web: LinuxAccount) -> list[str]:
    """Return what the list shows wrong although the observer and the page know better."""

    async def version() -> int:
        found = await reader.fresh(web)
        states = (
            {each.id: each.state for each in found.snapshot.containers} if found.snapshot else {}
        )
        there = {each.id: each.state for each in engine.containers.values()}
        return found.version if states == there else 0

    known = await eventually(version, "the observer knows")
    expected = {f"container-{each.id[:12]}": each.state for each in engine.containers.values()}
    async with asyncio.timeout(PATIENCE):
        return list(await page.evaluate(WRONG, [known, expected]))


async def quiet(page: Page) -> None:
    """Wait until the page has requested something and used every response."""
    await eventually(lambda: page.evaluate("told.requests > 0 && !told.busy"), "the page is quiet")


async def opened(page: Page, engine: Double, web: LinuxAccount) -> None:
    await reader.fresh(web)
    async with page.expect_response(lambda answer: "/live/" in answer.url):
        await page.goto(LIST)
    await eventually(lambda: shows(page, engine), "the list is there")
    # The stream's first event makes the page fetch the table once.
    await quiet(page)


async def test_no_row_stays_wrong_while_tables_are_drawn_anew(
    page: Page, engine: Double, web: LinuxAccount
) -> None:
    for number in range(60):
        engine.put(row(f"{number:02} old"), silent=True)
    await opened(page, engine, web)
    chance = random.Random(16)
    reloads = []
    for number in range(200):
        name = f"{number:03} new"
        engine.put(row(name, "created"), "create")
        if number % 2 == 0:
            reloads.append(asyncio.create_task(page.evaluate(RELOAD)))
        await asyncio.sleep(chance.random() * 0.05)
        engine.put(row(name, "running"), "start")
        await asyncio.sleep(chance.random() * 0.02)
        if number % 10 == 9:  # no later event may hide that this one was lost
            assert not await wrong(page, engine, web)
    await asyncio.gather(*reloads)
    assert not await wrong(page, engine, web)
    await eventually(lambda: shows(page, engine), "no other row is there")


async def test_one_start_fetches_one_row_and_puts_it_in_its_place(
    page: Page, engine: Double, web: LinuxAccount
) -> None:
    for name in ("a1", "a3", "a5"):
        engine.put(row(name), silent=True)
    await opened(page, engine, web)
    wanted: list[str] = []
    page.on("request", lambda request: wanted.append(request.url))
    engine.put(row("a2"), "start")
    await eventually(lambda: shows(page, engine), "the row is there")
    order = "[...document.querySelectorAll('#containers-table tbody > tr')].map((row) => row.id)"
    assert await page.evaluate(order) == [
        f"container-{row(name).id[:12]}" for name in ("a1", "a2", "a3", "a5")
    ]
    assert await page.evaluate("document.querySelector('[data-piece=pager]').innerText.trim()")
    assert "4" in await page.evaluate("document.querySelector('[data-piece=pager]').innerText")
    lists = [url for url in wanted if urlsplit(url).path == urlsplit(LIST).path]
    assert not lists
    queries = [parse_qs(urlsplit(url).query) for url in wanted if "~rows" in url]
    assert queries
    assert all(query["ids"] == [row("a2").id[:12]] for query in queries)


async def test_a_row_that_goes_and_a_list_that_empties_and_fills(
    page: Page, engine: Double, web: LinuxAccount
) -> None:
    engine.put(row("a"), silent=True)
    engine.put(row("b"), silent=True)
    await opened(page, engine, web)
    for name in ("a", "b"):
        gone = engine.containers.pop(row(name).id)
        engine.say("container", "remove", gone.id)
        await eventually(lambda: shows(page, engine), "the row has gone")
    await page.get_by_text("No containers yet").wait_for()
    engine.put(row("c"), "start")
    await eventually(lambda: shows(page, engine), "the first row is there")


async def test_what_is_chosen_by_a_filter_is_kept_to(
    page: Page, engine: Double, web: LinuxAccount
) -> None:
    engine.put(row("db-1"), silent=True)
    engine.put(row("web-1"), silent=True)
    await opened(page, engine, web)
    await page.get_by_label("Search containers").fill("db")
    mine = f"container-{row('db-1').id[:12]}"

    async def is_just(ids: set[str]) -> bool:
        return set(await page.evaluate(STATES)) == ids

    await eventually(lambda: is_just({mine}), "the filter")
    engine.put(row("web-2"), "start")
    engine.put(row("db-2"), "start")
    await eventually(
        lambda: is_just({mine, f"container-{row('db-2').id[:12]}"}), "what the filter finds"
    )


@pytest.mark.parametrize("held", ["filter", "reload"])
async def test_a_filter_and_a_reload_under_way_at_once_end_filtered(
    page: Page, engine: Double, web: LinuxAccount, held: str
) -> None:
    engine.put(row("db-1"), silent=True)
    engine.put(row("web-1"), silent=True)
    await opened(page, engine, web)
    sent, answer = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        sent.set()
        await answer.wait()
        await route.continue_()

    def is_list(url: str) -> bool:
        return urlsplit(url).path == urlsplit(LIST).path

    def is_held(url: str) -> bool:
        return is_list(url) and ("q=db" in url) == (held == "filter")

    async def filter_list() -> None:
        await page.get_by_label("Search containers").fill("db")

    async def reload() -> None:
        await page.evaluate(RELOAD)

    await page.route(is_held, hold)
    first, second = (filter_list, reload) if held == "filter" else (reload, filter_list)
    await first()
    await sent.wait()
    async with page.expect_response(lambda it: is_list(it.url) and not is_held(it.url)):
        await second()
    answer.set()
    await quiet(page)
    assert list(await page.evaluate(STATES)) == [f"container-{row('db-1').id[:12]}"]
