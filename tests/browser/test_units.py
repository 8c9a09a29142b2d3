"""Units without systemd (as here): pages say so, with the reason; the editor."""

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.browser import ALICE


def test_without_a_user_manager_the_page_says_so_and_leads_to_the_doctor(page: Page) -> None:
    page.goto(f"/accounts/{ALICE}/units/")
    expect(page.get_by_text("Units are not available to this account")).to_be_visible()
    page.get_by_role("link", name="Open the doctor").click()
    page.wait_for_url("**/doctor/")
    expect(page.locator(".findings li").first).to_be_visible()
    expect(page.locator(".findings .is-problem .finding-remedy").first).to_be_visible()


@pytest.fixture
def editor(page: Page) -> Page:
    """Open a new Quadlet, with the cursor at its end."""
    page.goto(f"/accounts/{ALICE}/units/new/?kind=container")
    page.locator("#unit-text").focus()
    page.keyboard.press("Control+End")
    return page


def test_sections_and_keys_are_completed_from_the_keyboard(editor: Page) -> None:
    popup = editor.locator("#editor-popup")
    editor.keyboard.type("\n[Qua")
    expect(popup.get_by_role("option")).to_have_text(["[Quadlet]"])
    editor.keyboard.press("Enter")
    editor.keyboard.type("def")
    expect(popup.get_by_role("option").first).to_contain_text("DefaultDependencies")
    editor.keyboard.press("Tab")
    editor.keyboard.type("false")
    text = editor.locator("#unit-text").input_value()
    assert text.endswith("\n[Quadlet]\nDefaultDependencies=false")
    expect(editor.locator("#editor-help")).to_contain_text("network")


def test_a_completion_that_is_not_wanted_goes_away_and_types_nothing(editor: Page) -> None:
    editor.keyboard.type("\nWanted")
    expect(editor.locator("#editor-popup")).to_be_visible()
    editor.keyboard.press("Escape")
    expect(editor.locator("#editor-popup")).to_be_hidden()
    editor.keyboard.press("Tab")  # leaves the text, as everywhere
    assert editor.locator("#unit-text").input_value().endswith("\nWanted")
    assert editor.evaluate("document.activeElement.id") != "unit-text"


def test_a_key_from_the_list_goes_into_its_section_and_undo_takes_it_back(editor: Page) -> None:
    before = editor.locator("#unit-text").input_value()
    editor.get_by_label("Search keys").fill("PidsLimit")
    editor.locator("#key-list").get_by_role("button", name="PidsLimit").click()
    text = editor.locator("#unit-text").input_value()
    container = text.split("[Container]")[1].split("[Service]")[0]
    assert "PidsLimit=200" in container
    editor.locator("#unit-text").focus()
    editor.keyboard.press("Control+Z")
    assert editor.locator("#unit-text").input_value() == before


def test_hostile_text_is_painted_and_not_run(editor: Page) -> None:
    editor.locator("#unit-text").fill("[Unit]\nDescription=<img src=x onerror=alert(1)>\n")
    expect(editor.locator(".editor-paint")).to_contain_text("<img src=x onerror=alert(1)>")
    assert editor.locator(".editor-paint img").count() == 0
