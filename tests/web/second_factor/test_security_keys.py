"""Security keys and passkeys: registered, used, and removed, in Chromium with a virtual one."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from consoleapp.accounts.models import User
from consoleapp.audit.models import Event
from tests.fixtures.browser import at_dashboard

NAME, PASSWORD = "kira", "harbour-master-1"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass
class Kira:
    """A user with a security key in the browser."""

    tab: Page
    url: str

    def sign_out(self) -> None:
        self.tab.goto("/user/logout/")
        self.tab.get_by_role("button", name="Sign Out").click()
        self.tab.wait_for_url("**/user/login/")

    def give_password(self) -> None:
        self.tab.goto("/user/login/")
        self.tab.get_by_label("Username").fill(NAME)
        self.tab.get_by_label("Password").fill(PASSWORD)
        self.tab.get_by_role("button", name="Sign in", exact=True).click()

    def confirm(self) -> None:
        """Enter the password again where necessary."""
        if "/reauthenticate/" in self.tab.url:
            self.tab.get_by_label("Password").fill(PASSWORD)
            self.tab.get_by_role("button", name="Confirm").click()


@pytest.fixture
def kira(
    transactional_db: None, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Kira]:
    """At http://localhost:…: a relying party needs a name, not an IP address."""
    # Playwright keeps an event loop in this thread, and Django would refuse the database beside it.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    cache.clear()
    User.objects.create_user(NAME, password=PASSWORD)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        context = chromium.new_context(base_url=live_server.url)
        context.set_default_timeout(60_000)
        # There is no Redis here, and nothing to receive.
        context.route("**/live/**", lambda route: route.abort())
        tab = context.new_page()
        devtools = context.new_cdp_session(tab)
        devtools.send("WebAuthn.enable")
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield Kira(tab, live_server.url)
        chromium.close()


def test_a_passkey_signs_in_alone_and_after_the_password_until_it_is_removed(kira: Kira) -> None:
    tab = kira.tab
    kira.give_password()
    at_dashboard(tab)
    tab.goto("/user/2fa/webauthn/add/")
    kira.confirm()
    tab.get_by_label("Name").fill("my laptop")
    tab.get_by_label("Passwordless").check()
    tab.get_by_role("button", name="Add").click()
    tab.wait_for_url("**/user/2fa/recovery-codes/**")
    codes = tab.locator("textarea").input_value().split()
    assert len(codes) == 10

    kira.sign_out()
    tab.get_by_role("button", name="Use a passkey").click()
    at_dashboard(tab)
    expect(tab.get_by_role("heading", name="Dashboard")).to_be_visible()

    kira.sign_out()
    kira.give_password()
    tab.wait_for_url("**/user/2fa/authenticate/**")  # and for the script behind the button
    tab.get_by_role("button", name="Use a security key").click()
    at_dashboard(tab)

    kira.sign_out()
    kira.give_password()
    tab.get_by_label("Code").fill(codes[0])
    tab.get_by_role("button", name="Sign In", exact=True).click()
    at_dashboard(tab)

    tab.goto("/user/2fa/webauthn/")
    expect(tab.locator("main")).to_contain_text("my laptop")
    tab.locator("main").get_by_role("link", name="Remove").click()
    kira.confirm()
    tab.locator("main").get_by_role("button", name="Remove").click()
    tab.wait_for_url(lambda url: not url.endswith("/remove/"))
    kira.sign_out()
    kira.give_password()
    at_dashboard(tab)

    events = Event.objects.filter(action__startswith="second-factor").order_by("id")
    webauthn = [event for event in events if event.parameters["factor"] == "webauthn"]
    assert [event.action for event in webauthn] == ["second-factor.added", "second-factor.removed"]
    assert webauthn[0].parameters["name"] == "my laptop"


def test_a_key_that_cannot_be_used_is_explained_in_the_page(kira: Kira) -> None:
    kira.tab.goto(kira.url.replace("localhost", "127.0.0.1") + "/user/login/")
    kira.tab.get_by_role("button", name="Use a passkey").click()
    expect(kira.tab.locator("#passkey-error")).to_contain_text("host name")
