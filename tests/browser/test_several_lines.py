"""Multi-line values, from a pasted line to the container, as a browser posts them."""

import json
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.browser import ALICE, IMAGE, podman

LINE = f"""podman run -e 'C=one
\ttwo
' -e DB_PASSWORD=hunter2 {IMAGE} sh -c 'echo a
exec sleep 999' # note"""


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    podman(ALICE, "rm", "--all", "--force", "--time", "0")


def inspected(name: str) -> tuple[set[str], list[str]]:
    config = json.loads(podman(ALICE, "inspect", name).stdout)[0]["Config"]
    return set(config["Env"]), config["Cmd"]


def ended(page: Page) -> None:
    page.wait_for_url("**/operations/*/")
    expect(page.locator("main .state").first).to_have_text("succeeded", timeout=30_000)


def test_a_pasted_line_and_its_relaunch_keep_every_line_break(page: Page) -> None:
    name = f"lines-{time.monotonic_ns()}"
    page.goto(f"/accounts/{ALICE}/containers/launch/")
    page.locator("summary", has_text="Paste a").click()
    page.locator("textarea[name=line]").fill(LINE)
    page.get_by_role("button", name="Fill in the form").click()
    message = page.get_by_role("status").filter(has_text="Some options do not fit in the form")
    expect(message).to_contain_text("# note")
    expect(message).to_contain_text("Line 4, column 17")
    page.get_by_label("Name", exact=True).first.fill(name)
    expect(page.locator("#launch-preview")).to_contain_text("read -rs DB_PASSWORD")
    page.get_by_role("button", name="Launch").click()
    ended(page)
    environment, command = inspected(name)
    assert {"C=one\n\ttwo\n", "DB_PASSWORD=hunter2"} <= environment
    assert command == ["sh", "-c", "echo a\nexec sleep 999"]
    assert "hunter2" not in page.content()

    page.get_by_role("link", name="Launch with changes").click()
    page.get_by_label("Name", exact=True).first.fill(f"{name}-again")
    values = page.locator("[name=environment-value]")
    values.nth(1).fill("hunter3")
    page.get_by_role("button", name="Launch").click()
    ended(page)
    environment, command = inspected(f"{name}-again")
    assert {"C=one\n\ttwo\n", "DB_PASSWORD=hunter3"} <= environment
    assert command == ["sh", "-c", "echo a\nexec sleep 999"]
