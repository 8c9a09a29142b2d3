"""Two users at once: one requests, the other approves, and the requester's page updates itself."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import findings
from tests.fixtures.browser import ALICE, IMAGE, Console, podman, sign_in

PASSWORD = "a-word-for-two-people-1"
POLICY = (
    '[approval]\nkinds = ["container.remove"]\n[approval.images]\npatterns = ["localhost/other"]\n'
)


@pytest.fixture
def asks(console: Console) -> Iterator[None]:
    """Require approval on the account; create an operator `olga` and an owner `olaf`."""
    setting = f"""
from consoleapp.core.actor import Actor
from consoleapp.accounts.models import Grant, LinuxAccount, User
from consoleapp.policies.versions import write
account = LinuxAccount.objects.get(name={ALICE!r})
for name, role in (("olga", "operator"), ("olaf", "owner")):
    user, made = User.objects.update_or_create(username=name, defaults={{"is_active": True}})
    user.set_password({PASSWORD!r})
    user.save()
    Grant.objects.get_or_create(user=user, account=account, role=role)
write(account, {POLICY!r}, actor=Actor(user=None))
"""
    console.manage("shell", "-c", setting)
    yield
    undoing = f"""
from consoleapp.core.actor import Actor
from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.policies.versions import write
write(LinuxAccount.objects.get(name={ALICE!r}), "", actor=Actor(user=None))
User.objects.filter(username__in=["olga", "olaf"]).update(is_active=False)
"""
    console.manage("shell", "-c", undoing)


@pytest.fixture
def two(browser: Browser, console: Console, asks: None) -> Iterator[tuple[Page, Page]]:
    """Open the requester's tab, and the approver's in another browser session."""
    contexts = [browser.new_context(base_url=console.url) for _ in range(2)]
    tabs = [context.new_page() for context in contexts]
    for tab, name in zip(tabs, ("olga", "olaf"), strict=True):
        sign_in(tab, name, PASSWORD)
    yield tabs[0], tabs[1]
    for context in contexts:
        context.close()


def test_what_waits_runs_as_soon_as_the_other_person_says_yes(two: tuple[Page, Page]) -> None:
    asking, deciding = two
    name = f"big-{time.monotonic_ns()}"
    base = f"/accounts/{ALICE}/containers"
    deciding.goto("/approvals/")
    expect(deciding.get_by_text("Nothing is waiting for you")).to_be_visible()
    try:
        asking.goto(f"{base}/launch/?image={IMAGE}")
        expect(asking.get_by_text("Without approval: Images are called only").first).to_be_visible()
        asking.get_by_label("Name", exact=True).fill(name)
        asking.get_by_role("button", name="Launch", exact=True).click()
        asking.wait_for_url("**/operations/*/")
        state = asking.locator("#operation .progress-head .state")
        expect(state).to_have_text("awaiting approval")
        asking.get_by_label("Reason (optional").fill("For the fair")
        asking.get_by_role("button", name="Send").click()
        assert name not in podman(ALICE, "ps", "--all").stdout

        # Without reloading the approver's page.
        request = deciding.get_by_role("row", name=name)
        expect(request).to_be_visible()
        expect(deciding.locator("#approvals-counter")).to_contain_text("1")
        request.get_by_role("link").first.click()
        expect(deciding.locator(".command")).to_contain_text(f"--name {name}")
        expect(deciding.get_by_text("For the fair")).to_be_visible()
        assert not findings(asking) + findings(deciding)
        deciding.get_by_role("button", name="Decline").click()
        expect(deciding.get_by_text("Say why it is declined")).to_be_visible()
        deciding.get_by_label("Comment").fill("Only for today")
        deciding.get_by_role("button", name="Approve").click()
        deciding.locator("#confirm-yes").click()
        expect(deciding.get_by_text("It is approved, and queued.")).to_be_visible()

        # Or the requester's.
        expect(state).to_have_text("succeeded")
        expect(asking.locator("#operation")).to_contain_text("Approved by olaf")
        expect(asking.locator("#operation")).to_contain_text("Only for today")
        assert name in podman(ALICE, "ps").stdout
    finally:
        podman(ALICE, "rm", "--force", "--time", "0", name)


def test_a_request_that_is_withdrawn_leaves_the_approvers_page(two: tuple[Page, Page]) -> None:
    asking, deciding = two
    asking.goto(f"/accounts/{ALICE}/containers/launch/?image={IMAGE}")
    asking.get_by_role("button", name="Launch", exact=True).click()
    asking.wait_for_url("**/operations/*/")
    deciding.goto("/approvals/")
    deciding.locator("#approvals-table tbody a").first.click()
    expect(deciding.get_by_role("button", name="Approve")).to_be_visible()
    asking.get_by_role("button", name="Withdraw").click()
    expect(deciding.get_by_text("Withdrawn by olga")).to_be_visible()
    expect(deciding.get_by_role("button", name="Approve")).to_have_count(0)
