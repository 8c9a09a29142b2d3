"""The first hour: sign in, launch, watch, look inside, remove, and find it in the audit log."""

import re
import time
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.fixtures.browser import ALICE, BOB, IMAGE, Console, podman, sign_in
from tests.machine import free_port
from tests.waiting import PATIENCE


def launch(page: Page, name: str, port: int | None = None) -> None:
    """Launch the demo image with the form, and wait until the console shows it running."""
    page.goto(f"/accounts/{ALICE}/containers/launch/")
    page.get_by_label("Image", exact=True).fill(IMAGE)
    page.get_by_label("Name", exact=True).first.fill(name)
    if port:
        page.get_by_role("button", name="Add a line").first.click()
        page.locator("[name=ports-host]").first.fill(str(port))
        page.locator("[name=ports-container]").first.fill("8080")
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url("**/operations/*/")
    expect(page.locator("main .state").first).to_have_text("succeeded")


@pytest.fixture
def running(page: Page) -> Iterator[str]:
    """Yield a running container of alice's, removed after the test."""
    name = f"web-{time.monotonic_ns()}"
    launch(page, name)
    yield name
    podman(ALICE, "rm", "--force", "--time", "0", name)


def test_a_template_is_a_running_web_server_three_clicks_after_sign_in(page: Page) -> None:
    page.goto("/")
    card = page.get_by_role("article").filter(has_text="Hello web")
    card.get_by_role("button", name=re.compile("^Launch")).click()
    card.get_by_role("link", name=ALICE).click()
    page.wait_for_url("**/catalog/*/?account=*")
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url("**/operations/*/")
    expect(page.locator("main .state").first).to_have_text("succeeded")
    listed = podman(ALICE, "ps", "--format", "{{.Names}} {{.Ports}}").stdout.split()
    assert listed
    port = re.search(r":(\d+)->8080", " ".join(listed))
    assert port
    served = urllib.request.urlopen(f"http://127.0.0.1:{port[1]}/", timeout=PATIENCE).read()
    assert b"It works" in served
    podman(ALICE, "rm", "--all", "--force", "--time", "0")


def test_a_pull_from_a_registry_ends_with_the_image_in_the_list(page: Page, registry: str) -> None:
    reference = f"{registry}/team/app:1"
    pushed = podman(ALICE, "push", "--tls-verify=false", IMAGE, f"docker://{reference}")
    assert pushed.returncode == 0, pushed.stderr
    page.goto(f"/accounts/{ALICE}/images/")
    page.get_by_role("link", name="Pull image").click()
    page.get_by_label("Image", exact=True).fill(reference)
    page.get_by_label("Check the registry's certificate").uncheck()
    page.get_by_role("button", name="Pull", exact=True).click()
    expect(page.locator("#images-table").get_by_role("link", name=reference)).to_be_visible()
    podman(ALICE, "rmi", reference)


def test_a_container_that_dies_elsewhere_changes_its_row_by_itself(
    page: Page, running: str
) -> None:
    page.goto(f"/accounts/{ALICE}/containers/")
    row = page.get_by_role("row").filter(has_text=running)
    expect(row.locator(".state").first).to_have_text("running")
    podman(ALICE, "kill", running)
    expect(row.locator(".state").first).to_contain_text("exited")


def test_logs_are_followed(page: Page) -> None:
    name = f"talk-{time.monotonic_ns()}"
    script = "i=0; while true; do echo line $i; i=$((i+1)); sleep 0.2; done"
    podman(ALICE, "--runtime", "runc", "run", "-d", "--name", name, IMAGE, "sh", "-c", script)
    page.goto(f"/accounts/{ALICE}/containers/")
    expect(page.get_by_role("link", name=name)).to_be_visible()
    page.goto(f"/accounts/{ALICE}/containers/{name}/logs/")
    expect(page.get_by_text("line 3", exact=True)).to_be_visible()
    podman(ALICE, "rm", "--force", "--time", "0", name)


