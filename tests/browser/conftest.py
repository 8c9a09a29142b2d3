"""A whole console for the browser: bin/serve as root, two real Linux accounts, a real registry."""

import os
import pwd
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.machine import free_port, open_devices, own, remove_user
from tests.waiting import PATIENCE, SET_UP, until

TREE = Path(__file__).resolve().parents[2]
ALICE, BOB = own("alice"), own("bob")
PASSWORD = "a-password-for-tests-only"
IMAGE = "localhost/berth-demo:latest"
expect.set_options(timeout=PATIENCE * 1000)


@dataclass
class Console:
    """A running console: its address, its data, and its supervisor's process."""

    url: str
    data: Path
    process: "subprocess.Popen[bytes]"

    def manage(self, *words: str) -> str:
        """The output of a management command."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BERTH_")}
        done = subprocess.run(
            [str(TREE / "manage.py"), *words],
            env=environment | {"BERTH_DATA": str(self.data)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def podman(account: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Podman in the account's own shell, as a person would use it there."""
    return subprocess.run(
        ["runuser", "-u", account, "--", "podman", *words],
        cwd="/",
        env={
            "HOME": pwd.getpwnam(account).pw_dir,
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "XDG_RUNTIME_DIR": f"/run/user/{pwd.getpwnam(account).pw_uid}",
        },
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """bin/serve with accounts of its own, ended by Ctrl-C when the tests are over."""
    open_devices()
    for name in (ALICE, BOB):
        remove_user(name)
    port = free_port()
    data = Path(f"/var/tmp/berth-test-{port}")
    log = tmp_path_factory.mktemp("serve") / "output"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BERTH_")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(TREE / "bin/serve"), "--demo", "--port", str(port), "--data", str(data)]
            + ["--account", ALICE, "--account", BOB],
            env=environment
            | {"BERTH_ADMIN_PASSWORD": PASSWORD, "BERTH_WEBHOOK_NETWORKS": "127.0.0.1/32"},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def ready() -> bool:
        assert process.poll() is None, log.read_text()
        return b"ready at" in log.read_bytes()

    until(ready, "the console is ready", SET_UP)
    yield Console(f"http://127.0.0.1:{port}", data, process)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 0
    for name in (ALICE, BOB):
        remove_user(name)
    shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Debian's docker-registry on loopback, without TLS; out: host:port."""
    port = free_port()
    place = tmp_path_factory.mktemp("registry")
    config = place / "config.yml"
    config.write_text(
        f"version: 0.1\nlog: {{level: error}}\n"
        f"storage: {{filesystem: {{rootdirectory: {place}/images}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n"
    )
    process = subprocess.Popen(
        ["docker-registry", "serve", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def answers() -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=PATIENCE)
        except OSError:
            return False
        return True

    until(answers, "the registry answers")
    yield f"127.0.0.1:{port}"
    process.terminate()
    process.wait()


# Not for the session: while Playwright runs, no asyncio test can.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The distribution's Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-background-networking", "--disable-quic"],
        )
        new_context = chromium.new_context

        def patient(**options: Any) -> BrowserContext:
            context = new_context(**options)
            context.set_default_timeout(PATIENCE * 1000)
            return context

        chromium.new_context = patient  # type: ignore[method-assign]
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, console: Console) -> Iterator[Page]:
    """A tab, signed in as administrator; a script's error or a refused script fails the test."""
    context = browser.new_context(base_url=console.url)
    tab = context.new_page()
    faults: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on(
        "console",
        lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None,
    )
    sign_in(tab, "admin", PASSWORD)
    yield tab
    context.close()
    assert not faults


def sign_in(tab: Page, name: str, password: str) -> None:
    """By the form, to the dashboard."""
    tab.goto("/user/login/")
    tab.get_by_label("Username").fill(name)
    tab.get_by_label("Password").fill(password)
    tab.get_by_role("button", name="Sign in").click()
    at_dashboard(tab)


def at_dashboard(tab: Page) -> None:
    """Wait for it; a pattern such as **/ would do with the page before as well."""
    tab.wait_for_url(lambda url: urlsplit(url).path == "/")
