"""Every page as somebody reads it who chose Chinese: no English sentence is left."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import get_resolver, reverse
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console
from tests.browser.test_accessibility import NOT_HERE, is_a_page, routes, values  # noqa: F401
from tests.languages.test_marked import REMAINING

_ENGLISH = Path(__file__).with_name("english.js").read_text()
# What people called things, and what has no other name.
_NAMES = (
    *("Those who see", "A program", "Hello web"),
    "A small web server with one page, to see that everything works.",
)


@pytest.mark.skipif(bool(REMAINING), reason="not all templates are marked yet: tests/languages")
def test_no_page_has_an_english_sentence(
    page: Page,
    console: Console,
    values: dict[str, Any],  # noqa: F811
) -> None:
    page.context.add_cookies([{"name": "berth_language", "value": "zh-hans", "url": console.url}])
    found: dict[str, list[str]] = {}
    looked_at: set[str] = set()
    for name, arguments in routes(get_resolver().url_patterns):
        if arguments & NOT_HERE.keys():
            continue
        address = reverse(name, kwargs={each: values[each] for each in arguments})
        if address in looked_at or not is_a_page(page, address):
            continue
        looked_at.add(address)
        page.goto(address)
        assert page.locator("html").get_attribute("lang") == "zh-Hans", address
        loading = page.locator("main .loading").locator("visible=true")
        expect(loading, address).to_have_count(0)
        if english := page.evaluate(_ENGLISH, list(_NAMES)):
            found[f"{name} {address}"] = english
    assert len(looked_at) > 60
    assert not found, "\n".join(f"{at}\n  " + "\n  ".join(them) for at, them in found.items())
