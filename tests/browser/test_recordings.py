"""A recorded terminal in the browser: real Podman, a real shell, the replay of the session."""

import json
import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import findings
from tests.fixtures.browser import ALICE, IMAGE, Console, podman

BEGIN = (
    "from consoleapp.accounts.models import LinuxAccount; from consoleapp.core.actor import "
    "Actor; from consoleapp.policies.versions import write; "
    f"write(LinuxAccount.objects.get(name='{ALICE}'), '''{{text}}''', actor=Actor(user=None))"
)
# Hostile: a title, the clipboard, and a link (its text is not in the typed line).
ESCAPES = (
    r"printf '\033]0;owned\007\033]52;c;b3duZWQ=\007"
    r"\033]8;;https://evil.example/\007pre\163s\033]8;;\007\n'"
)


@pytest.fixture(scope="module")
def shop(console: Console) -> Iterator[str]:
    """Yield a running container on an account whose terminals are recorded."""
    name = f"recorded-{time.monotonic_ns()}"
    done = podman(ALICE, "--runtime", "runc", "run", "-d", "--name", name, IMAGE)
    assert done.returncode == 0, done.stderr
    console.manage("shell", "-c", BEGIN.format(text='terminal = "recorded"'))
    yield name
    console.manage("shell", "-c", BEGIN.format(text=""))
    podman(ALICE, "rm", "--force", "--time", "0", name)


def shell_in(page: Page, name: str) -> None:
    page.goto(f"/accounts/{ALICE}/containers/{name}/terminal/")
    expect(page.locator("#terminal-state")).to_have_text("Open")


def enter(page: Page, line: str, shows: str) -> None:
    page.locator("#terminal-box textarea").press_sequentially(line)
    page.keyboard.press("Enter")
    expect(page.locator("#terminal-box .xterm-rows")).to_contain_text(shows)


def newest(page: Page) -> str:
    """Open the page of the newest recording."""
    page.goto("/audit/recordings/")
    page.locator("#recordings-table tbody a").first.click()
    page.wait_for_url(re.compile(r"/audit/recordings/[0-9a-f-]{36}/$"))
    return page.url


def test_a_recorded_session_is_replayed_as_it_was_typed(
    page: Page, console: Console, shop: str
) -> None:
    shell_in(page, shop)
    expect(page.locator("#recorded-notice")).to_be_visible()
    expect(page.locator("#terminal-box .xterm-rows")).to_contain_text("This session is recorded.")
    enter(page, "echo first-$((40+2))", "first-42")
    enter(page, ESCAPES, "press")
    enter(page, "sleep 3; echo second-$((40+3))", "second-43")
    page.keyboard.type("exit\n")
    expect(page.locator("#terminal-state")).to_have_text("Not open")

    address = newest(page)
    rows = page.locator("#replay-terminal .xterm-rows")
    expect(page.get_by_text("the command ended (exit code 0)")).to_be_visible()
    page.get_by_label("Speed").select_option("4")
    page.locator("#replay-begin").click()
    expect(rows).to_contain_text("first-42")
    expect(rows).to_contain_text("second-43")
    expect(page.locator("#replay-play")).to_have_attribute("aria-label", "Play")
    assert "owned" not in page.title()
    link = rows.get_by_text("press").last.bounding_box()
    assert link
    page.mouse.click(link["x"] + 3, link["y"] + 3)
    assert page.url == address
    assert len(page.context.pages) == 1

    page.locator("#replay-seek").focus()
    page.keyboard.press("Home")
    expect(rows).not_to_contain_text("first-42")
    page.keyboard.press("End")
    expect(rows).to_contain_text("second-43")
    page.locator("#replay-text summary").click()
    expect(page.locator("#replay-lines")).to_contain_text("second-43")
    assert findings(page) == []

    moment = when_shown(downloaded(page), "first-42")
    page.goto(f"{address}?t={moment + 0.1}")
    expect(rows).to_contain_text("first-42")
    expect(rows).not_to_contain_text("second-43")


def downloaded(page: Page) -> list[str]:
    """Return the lines of the file behind the button."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()
    assert waiting.value.suggested_filename.endswith(".cast")
    return waiting.value.path().read_text().splitlines()


def when_shown(lines: list[str], text: str) -> float:
    """Return the second at which all of `text` was there, whatever its pieces."""
    shown = ""
    for at, code, data in map(json.loads, lines[1:]):
        shown += data if code == "o" else ""
        if text in shown:
            return float(at)
    raise AssertionError(f"never shown: {text}")


def test_a_changed_recording_is_found_by_verify_audit(
    page: Page, console: Console, shop: str
) -> None:
    shell_in(page, shop)
    enter(page, "echo guilty", "guilty")
    page.get_by_role("button", name="Close", exact=True).click()
    key = newest(page).rstrip("/").rpartition("/")[2]
    expect(page.get_by_text("closed by the person")).to_be_visible()
    assert "The history is whole." in console.manage("verify_audit")
    file = console.data / "recordings" / f"{key}.cast"
    text = file.read_bytes()
    file.write_bytes(text.replace(b"guilty", b"honest"))
    with pytest.raises(AssertionError, match="faults"):
        console.manage("verify_audit")
    file.write_bytes(text)
    assert "The history is whole." in console.manage("verify_audit")


def test_what_pours_out_is_slowed_down_and_ctrl_c_still_works(
    page: Page, console: Console, shop: str
) -> None:
    shell_in(page, shop)
    page.locator("#terminal-box textarea").press_sequentially("yes")
    page.keyboard.press("Enter")
    expect(page.locator("#terminal-box .xterm-rows")).to_contain_text("y")
    page.wait_for_timeout(2000)
    page.keyboard.press("Control+c")
    enter(page, "echo done-$((1+1))", "done-2")
    page.get_by_role("button", name="Close", exact=True).click()
    newest(page)
    files = (console.data / "recordings").iterdir()
    assert max(file.stat().st_size for file in files) < 60 << 20
