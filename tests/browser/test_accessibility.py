"""Every page of the URL configuration: axe in both themes, and no English in Chinese pages."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import findings
from tests.browser.test_first_hour import launch
from tests.fixtures.browser import ALICE, IMAGE, Console, podman

ENGLISH = Path(__file__).with_name("english.js").read_text()
# Names that users gave, and names without a translation.
NAMES = (
    *("Those who see", "A program", "Hello web"),
    "A small web server with one page, to see that everything works.",
)
NO_PAGES = {
    "api": "answers JSON; its documentation's page is Swagger's own",
    "live": "streams, which never end",
    "languages": "takes the choice of one, and gives scripts their words",
}
NOT_HERE = {
    "unit": "there is no systemd here: tests/lab has the pages of units",
    "panel": "a part of a page, seen with the page",
    "layer": "a part of a page",
    "what": "a part of a page",
    "recipe_id": "only takes POST, or redirects to the form",
    "grant_id": "only takes POST",
    "token_id": "only takes POST",
    "notice_id": "leads to the page that the notice is about",
    "rule_id": "the form of a new rule again",
    "account_id": "only takes POST",
    "operation": "a part of a page",
    "key": "of e-mail confirmations, which are not offered",
    "uidb36": "of forgotten passwords, which are not offered",
    "pk": "of a security key: tests/web/second_factor has its pages, with a key",
    "provider_id": "the way to and from another server",
    "session": "only takes POST",
    "invitation_id": "only takes POST",
    "recording": "needs a session: test_recordings.py has its page",
}


def routes(
    patterns: list[Any], namespace: str = "", outer: frozenset[str] = frozenset()
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield every route's name, and the names of its arguments."""
    for each in patterns:
        arguments = outer | each.pattern.regex.groupindex.keys()
        if isinstance(each, URLResolver):
            if each.namespace not in NO_PAGES and str(each.pattern).strip("/") not in NO_PAGES:
                inner = f"{namespace}{each.namespace}:" if each.namespace else namespace
                yield from routes(each.url_patterns, inner, arguments)
        elif isinstance(each, URLPattern) and each.name:
            yield f"{namespace}{each.name}", arguments


@pytest.fixture
def values(page: Page, console: Console) -> Iterator[dict[str, Any]]:
    """Create one of each object, and yield the routes' arguments for them."""
    name = f"seen-{time.monotonic_ns()}"
    launch(page, name)
    operation = page.url.split("/")[-2]
    page.goto("/groups/")
    if not page.get_by_role("link", name="Those who see").count():
        page.locator("input[name=name]").fill("Those who see")
        page.locator("input[name=name]").press("Enter")
    page.goto("/groups/")
    group = page.get_by_role("link", name="Those who see").get_attribute("href") or ""
    group_id = re.sub(r"\D", "", group)
    page.goto("/service-accounts/")
    page.locator("input[name=name]").fill(name)
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/service-accounts/*/")
    service = page.url.split("/")[-2]
    page.goto("/users/invitations/")
    page.get_by_role("button", name="Create link").click()
    secret = page.locator("code#link").inner_text().rstrip("/").split("/")[-1]
    page.goto("/notifications/webhooks/new/")
    page.get_by_label("Name").fill("A program")
    page.get_by_label("Address").fill("https://hook.example/")
    page.get_by_role("button", name="Create webhook").click()
    page.goto("/notifications/settings/")
    page.get_by_role("link", name="A program").first.click()
    page.wait_for_url("**/webhooks/*/")
    image = podman(ALICE, "images", "--quiet", "--no-trunc", IMAGE).stdout.split(":")[1].strip()
    yield {
        "account": ALICE,
        "container": name,
        "image": image,
        "operation_id": operation,
        "template_id": 1,
        "event_id": 1,
        "user_id": 1,
        "group_id": group_id,
        "service_id": service,
        "secret": secret,
        "kind": "group",
        "target_id": group_id,
        "webhook_id": page.url.split("/")[-2],
    }
    podman(ALICE, "rm", "--force", "--time", "0", name)


def test_every_page_is_in_the_readers_language_and_has_no_serious_finding(
    page: Page, console: Console, values: dict[str, Any]
) -> None:
    """Each page is visited once, in Chinese, and checked in both ways."""
    page.context.add_cookies([{"name": "berth_language", "value": "zh-hans", "url": console.url}])
    found: dict[str, list[str]] = {}
    looked_at: set[str] = set()
    for name, arguments in routes(get_resolver().url_patterns):
        if arguments & NOT_HERE.keys():
            continue
        assert arguments <= values.keys(), f"{name} takes something that this test does not know"
        address = reverse(name, kwargs={each: values[each] for each in arguments})
        if address in looked_at or not is_a_page(page, address):
            continue
        looked_at.add(address)
        page.goto(address)
        assert page.locator("html").get_attribute("lang") == "zh-Hans", address
        loading = page.locator("main .loading").locator("visible=true")
        expect(loading, address).to_have_count(0)
        english = page.evaluate(ENGLISH, list(NAMES))
        if faults := [*(f"English: {each}" for each in english), *findings(page)]:
            found[f"{name} {address}"] = faults
    assert len(looked_at) > 60
    assert not found, "\n".join(f"{at}\n  " + "\n  ".join(them) for at, them in found.items())


def is_a_page(page: Page, address: str) -> bool:
    """Return whether a GET returns a complete page instead of a part, a file, or a redirect."""
    answer = page.request.get(address, max_redirects=0, max_retries=3)
    kind = answer.headers.get("content-type", "")
    return kind.startswith("text/html") and answer.body().lstrip()[:9].lower() == b"<!doctype"


def test_signing_in_has_none_either(browser: Browser, console: Console) -> None:
    with browser.new_context(base_url=console.url) as context:
        tab = context.new_page()
        tab.goto("/user/login/")
        assert not findings(tab)
