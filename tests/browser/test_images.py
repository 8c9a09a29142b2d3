"""An image is inspected, pushed to a registry, shared with another account, and saved."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.browser import ALICE, BOB, IMAGE, podman

LIST = f"/accounts/{ALICE}/images/"


@pytest.fixture
def image(page: Page) -> Iterator[str]:
    """Open the page of alice's image."""
    page.goto(LIST)
    page.locator("#images-table").get_by_role("link", name=IMAGE).first.click()
    expect(page.get_by_role("heading", name=IMAGE)).to_be_visible()
    yield page.url
    podman(BOB, "rmi", "--all", "--force")


def test_the_files_of_a_layer_are_found(page: Page, image: str) -> None:
    page.get_by_role("link", name="Files").first.click()
    expect(page.get_by_text("/bin/busybox", exact=True)).to_be_visible()
    page.get_by_label("Search files of the layer").fill("passwd")
    expect(page.get_by_text("/etc/passwd", exact=True)).to_be_visible()
    expect(page.get_by_text("/bin/busybox", exact=True)).to_have_count(0)


def test_an_image_is_pushed_under_another_name(page: Page, image: str, registry: str) -> None:
    page.get_by_role("link", name="Push…").first.click()
    page.get_by_label("To", exact=True).fill("no registry")
    page.get_by_role("button", name="Push", exact=True).click()
    expect(page.locator(".errorlist")).to_contain_text("not an image reference")
    name = f"{registry}/browser/pushed:1"
    page.get_by_label("To", exact=True).fill(name)
    page.get_by_label("Check the registry's certificate").uncheck()
    page.get_by_role("button", name="Push", exact=True).click()
    expect(page.get_by_text("Accepted").first).to_be_visible()
    page.goto(f"/operations/?q={IMAGE}")
    expect(page.locator("main .state").first).to_have_text(re.compile("succeeded"))
    pulled = podman(BOB, "pull", "--tls-verify=false", name)
    assert pulled.returncode == 0, pulled.stderr


def test_an_image_is_shared_and_both_audits_tell_of_it(page: Page, image: str) -> None:
    page.goto(image.partition("?")[0] + "share/")
    page.get_by_label("Target account", exact=True).select_option(BOB)
    page.get_by_label("Name in the target account").fill("localhost/from-alice:1")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_text("Accepted").first).to_be_visible()
    page.goto(f"/accounts/{BOB}/images/")
    link = page.locator("#images-table").get_by_role("link", name="localhost/from-alice:1")
    expect(link).to_be_visible()
    identity = "{{.Id}}"
    here = podman(ALICE, "image", "inspect", "--format", identity, IMAGE).stdout
    there = podman(BOB, "image", "inspect", "--format", identity, "localhost/from-alice:1").stdout
    assert here == there
    page.goto("/audit/?q=from-alice")
    for account in (ALICE, BOB):
        expect(page.locator("main")).to_contain_text(account)


def test_an_image_is_saved_and_the_file_loads_again(page: Page, image: str) -> None:
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Save as a docker-archive").click()
    expect(page.get_by_text("Accepted").first).to_be_visible()
    page.goto(f"/operations/?q={IMAGE}")
    row = page.get_by_role("row").filter(has_text="Save image")
    expect(row.locator(".state").first).to_have_text(re.compile("succeeded"))
    row.get_by_role("link").first.click()
    with page.expect_download() as coming:
        page.get_by_role("link", name=re.compile("^Download")).click()
    page.goto(f"/accounts/{BOB}/images/load/")
    page.locator("input[type=file]").set_input_files(coming.value.path())
    button = page.get_by_role("button", name="Load", exact=True)
    expect(page.locator("input[name=archive]")).to_have_count(1)
    expect(button).to_be_enabled()
    button.click()
    expect(page.get_by_text("Accepted").first).to_be_visible()
    page.goto(f"/accounts/{BOB}/images/")
    loaded = page.locator("#images-table").get_by_role("link", name=IMAGE)
    expect(loaded).to_be_visible()
