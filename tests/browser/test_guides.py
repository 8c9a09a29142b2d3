"""The guides of docs/guides, followed click by click. bin/screenshots takes their pictures here."""

import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_registries import Harbour, harbour
from tests.fixtures.browser import ALICE, IMAGE, Console, at_dashboard, podman
from tests.fixtures.pictures import Take
from tests.machine import free_port
from tests.waiting import PATIENCE

__all__ = ["harbour"]
CONTAINERS = {
    "site": ["--publish", "127.0.0.1::8080", "--label", "team=site"],
    "api": ["--publish", "127.0.0.1::8080", "--env", "DB_PASSWORD=hidden"],
    "worker-mail": ["--volume", "mail:/var/mail"],
    "nightly-report": [],
}
POLICY = """\
privileged = false

[images]
registries = ["localhost", "registry.example"]

[memory]
required = true
most = "1g"
"""


@pytest.fixture
def containers_are_removed() -> Iterator[None]:
    """Remove what a guide has launched."""
    yield
    podman(ALICE, "rm", "--all", "--force", "--time", "0", "--volumes")


def _succeeded(page: Page) -> None:
    page.wait_for_url("**/operations/*/")
    expect(page.locator("main .state").first).to_have_text("succeeded")


@pytest.mark.usefixtures("containers_are_removed")
def test_the_readme_shows_a_list_of_containers(page: Page, take_picture: Take) -> None:
    for name, options in CONTAINERS.items():
        ran = podman(ALICE, "--runtime", "runc", "run", "-d", "--name", name, *options, IMAGE)
        assert ran.returncode == 0, ran.stderr
    podman(ALICE, "kill", "nightly-report")
    page.goto(f"/accounts/{ALICE}/containers/")
    for name in CONTAINERS:
        state = "exited" if name == "nightly-report" else "running"
        expect(page.get_by_role("row").filter(has_text=name)).to_contain_text(state)
    take_picture(page, "containers")


@pytest.mark.usefixtures("containers_are_removed")
def test_first_container(page: Page, take_picture: Take) -> None:
    port = free_port()
    page.goto("/")
    page.get_by_role("link", name=ALICE, exact=True).first.click()
    page.get_by_role("link", name="Containers", exact=True).first.click()
    page.get_by_role("link", name="Launch container").first.click()
    page.locator("summary", has_text="Paste a").click()
    page.get_by_label("Run line").fill(f"podman run -d --name hello -p {port}:8080 {IMAGE}")
    page.get_by_role("button", name="Fill in the form").click()
    expect(page.get_by_label("Name", exact=True).first).to_have_value("hello")
    page.get_by_role("button", name="Launch").click()
    _succeeded(page)
    page.get_by_role("link", name="Show its target").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("hello")
    page.get_by_role("link", name="Logs").first.click()
    page.get_by_role("link", name="Overview", exact=True).last.click()
    served = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE).read()
    assert b"It works" in served
    page.get_by_role("link", name="Containers", exact=True).first.click()
    expect(page.get_by_role("row").filter(has_text="hello")).to_contain_text("running")
    take_picture(page, "first-container")


def test_private_registry(page: Page, harbour: Harbour, take_picture: Take) -> None:
    page.goto(f"/accounts/{ALICE}/registries/")
    page.get_by_role("link", name="Add").first.click()
    page.get_by_label("Prefix").fill(harbour.address)
    page.get_by_label("Insecure: do not verify it").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Accepted").first).to_be_visible()
    page.goto(f"/accounts/{ALICE}/registries/")
    expect(page.get_by_role("row").filter(has_text=harbour.address)).to_contain_text("insecure")
    page.get_by_role("link", name="Sign in", exact=True).first.click()
    page.get_by_role("textbox", name="Registry").fill(harbour.address)
    page.get_by_label("Username").fill("harbour")
    page.get_by_label("Password or token").fill("master-key")
    page.get_by_label("Do not verify the registry's certificate").check()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Accepted").first).to_be_visible()
    page.goto(f"/accounts/{ALICE}/registries/")
    expect(page.get_by_role("row").filter(has_text="harbour")).to_contain_text(harbour.address)
    page.get_by_role("link", name="Browse", exact=True).click()
    page.get_by_role("textbox", name="Registry").fill(harbour.address)
    page.get_by_role("button", name="Browse").click()
    page.get_by_role("link", name="team/app", exact=True).click()
    expect(page.get_by_role("link", name="2", exact=True)).to_be_visible()
    page.goto(f"/accounts/{ALICE}/registries/")
    expect(page.get_by_role("row").filter(has_text="harbour")).to_contain_text(harbour.address)
    take_picture(page, "private-registry")


