"""Notifications by the bell and by a webhook about real containers, as it happens."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect
from standardwebhooks.webhooks import Webhook as Verifier

from tests.fixtures.browser import ALICE, IMAGE, podman
from tests.notifications.receiver import Receiver, receiving
from tests.waiting import until

RUN = ("--runtime", "runc", "run", "-d", "--name")


@dataclass
class Wish:
    """A rule of the administrator's, with a webhook and its secret."""

    receiver: Receiver
    secret: str


@pytest.fixture
def wish(page: Page) -> Iterator[Wish]:
    with receiving() as receiver:
        page.goto("/notifications/webhooks/new/")
        page.get_by_label("Name").fill("Loopback")
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_role("button", name="Create webhook").click()
        secret = page.locator("#secret").inner_text()
        page.goto("/notifications/rules/new/")
        page.get_by_label("By webhook Loopback").check()
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/notifications/settings/")
        yield Wish(receiver, secret)
        page.goto("/notifications/settings/")
        page.get_by_role("button", name="Remove").first.click()
        page.locator("#confirm-yes").click()
        expect(page.get_by_text("The rule was removed.")).to_be_visible()
        page.get_by_role("link", name="Loopback").first.click()
        page.get_by_role("button", name="Remove", exact=True).click()
        page.locator("#confirm-yes").click()
        expect(page.get_by_text("was removed.")).to_be_visible()


@pytest.fixture
def names() -> Iterator[dict[str, str]]:
    """Yield names of containers, which are removed after the test."""
    stamp = time.monotonic_ns()
    chosen = {each: f"{each}-{stamp}" for each in ("fails", "ill", "stopped")}
    yield chosen
    podman(ALICE, "rm", "--force", "--time", "0", *chosen.values())


def test_the_bell_rings_and_the_webhook_is_told_of_what_fails_but_not_of_what_was_stopped(
    page: Page, wish: Wish, names: dict[str, str]
) -> None:
    page.goto("/notifications/")
    podman(ALICE, *RUN, names["stopped"], IMAGE, "sh", "-c", "sleep 1000")
    podman(ALICE, "stop", "--time", "1", names["stopped"])
    podman(ALICE, *RUN, names["fails"], IMAGE, "sh", "-c", "exit 3")
    failed = page.get_by_role("link", name=f"{names['fails']} exited with an error")
    expect(failed).to_be_visible()
    expect(page.locator("#unread-counter")).to_contain_text(re.compile("[1-9]"))
    check = ("--health-cmd", "false", "--health-interval", "1s", "--health-retries", "1")
    podman(ALICE, *RUN, names["ill"], *check, IMAGE, "sh", "-c", "sleep 1000")
    ill = page.get_by_role("link", name=f"{names['ill']} is unhealthy")
    expect(ill).to_be_visible()
    expect(page.locator("main")).not_to_contain_text(names["stopped"])

    until(lambda: len(wish.receiver.got) >= 2, "both are sent")
    verified = [Verifier(wish.secret).verify(body, head) for _, head, body in wish.receiver.got]
    values = {each["type"]: each["data"]["title"] for each in verified}
    assert values == {
        "container.exited": f"{names['fails']} exited with an error",
        "container.unhealthy": f"{names['ill']} is unhealthy",
    }

    failed.click()
    page.wait_for_url("**/containers/*/")
    page.goto("/notifications/?unread=1")
    expect(failed).to_have_count(0)
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator("#unread-counter")).to_be_hidden()
