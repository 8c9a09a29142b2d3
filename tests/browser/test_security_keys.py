"""Security keys and passkeys: registered, used and removed, in Chromium with a virtual one."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Console, sign_in

NAME = "kira"
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
    """Somebody with a browser that has a security key plugged in."""

    tab: Page
    password: str

    def sign_out(self) -> None:
        self.tab.goto("/user/logout/")
        self.tab.get_by_role("button", name="Sign Out").click()
        self.tab.wait_for_url("**/user/login/")

    def confirm(self) -> None:
        """The password again, where something asks for it."""
        if "/reauthenticate/" in self.tab.url:
            self.tab.get_by_label("Password").fill(self.password)
            self.tab.get_by_role("button", name="Confirm").click()


@pytest.fixture
def kira(page: Page, browser: Browser, console: Console) -> Iterator[Kira]:
    """Made by the administrator; gone again after the test."""
    page.goto("/people/new/")
    page.get_by_label("User name").fill(NAME)
    page.get_by_role("button", name="Create").click()
    password = page.locator("#password").inner_text()
    # A relying party has a name: numbers won't do.
    url = console.url.replace("127.0.0.1", "localhost")
    context = browser.new_context(base_url=url)
    tab = context.new_page()
    devtools = context.new_cdp_session(tab)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    sign_in(tab, NAME, password)
    yield Kira(tab, password)
    context.close()
    page.goto("/people/")
    page.get_by_role("link", name=NAME, exact=True).click()
    page.get_by_role("button", name="Remove", exact=True).click()
    page.locator("#confirm-yes").click()
    page.wait_for_url("**/people/")


def test_a_passkey_signs_in_alone_and_after_the_password_until_it_is_removed(kira: Kira) -> None:
    tab = kira.tab
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
    tab.wait_for_url("**/")
    expect(tab.get_by_role("heading", name="Dashboard")).to_be_visible()

    kira.sign_out()
    _give_password(kira)
    tab.get_by_role("button", name="Use a security key").click()
    tab.wait_for_url("**/")

    kira.sign_out()
    _give_password(kira)
    tab.get_by_label("Code").fill(codes[0])
    tab.get_by_role("button", name="Sign In", exact=True).click()
    tab.wait_for_url("**/")

    tab.goto("/user/2fa/webauthn/")
    expect(tab.locator("main")).to_contain_text("my laptop")
    tab.get_by_role("link", name="Remove").click()
    kira.confirm()
    tab.get_by_role("button", name="Remove").click()
    tab.wait_for_url("**/user/2fa/**")
    kira.sign_out()
    sign_in(tab, NAME, kira.password)


def test_a_key_that_is_refused_is_explained_in_the_page(kira: Kira, console: Console) -> None:
    kira.tab.goto(f"{console.url}/user/login/")
    kira.tab.get_by_role("button", name="Use a passkey").click()
    expect(kira.tab.locator("#passkey-error")).to_contain_text("host name")


def _give_password(kira: Kira) -> None:
    kira.tab.get_by_label("Username").fill(NAME)
    kira.tab.get_by_label("Password").fill(kira.password)
    kira.tab.get_by_role("button", name="Sign in", exact=True).click()
    kira.tab.wait_for_url("**/user/2fa/authenticate/**")
