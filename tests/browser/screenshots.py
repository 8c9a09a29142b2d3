"""Pictures of the console for the documentation, from a real run. See bin/screenshots."""

import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser import conftest as run
from tests.browser.conftest import ALICE, IMAGE, podman

CONTAINERS = {
    "web": ["--publish", "18080:8080", "--label", "team=site"],
    "api": ["--publish", "127.0.0.1:18081:8080", "--env", "DB_PASSWORD=hidden"],
    "worker-mail": ["--volume", "mail:/var/mail"],
    "nightly-report": [],
}
TALK = (
    "i=0; while true; do i=$((i+1)); "
    'echo "$(date +%T) request $i \033[32m200\033[0m /"; sleep 0.1; done'
)


class _Names:
    """What the session fixture of pytest would give."""

    def mktemp(self, name: str) -> Path:
        return Path(tempfile.mkdtemp(prefix=f"berth-{name}-"))


def main(target: Path) -> None:
    """Write dashboard.png, containers.png, logs.png and launch.png into `target`."""
    with contextmanager(run.console.__wrapped__)(_Names()) as console:  # type: ignore[attr-defined]
        for name, options in CONTAINERS.items():
            words = [] if name in ("web", "api") else ["sh", "-c", TALK]
            podman(ALICE, "--runtime", "runc", "run", "-d", "--name", name, *options, IMAGE, *words)
        podman(ALICE, "kill", "nightly-report")
        with contextmanager(run.browser.__wrapped__)() as browser:  # type: ignore[attr-defined]
            _take(browser, console.url, target)


def _take(browser: Browser, url: str, target: Path) -> None:
    for scheme, pictures in (("light", ("dashboard", "containers", "launch")), ("dark", ("logs",))):
        context = browser.new_context(
            base_url=url,
            color_scheme=scheme,  # type: ignore[arg-type]
            viewport={"width": 1280, "height": 800},
        )
        page = context.new_page()
        run.sign_in(page, "admin", run.PASSWORD)
        for picture in pictures:
            _go(page, picture)
            page.wait_for_timeout(2500)
            page.screenshot(path=str(target / f"{picture}.png"))
        context.close()


def _go(page: Page, picture: str) -> None:
    base = f"/accounts/{ALICE}/containers/"
    match picture:
        case "dashboard":
            page.goto("/")
        case "containers":
            page.goto(base)
        case "logs":
            page.goto(f"{base}worker-mail/logs/")
        case "launch":
            page.goto(f"{base}launch/")
            page.locator("summary", has_text="Paste a").click()
            line = (
                "docker run -d --name shop -p 8080:80 -v shop-data:/srv:Z -e MODE=live "
                "--privileged registry.example/team/shop:2"
            )
            page.get_by_label("Run line").fill(line)
            page.get_by_role("button", name="Fill the form").click()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
