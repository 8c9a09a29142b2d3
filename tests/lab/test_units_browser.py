"""Units in a browser on a whole host: edit, meet a conflict, keep a container running, follow."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import findings
from tests.fixtures.browser import PASSWORD, browser, sign_in
from tests.fixtures.pictures import Take
from tests.lab.host import Host
from tests.lab.session import IMAGE, PORT, as_account, ask, operate, podman

__all__ = ["browser"]  # a fixture
BASE = "/accounts/carol/units"
FILE = "containers/systemd/note.container"
DISK = f"/home/carol/.config/{FILE}"
TEXT = f"[Container]\nImage={IMAGE}\nContainerName=note\nStopTimeout=0\n"
_PASSWORD = """
from consoleapp.accounts.models import User
admin = User.objects.get(username="admin")
admin.set_password({!r})
admin.save()
"""


@pytest.fixture
def page(browser: Browser, host: Host) -> Iterator[Page]:
    """Open a tab, signed in as administrator. Remove what the test created afterwards."""
    host.run("/root/berth/manage.py", "shell", "-c", _PASSWORD.format(PASSWORD))
    context = browser.new_context(base_url=f"http://127.0.0.1:{PORT}")
    tab = context.new_page()
    faults: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    sign_in(tab, "admin", PASSWORD)
    yield tab
    context.close()
    for row in ask(host, "carol", "units"):
        if row["file"]:
            operate(host, "carol", "unit.delete", file=row["file"])
    podman(host, "carol", "rm", "--all", "--force", "--time", "0")
    assert not faults


def compare(page: Page) -> None:
    page.get_by_role("button", name="Compare and save").click()
    expect(page.locator("#compare-dialog")).to_be_visible()


def save(page: Page) -> None:
    compare(page)
    page.locator("#unit-save").click()


def written(page: Page) -> None:
    """Save a new file in the editor."""
    page.goto(f"{BASE}/new/?kind=container")
    page.locator("#unit-name").fill("note")
    page.locator("#unit-text").fill(TEXT)
    save(page)
    expect(page.locator("#saving [data-saved]")).to_be_visible()


def test_a_problem_is_shown_at_its_line_and_then_the_file_is_written(
    page: Page, host: Host
) -> None:
    page.goto(f"{BASE}/new/?kind=container")
    page.locator("#unit-text").fill(TEXT + "Nonsense=1\n")
    problem = page.locator("#problems [data-line='5']")
    expect(problem).to_contain_text("Nonsense")
    expect(page.locator(".editor-gutter .is-error")).to_have_text("5")
    written(page)
    assert as_account(host, "carol", "cat", DISK) == TEXT
    page.goto(f"{BASE}/note.service/")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#unit-head .state").first).to_have_text("active (running)")
    page.goto(f"{BASE}/note.service/journal/")
    expect(page.locator(".log-row").first).to_be_visible()


def test_a_file_that_changed_meanwhile_is_not_overwritten_and_no_text_is_lost(
    page: Page, host: Host
) -> None:
    written(page)
    page.goto(f"{BASE}/edit/?file={FILE}")
    text = page.locator("#unit-text")
    text.fill(TEXT + "Label=mine=1\n")
    as_account(host, "carol", "sh", "-c", f"echo 'Label=theirs=1' >> {DISK}")
    compare(page)
    expect(page.locator("#compare")).to_contain_text("changed on the disk since you opened it")
    expect(page.locator(".diff-line.is-removed")).to_contain_text("Label=theirs=1")
    page.locator("#unit-save").click()
    expect(page.locator("#saving")).to_contain_text("Not saved")
    assert "Label=theirs=1" in as_account(host, "carol", "cat", DISK)
    assert text.input_value() == TEXT + "Label=mine=1\n"
    compare(page)
    page.locator("#instead-of").check()
    page.locator("#unit-save").click()
    expect(page.locator("#saving [data-saved]")).to_be_visible()
    assert "Label=mine=1" in as_account(host, "carol", "cat", DISK)
    page.goto(f"{BASE}/note.service/file/")
    page.get_by_role("button", name="Compare").first.click()
    expect(page.locator(".diff-line.is-added")).to_contain_text("Label=theirs=1")


def test_one_switch_keeps_a_container_running_and_both_lead_to_each_other(
    page: Page, host: Host, take_picture: Take
) -> None:
    podman(host, "carol", "run", "-d", "--stop-signal", "KILL", "--name", "web", IMAGE)
    page.goto("/accounts/carol/containers/web/")
    page.get_by_role("switch", name="Keep running").click()
    button = page.get_by_role("button", name="Keep it running")
    expect(button).to_be_visible()
    take_picture(page, "keep-running")
    button.click()
    expect(page.get_by_text("A unit already keeps it running")).to_be_visible()
    page.get_by_role("link", name="Show the unit").click()
    page.locator("#unit-head").get_by_role("link", name="web", exact=True).click()
    expect(page.get_by_role("switch")).to_have_attribute("aria-checked", "true")
    # Leaving the page cancels a pending request.
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.get_by_role("button", name="Stop unit").click()
    page.goto(f"{BASE}/web.service/")
    # One that ends by SIGKILL (here its stop signal) leaves its unit "failed".
    over = re.compile("^(inactive|failed)$")
    expect(page.locator("#unit-head .state").first).to_have_text(over)


def test_no_page_of_units_has_a_serious_or_critical_finding(page: Page, host: Host) -> None:
    written(page)
    found = {}
    for path in (
        *("", "journal/", "updates/", "new/?kind=container", f"edit/?file={FILE}"),
        *("note.service/", "note.service/journal/", "note.service/file/"),
    ):
        page.goto(f"{BASE}/{path}")
        expect(page.locator("main .loading").locator("visible=true")).to_have_count(0)
        if grave := findings(page):
            found[path] = grave
    assert not found


def test_what_happens_at_a_shell_changes_the_row_by_itself(page: Page, host: Host) -> None:
    written(page)
    page.goto(f"{BASE}/")
    row = page.get_by_role("row").filter(has_text="note.service")
    expect(row.locator(".state").first).to_have_text("inactive")
    as_account(host, "carol", "systemctl", "--user", "start", "note.service")
    expect(row.locator(".state").first).to_have_text("active (running)")


def test_a_deleted_file_is_restored_and_its_text_stands_there(page: Page, host: Host) -> None:
    written(page)
    operate(host, "carol", "unit.delete", file=FILE)
    page.goto(f"{BASE}/edit/?file={FILE}")
    page.get_by_role("button", name="Restore").first.click()
    expect(page.get_by_text("This file does not exist now")).to_be_hidden()
    expect(page.locator("#unit-text")).to_have_value(TEXT)
