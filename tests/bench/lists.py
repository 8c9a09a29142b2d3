"""Compare the list page and the API's list with `podman ps -a`, with many real containers."""

import time
from statistics import median
from urllib.parse import quote

from tests.bench.console import Console, milliseconds
from tests.bench.podman import Podman


def fill(podman: Podman, image: str, count: int) -> None:
    """Create containers (never started) until the account has `count` of the benchmark's own."""
    have = len(podman("ps", "-aq", "--filter", "label=berth.bench").split())
    for number in range(have, count):
        podman("create", "--label", "berth.bench", "--name", f"bench-list-{number}", image, "true")


def listing(console: Console, account: str, podman: Podman, count: int, runs: int) -> dict:
    """Return the milliseconds of each way to the same rows, alternating."""
    _settle(console, account, count)
    page = f"/accounts/{quote(account)}/containers/"
    figures: dict[str, list[float]] = {"podman": [], "page": [], "api": []}
    for turn in range(runs + 1):
        figures["podman"].append(podman.timed("ps", "-a"))
        began = time.perf_counter()
        console.page(page)
        figures["page"].append(milliseconds(began))
        began = time.perf_counter()
        console.get(f"/accounts/{quote(account)}/containers?limit=10000")
        figures["api"].append(milliseconds(began))
        if turn == 0:
            figures = {name: [] for name in figures}
    return figures


def _settle(console: Console, account: str, count: int) -> None:
    for _ in range(300):
        if console.get(f"/accounts/{quote(account)}/containers?limit=1")["total"] >= count:
            return
        time.sleep(0.2)
    raise RuntimeError(f"the console does not come to see {count} containers")


def report(figures: dict[str, list[float]], count: int) -> list[tuple[str, str]]:
    """Return the lines of the table."""
    plain, page, api = (median(figures[name]) for name in ("podman", "page", "api"))
    return [
        (f"podman ps -a, {count} containers", f"{plain:8.1f} ms"),
        ("list page", f"{page:8.1f} ms   ratio {page / plain:.2f} (aim ≤ 0.5)"),
        ("list by API, every row", f"{api:8.1f} ms   ratio {api / plain:.2f}"),
    ]
