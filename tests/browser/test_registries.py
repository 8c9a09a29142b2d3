"""The registries pages: add one, log in, search, browse, inspect, and copy from it."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.browser import ALICE, IMAGE, Console, podman
from tests.fixtures.registries import Registries, Server

AT = f"/accounts/{ALICE}/registries/"


@dataclass(frozen=True)
class Harbour:
    """A registry with a login (harbour / master-key) that contains team/app:1 and :2."""

    server: Server

    @property
    def address(self) -> str:
        return self.server.address

    def digest(self, name: str) -> str:
        """Return the digest of a name."""
        message = subprocess.run(
            ["skopeo", "inspect", "--tls-verify=false", "--creds=harbour:master-key"]
            + [f"docker://{self.address}/{name}"],
            check=True,
            capture_output=True,
        )
        return str(json.loads(message.stdout)["Digest"])


@pytest.fixture(scope="module")
def harbour(console: Console, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    place: Path = tmp_path_factory.mktemp("harbour")
    word = subprocess.run(
        ["htpasswd", "-Bbn", "harbour", "master-key"], capture_output=True, text=True, check=True
    )
    (place / "htpasswd").write_text(word.stdout)
    registries = Registries(place)
    server = registries.start(
        "harbour", more=f"auth: {{htpasswd: {{realm: harbour, path: {place}/htpasswd}}}}\n"
    )
    for tag in ("1", "2"):
        pushed = podman(
            *(ALICE, "push", "--tls-verify=false", "--creds=harbour:master-key"),
            *(IMAGE, f"{server.address}/team/app:{tag}"),
        )
        assert pushed.returncode == 0, pushed.stderr
    yield Harbour(server)
    registries.end()


def test_a_registry_from_its_first_mention_to_a_copy(page: Page, harbour: Harbour) -> None:
    _add(page, harbour)
    _sign_in(page, harbour)
    _search(page, harbour)

    page.goto(AT)
    page.get_by_role("link", name="Browse", exact=True).click()
    page.get_by_role("textbox", name="Registry").fill(harbour.address)
    page.get_by_role("button", name="Browse").click()
    page.get_by_role("link", name="team/app", exact=True).click()
    expect(page.get_by_role("link", name="2", exact=True)).to_be_visible()
    page.get_by_label("Filter tags").fill("2")
    page.get_by_role("button", name="List tags").click()
    expect(page.get_by_role("link", name="1", exact=True)).to_have_count(0)
    page.get_by_role("link", name="2", exact=True).click()
    expect(page.locator("dl.kv")).to_contain_text(harbour.digest("team/app:2"))
    expect(page.locator("dl.kv")).to_contain_text("httpd")

    page.get_by_role("link", name="Copy…").click()
    expect(page.get_by_label("From", exact=True)).to_have_value(f"{harbour.address}/team/app:2")
    page.get_by_label("To", exact=True).fill("nowhere")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator(".errorlist")).to_be_visible()
    page.get_by_label("To", exact=True).fill(f"{harbour.address}/copied/app:2")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Accepted").first).to_be_visible()
    _succeeded(page, "Copy image")
    assert harbour.digest("copied/app:2") == harbour.digest("team/app:2")


def test_an_update_is_looked_for_on_demand(page: Page, registry: str) -> None:
    name = f"{registry}/browser/update:1"
    podman(ALICE, "tag", IMAGE, name)
    pushed = podman(ALICE, "push", "--tls-verify=false", name)
    assert pushed.returncode == 0, pushed.stderr
    page.goto(f"/accounts/{ALICE}/images/?q=browser/update")
    expect(page.locator("#images-table")).to_contain_text(name)
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Check for updates").click()
    # The registry has no TLS, and the account does not allow that, so no query is possible.
    expect(page.locator("#updates")).to_contain_text("could not be compared")
    podman(ALICE, "untag", IMAGE, name)


def _add(page: Page, harbour: Harbour) -> None:
    page.goto(AT)
    page.get_by_role("link", name="Add").first.click()
    page.get_by_label("Prefix").fill(harbour.address)
    page.get_by_label("Insecure: do not verify it").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Accepted").first).to_be_visible()
    _succeeded(page, "Change registries")
    page.goto(AT)
    expect(page.get_by_role("row").filter(has_text=harbour.address).first).to_contain_text(
        "insecure"
    )


def _sign_in(page: Page, harbour: Harbour) -> None:
    page.get_by_role("link", name="Sign in", exact=True).click()
    for password, state in (("wrong", "failed"), ("master-key", "succeeded")):
        page.goto(f"{AT}login/?registry={harbour.address}")
        page.get_by_label("Username").fill("harbour")
        page.get_by_label("Password or token").fill(password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("Accepted").first).to_be_visible()
        page.goto("/operations/?q=registry.login")
        row = page.get_by_role("row").filter(has_text=harbour.address).first
        expect(row.locator(".state").first).to_have_text(state)
    page.goto(AT)
    expect(page.get_by_role("row").filter(has_text="harbour").last).to_be_visible()


def _search(page: Page, harbour: Harbour) -> None:
    page.get_by_role("link", name="Search", exact=True).click()
    page.get_by_label("Search for").fill(f"{harbour.address}/app")
    page.get_by_role("button", name="Search").click()
    found = page.get_by_role("link", name=f"{harbour.address}/team/app")
    expect(found).to_be_visible()


def _succeeded(page: Page, label: str) -> None:
    page.goto("/operations/")
    row = page.get_by_role("row").filter(has_text=label).first
    expect(row.locator(".state").first).to_have_text("succeeded")
