"""Measure from `podman run -d` in a shell to its row in an open page of a real browser."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from urllib.parse import quote

from playwright.sync_api import Page, sync_playwright

from tests.bench.console import Console
from tests.bench.launching import PodmanEvents
from tests.bench.lists import fill
from tests.bench.podman import Podman

COMMAND = ["sleep", "600"]
# Records when each row first shows a running container, by the browser's own clock.
NOTE = """
  window.drawn = {};
  const note = () => {
    for (const row of document.querySelectorAll('#containers-table tr[data-state=running]')) {
      const name = row.querySelector('.names a').title;
      window.drawn[name] ??= performance.timeOrigin + performance.now();
    }
  };
  new MutationObserver(note).observe(document, { childList: true, subtree: true });
  note();
"""


@contextmanager
def list_page(console: Console, account: str, path: str = "?rows=500") -> Iterator[Page]:
    """Open the list of containers in a browser, with live events."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        context = chromium.new_context(base_url=console.url)
        context.add_cookies(
            [
                {"name": name, "value": value, "url": console.url}
                for name, value in console.cookies.items()
            ]
        )
        page = context.new_page()
        with page.expect_response(lambda answer: "/live/" in answer.url):
            page.goto(f"/accounts/{quote(account)}/containers/{path}")
        page.evaluate(NOTE)
        yield page
        chromium.close()


@contextmanager
def second(page: Page) -> Iterator[Page]:
    """Open the same page in another tab."""
    tab = page.context.new_page()
    with tab.expect_response(lambda answer: "/live/" in answer.url):
        tab.goto(page.url)
    yield tab
    tab.close()


def drawing(
    console: Console, account: str, podman: Podman, image: str, count: int, runs: int
) -> dict[str, list[float]]:
    """Return milliseconds of the command, and of the row after Podman's event and the command."""
    fill(podman, image, count)
    figures: dict[str, list[float]] = {"command": [], "after start": [], "after command": []}
    with PodmanEvents(podman) as events, list_page(console, account) as page:
        page.wait_for_function(
            "count => document.querySelectorAll('#containers-table tbody > tr').length >= count",
            arg=min(count, 500),
            timeout=120_000,
        )
        for turn in range(runs + 1):
            name = f"bench-{uuid.uuid4().hex[:12]}"
            figures["command"].append(podman.timed("run", "-d", "--name", name, image, *COMMAND))
            over = time.time() * 1000
            handle = page.wait_for_function("name => window.drawn[name]", arg=name, timeout=60_000)
            drawn = float(handle.json_value())
            figures["after start"].append(drawn - events.seen(name, "start") * 1000)
            figures["after command"].append(max(0.0, drawn - over))
            podman("rm", "-f", "-t", "0", name)
            if turn == 0:
                figures = {name: [] for name in figures}
    return figures


def report(figures: dict[str, list[float]], count: int) -> list[tuple[str, str]]:
    """Return the lines of the table."""
    plain, start, after = (
        median(figures[name]) for name in ("command", "after start", "after command")
    )
    worst = max(figures["after command"])
    return [
        (f"podman run -d, {count} rows", f"{plain:8.1f} ms"),
        (
            "  its row, after the command",
            f"{after:8.1f} ms   ratio {(plain + after) / plain:.2f}, worst {worst:.0f} ms "
            "(aim ≤ 100 ms)",
        ),
        ("  its row, after Podman's event", f"{start:8.1f} ms"),
    ]
