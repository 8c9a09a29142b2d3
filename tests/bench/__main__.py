"""`bin/bench`: start a console with its own accounts, measure, and remove everything again."""

import argparse
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import (
    audit,
    building,
    deaths,
    idle,
    launching,
    lists,
    memory,
    registries,
    rows,
    throughput,
)
from tests.bench.console import Console
from tests.bench.podman import Podman, podman_of
from tests.fixtures.browser import PASSWORD, TREE
from tests.machine import free_port, remove_user

PARTS = ["audit", "builds", "registries", "rows", "idle", "memory"]
IMAGE = "localhost/berth-demo:latest"


@dataclass
class Served:
    """A running console, and its processes."""

    console: Console
    process: "subprocess.Popen[bytes]"
    accounts: list[str]
    data: Path


@contextmanager
def served(accounts: list[str]) -> Iterator[Served]:
    """Run bin/serve with `accounts`, created for this and removed afterwards."""
    port, data = free_port(), Path(tempfile.mkdtemp(prefix="berth-bench-", dir="/var/tmp"))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BERTH_")}
    words = [str(TREE / "bin/serve"), "--demo", "--port", str(port), "--data", str(data)]
    words += [word for name in accounts for word in ("--account", name)]
    log = data / "serve.out"
    with log.open("wb") as output:
        process = subprocess.Popen(
            words,
            env=environment | {"BERTH_ADMIN_PASSWORD": PASSWORD},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        while b"ready at" not in log.read_bytes():
            if process.poll() is not None:
                raise RuntimeError(log.read_text())
            time.sleep(0.1)
        token = subprocess.run(
            [str(TREE / "manage.py"), "api_token", "admin", "--scope", "operate"],
            env=environment | {"BERTH_DATA": str(data)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        console = Console(f"http://127.0.0.1:{port}", token)
        console.sign_in("admin", PASSWORD)
        yield Served(console, process, accounts, data)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        for name in accounts:
            remove_user(name)
        shutil.rmtree(data, ignore_errors=True)


def main() -> None:
    """Print one table. Ratios compare with plain Podman in the same run."""
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="launches and deaths")
    parser.add_argument("--containers", type=int, default=1000, help="rows of the list")
    parser.add_argument("--operations", type=int, default=200, help="for operations per second")
    parser.add_argument("--accounts", type=int, default=20, help="to measure memory")
    parser.add_argument("--events", type=int, default=200_000, help="events in the audit log")
    parser.add_argument("--builds", type=int, default=5, help="builds, each way")
    parser.add_argument("--mebibytes", type=int, default=1024, help="size of context and archive")
    parser.add_argument("--image-mb", type=int, default=1000, help="timed image transfers")
    parser.add_argument("--large-mb", type=int, default=2048, help="image transfers for memory")
    parser.add_argument("--transfers", type=int, default=3, help="transfers in each direction")
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[5, 100, 500], help="rows of the page"
    )
    parser.add_argument("--seconds", type=float, default=60, help="seconds of each idle run")
    parser.add_argument("--only", choices=PARTS, help="only this part")
    given = parser.parse_args()
    if given.only in (None, "audit"):
        for database in ("sqlite", "postgresql"):
            _print(f"Audit, {database}", audit.measure(given.events, database))
    if given.only == "audit":
        return
    with served(["berth-bench-1"]) as one:
        console, account = one.console, "berth-bench-1"
        console.get(f"/accounts/{account}/containers?limit=1")
        podman: Podman = podman_of(account, _runtime(console, account))
        if given.only == "memory":
            _memory(one)
        if given.only in (None, "builds"):
            _builds(one, podman, given)
        if given.only is None:
            _one_account(one, podman, given)
        if given.only in (None, "registries"):
            _registries(one, podman, given)
        if given.only in (None, "rows"):
            _rows(one, podman, given)
        if given.only in (None, "idle"):
            _idle(one, podman, given)
    if given.only:
        return
    names = [f"berth-bench-{number}" for number in range(1, given.accounts + 1)]
    with served(names) as many:
        title = f"with {len(names)} accounts"
        found = memory.processes_of(many.process.pid)
        _print("Memory", memory.report(found, title, memory.plain_django()))


def _one_account(one: Served, podman: Podman, given: argparse.Namespace) -> None:
    console, [account] = one.console, one.accounts
    _print("Launching", launching.report(
        launching.launching(console, account, podman, IMAGE, given.runs)
    ))  # fmt: skip
    _print("Liveness", deaths.report(
        deaths.deaths(console, account, podman, IMAGE, given.runs)
    ))  # fmt: skip
    _print("Throughput", throughput.report(
        throughput.throughput(console, account, IMAGE, given.operations)
    ))  # fmt: skip
    _memory(one)
    lists.fill(podman, IMAGE, given.containers)
    _print("Lists", lists.report(
        lists.listing(console, account, podman, given.containers, 10), given.containers
    ))  # fmt: skip


def _memory(one: Served) -> None:
    found = memory.processes_of(one.process.pid)
    _print("Memory", memory.report(found, "with 1 account", memory.plain_django()))


def _builds(one: Served, podman: Podman, given: argparse.Namespace) -> None:
    console, [account] = one.console, one.accounts
    _print("Building", building.report(
        building.building(console, account, podman, IMAGE, given.builds),
        building.passing(console, account, one.process.pid, given.mebibytes),
        given.mebibytes,
    ))  # fmt: skip


def _registries(one: Served, podman: Podman, given: argparse.Namespace) -> None:
    root = one.process.pid
    with registries.transfers(one.console, one.accounts[0], podman) as at:
        _print("Registries", registries.report_browsing(registries.browsing(at, root)))
        _print("Images on their way", registries.report(
            registries.speeds(at, given.image_mb, given.transfers), given.image_mb
        ))  # fmt: skip
        _print("A large image on its way", registries.report_peaks(
            registries.peaks(at, root, given.large_mb), given.large_mb
        ))  # fmt: skip


def _rows(one: Served, podman: Podman, given: argparse.Namespace) -> None:
    for count in sorted(given.rows):
        figures = rows.drawing(one.console, one.accounts[0], podman, IMAGE, count, given.runs)
        _print(f"A row in the browser, {count} rows", rows.report(figures, count))


def _idle(one: Served, podman: Podman, given: argparse.Namespace) -> None:
    """Measure without users and engines, then with two pages with 100 containers."""
    root, [account] = one.process.pid, one.accounts
    idle.until_unwatched(root)
    _print("Idle", idle.report(idle.idle(root, given.seconds), "nobody looks"))
    lists.fill(podman, IMAGE, 100)
    with rows.list_page(one.console, account) as page, rows.second(page):
        found = idle.idle(root, given.seconds)
        _print("Two pages", idle.report(found, "two pages, 100 containers"))
        with idle.starts_and_stops(podman, IMAGE):
            found = idle.idle(root, given.seconds)
        _print("Busy pages", idle.report(found, "two pages, a start and a stop every 2 s"))


def _runtime(console: Console, account: str) -> str:
    return str(console.get(f"/accounts/{account}")["info"]["runtime"])


def _print(title: str, lines: list[tuple[str, str]]) -> None:
    print(f"\n{title}")
    for name, value in lines:
        print(f"  {name:<44}{value}", flush=True)


if __name__ == "__main__":
    main()
