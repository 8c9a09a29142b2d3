"""The catalog: a filled-in parameter appears on a page at the shown address; newer versions."""

import re
import time
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.browser import ALICE, IMAGE, podman
from tests.waiting import PATIENCE, until

SCRIPT = "echo $GREETING $EXTRA >> /data/index.html && exec httpd -f -p 8080 -h /data"


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    podman(ALICE, "rm", "--all", "--force", "--time", "0")
    podman(ALICE, "volume", "rm", "--all", "--force")


def make(page: Page, name: str) -> str:
    """Create a template with a greeting and a port to fill in. Return the path of its page."""
    page.goto("/catalog/new/")
    page.get_by_label("Name", exact=True).first.fill(name)
    page.get_by_label("Description").fill("A page that **greets**.")
    for number, (called, kind) in enumerate((("greeting", "text"), ("port", "port"))):
        page.get_by_role("button", name="Add a parameter").click()
        page.get_by_label("Parameter's name").nth(number).fill(called)
        page.get_by_label("Type").nth(number).select_option(kind)
    page.get_by_label("Image", exact=True).fill(IMAGE)
    page.get_by_label("Command", exact=True).first.fill(f"sh -c '{SCRIPT}'")
    page.locator("summary", has_text="Environment").click()
    page.locator("summary", has_text="Volumes").click()
    for section in ("Ports", "Volumes", "Environment"):
        card = page.locator("details.launch-section", has=page.get_by_text(section, exact=True))
        card.get_by_role("button", name="Add a line").click()
    page.locator("[name=ports-host]").fill("${port}")
    page.locator("[name=ports-container]").fill("8080")
    page.locator("[name=volumes-source]").fill("greetings")
    page.locator("[name=volumes-target]").fill("/data")
    page.locator("[name=environment-name]").fill("GREETING")
    page.locator("[name=environment-value]").fill("${greeting}")
    preview = page.locator("#template-preview")
    expect(preview).to_contain_text("podman run -d")
    expect(preview.locator("strong")).to_have_text("greets")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile(r"/catalog/\d+/$"))
    return re.sub(r"^https?://[^/]+", "", page.url)


def succeeded(page: Page) -> str:
    """Wait for the operation. Return the address that it shows."""
    page.wait_for_url("**/operations/*/")
    expect(page.locator("main .state").first).to_have_text("succeeded")
    return str(page.locator("a.address").get_attribute("href"))


def served(address: str) -> str:
    def answer() -> str:
        try:
            return str(urllib.request.urlopen(address, timeout=PATIENCE).read().decode())
        except OSError:
            return ""

    return until(answer, f"something is served at {address}")


def test_a_parameter_becomes_a_served_page_and_a_newer_version_takes_its_place(page: Page) -> None:
    path = make(page, f"Greeter {time.monotonic_ns()}")
    page.get_by_label("Run as").select_option(ALICE)
    page.get_by_label("Name").fill("greeter")
    page.get_by_label("Greeting").fill("good-morning")
    page.get_by_role("button", name="Launch").click()
    address = succeeded(page)
    assert re.search(r":2\d{4}/$", address)
    assert served(address).split() == ["good-morning"]

    page.goto(f"{path}edit/")
    page.get_by_label("What is new in this version").fill("It says more.")
    page.get_by_role("button", name="Add a line").nth(2).click()
    page.locator("[name=environment-name]").nth(1).fill("EXTRA")
    page.locator("[name=environment-value]").nth(1).fill("again")
    page.get_by_role("button", name="Save as version 2").click()
    page.wait_for_url(f"**{path}")

    page.goto(f"/accounts/{ALICE}/containers/greeter/")
    expect(page.get_by_text("A newer version of")).to_contain_text("It says more.")
    page.get_by_role("link", name="View changes and relaunch").click()
    expect(page.locator(".diff-added")).to_contain_text(["EXTRA: again"])
    page.get_by_role("button", name="Relaunch", exact=True).click()
    assert succeeded(page) == address
    # The named volume still contains what the first one wrote.
    assert served(address).split() == ["good-morning", "good-morning", "again"]
    names = podman(ALICE, "ps", "--all", "--format", "{{.Names}}").stdout.split()
    assert names == ["greeter"]
    page.goto(f"/accounts/{ALICE}/containers/greeter/")
    expect(page.get_by_text("A newer version of")).to_have_count(0)


def test_a_newer_version_that_cannot_start_leaves_the_old_container_running(page: Page) -> None:
    path = make(page, f"Breaks {time.monotonic_ns()}")
    page.get_by_label("Run as").select_option(ALICE)
    page.get_by_label("Name").fill("steady")
    page.get_by_label("Greeting").fill("still-here")
    page.get_by_role("button", name="Launch").click()
    address = succeeded(page)
    page.goto(f"{path}edit/")
    page.get_by_label("Command", exact=True).first.fill("no-such-program")
    page.get_by_role("button", name="Save as version 2").click()
    page.wait_for_url(f"**{path}")
    page.goto(f"/catalog/relaunch/{ALICE}/steady/")
    page.get_by_role("button", name="Relaunch", exact=True).click()
    page.wait_for_url("**/operations/*/")
    expect(page.locator("main .state").first).to_have_text("failed")
    assert "still-here" in served(address)
    assert podman(ALICE, "ps", "--all", "--format", "{{.Names}}").stdout.split() == ["steady"]


def test_a_template_is_made_from_a_running_container_without_its_secrets(page: Page) -> None:
    made = podman(
        *(ALICE, "--runtime", "runc", "run", "-d", "--name", "by-hand", "-p", "18181:8080"),
        *("-e", "DB_PASSWORD=hunter2", "-e", "COLOUR=blue", IMAGE),
    )
    assert made.returncode == 0, made.stderr
    page.goto(f"/catalog/new/?account={ALICE}&container=by-hand")
    expect(page.get_by_label("Image", exact=True)).to_have_value(IMAGE)
    values = page.locator("[name=environment-value]")
    expect(page.get_by_label("Parameter's name").first).to_have_value("db_password")
    assert "hunter2" not in page.content()
    assert {values.nth(0).input_value(), values.nth(1).input_value()} == {"${db_password}", "blue"}