def test_a_line_that_comes_in_pieces_is_one_row_of_the_log(page: Page) -> None:
    name = f"long-{time.monotonic_ns()}"
    script = "printf '%0210000d\\n' 0; echo short"
    podman(ALICE, "--runtime", "runc", "run", "-d", "--name", name, IMAGE, "sh", "-c", script)
    page.goto(f"/accounts/{ALICE}/containers/")
    expect(page.get_by_role("link", name=name)).to_be_visible()
    page.goto(f"/accounts/{ALICE}/containers/{name}/logs/")
    expect(page.get_by_text("short", exact=True)).to_be_visible()
    # With a number of last lines, Podman 4.3 reads only the last piece of a line.
    page.get_by_label("How many lines").select_option(label="All lines")
    expect(page.locator(".log-text").first).to_contain_text("0 … 190,000 more characters")
    expect(page.locator("#logs-count")).to_have_text("2 lines")
    podman(ALICE, "rm", "--force", "--time", "0", name)


def test_a_terminal_runs_commands_in_the_container(page: Page, running: str) -> None:
    page.goto(f"/accounts/{ALICE}/containers/{running}/terminal/")
    page.get_by_role("button", name=re.compile("Open|Connect")).first.click()
    expect(page.locator("#terminal-state")).to_have_text("Open")
    page.locator(".xterm-helper-textarea").focus()
    page.keyboard.type("echo $((40+2))-is-it\n")
    expect(page.locator(".xterm-rows")).to_contain_text("42-is-it")


def test_stop_and_remove_leave_nothing_and_the_audit_tells_it_all(page: Page) -> None:
    name = f"brief-{time.monotonic_ns()}"
    port = free_port()
    launch(page, name, port)
    assert (
        b"It works" in urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE).read()
    )
    page.goto(f"/accounts/{ALICE}/containers/{name}/")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#container-head .state").first).to_contain_text("exited")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name="Remove…").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("This container no longer exists.")).to_be_visible()
    assert podman(ALICE, "container", "exists", name).returncode == 1
    page.goto(f"/audit/?q={name}")
    for kind in ("container.run", "container.stop", "container.remove"):
        expect(page.locator("main")).to_contain_text(kind)


def test_a_name_that_is_taken_is_said_at_the_field_and_nothing_is_lost(
    page: Page, running: str
) -> None:
    page.goto(f"/accounts/{ALICE}/containers/launch/")
    page.get_by_label("Image", exact=True).fill(IMAGE)
    page.get_by_label("Name", exact=True).first.fill(running)
    page.get_by_role("button", name="Launch").click()
    expect(page.locator("#launch-name-error")).to_contain_text("Another container has this name")
    expect(page.get_by_label("Image", exact=True)).to_have_value(IMAGE)


def test_a_pasted_line_fills_the_form_and_says_what_it_left_out(
    page: Page, console: Console
) -> None:
    page.goto(f"/accounts/{ALICE}/containers/launch/")
    page.locator("summary", has_text="Paste a").click()
    page.get_by_label("Run line").fill(
        "docker run -d --name x1 --privileged -p 8080:80 -e A=b nginx:1"
    )
    page.get_by_role("button", name="Fill in the form").click()
    expect(page.get_by_text("--privileged", exact=True)).to_be_visible()
    expect(page.get_by_label("Name", exact=True).first).to_have_value("x1")
    expect(page.locator("[name=ports-host]").first).to_have_value("8080")


def test_who_may_see_bob_neither_sees_nor_touches_alice(
    browser: Browser, console: Console, running: str
) -> None:
    script = (
        "from consoleapp.accounts.models import *;"
        "u,_=User.objects.get_or_create(username='guest');u.set_password('guest-password-123');u.save();"
        f"Grant.objects.get_or_create(user=u,account=LinuxAccount.objects.get(name='{BOB}'),role='viewer')"
    )
    console.manage("shell", "-c", script)
    context = browser.new_context(base_url=console.url)
    tab = context.new_page()
    sign_in(tab, "guest", "guest-password-123")
    assert ALICE not in tab.content()
    for path in ("", "containers/", f"containers/{running}/", "images/"):
        response = tab.goto(f"/accounts/{ALICE}/{path}")
        assert response is not None
        assert response.status == 404, path
    response = tab.goto(f"/accounts/{BOB}/containers/launch/")
    assert response is not None
    assert response.status == 403
    context.close()