def test_build_and_push(page: Page, registry: str, take_picture: Take) -> None:
    name = f"{registry}/team/site:1"
    page.goto(f"/accounts/{ALICE}/images/")
    page.get_by_role("link", name="Build image").click()
    page.get_by_label("Name").first.fill(name)
    page.get_by_label("Containerfile", exact=False).first.fill(
        f"FROM {IMAGE}\nRUN echo Hello from Berth > /www/index.html\n"
    )
    page.get_by_role("button", name="Build", exact=True).click()
    _succeeded(page)
    take_picture(page, "build-and-push")
    page.get_by_role("link", name="Show its target").click()
    page.get_by_role("link", name="Push…").first.click()
    expect(page.get_by_label("To", exact=True)).to_have_value(name)
    page.get_by_label("Check the registry's certificate").uncheck()
    page.get_by_role("button", name="Push", exact=True).click()
    expect(page.get_by_text("Accepted").first).to_be_visible()
    page.goto("/operations/")
    row = page.get_by_role("row").filter(has_text="Push image").first
    expect(row.locator(".state")).to_have_text("succeeded")
    podman(ALICE, "rmi", name)


def test_access(page: Page, browser: Browser, console: Console, take_picture: Take) -> None:
    page.goto("/groups/")
    page.get_by_label("Name").fill("Web team")
    page.get_by_role("button", name="Create").click()
    page.goto(f"/accounts/{ALICE}/grants/")
    page.get_by_label("To", exact=True).select_option(label="Web team")
    page.get_by_label("Role").last.select_option("operator")
    page.get_by_role("button", name="Grant").click()
    expect(page.get_by_role("row").filter(has_text="Web team")).to_contain_text("operator")
    page.goto("/users/")
    page.get_by_role("link", name="Invitations").click()
    page.get_by_label("E-mail (optional)").fill("olga@example.com")
    page.get_by_label("Web team").check()
    page.get_by_role("button", name="Create link").click()
    take_picture(page, "access")
    guest = browser.new_context(base_url=console.url).new_page()
    guest.goto(page.locator("#link").inner_text())
    guest.get_by_label("User").first.fill("olga")
    for each in guest.locator("input[type=password]").all():
        each.fill("a-long-password-of-olga")
    guest.get_by_role("button", name="Join").click()
    at_dashboard(guest)
    expect(guest.get_by_role("link", name=ALICE, exact=True).first).to_be_visible()
    guest.context.close()


def test_team_policy(page: Page, take_picture: Take) -> None:
    page.goto("/groups/")
    page.get_by_label("Name").fill("Interns")
    page.get_by_role("button", name="Create").click()
    for name in ("Interns", ALICE):
        _put_in_force(page, name, POLICY)
        expect(page.get_by_text("The policy is in effect.")).to_be_visible()
    page.goto(f"/accounts/{ALICE}/policy/")
    page.get_by_label("A podman run command").fill("podman run -d --privileged docker.io/nginx")
    page.get_by_role("button", name="Check").click()
    card = page.locator("main .card").filter(has_text="Would this be allowed?")
    expect(card).to_contain_text("images.registries")
    take_picture(page, "team-policy", card)
    _put_in_force(page, ALICE, "")
    expect(page.get_by_text("The policy was removed.")).to_be_visible()


def _put_in_force(page: Page, name: str, rules: str) -> None:
    page.goto("/policies/")
    page.locator("main").get_by_role("link", name=name, exact=True).click()
    page.get_by_label("Rules, as TOML").fill(rules)
    page.get_by_role("button", name="Save and apply").click()


def test_backup(page: Page, console: Console, tmp_path: Path, take_picture: Take) -> None:
    copy = tmp_path / "berth"
    copy.mkdir(mode=0o700)
    for name in ("audit-checkpoints.jsonl", "audit-key", "audit-key.pub", "secret-key"):
        shutil.copy(console.data / name, copy)
    subprocess.run(
        ["sqlite3", console.data / "db.sqlite3", f".backup {copy}/db.sqlite3"], check=True
    )
    restored = Console("", copy, console.process)
    assert "admin" in restored.manage(
        "shell", "-c", "from consoleapp.accounts.models import User; print(User.objects.all())"
    )
    restored.manage("verify_audit")
    page.goto("/audit/")
    expect(page.get_by_role("row").filter(has_text="admin").first).to_be_visible()
    take_picture(page, "backup")
