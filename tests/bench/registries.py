"""Compare image transfers through Berth with the plain programs, and measure memory.

Each push and copy goes to a new, empty registry, since nothing is sent for existing layers.
"""

import os
import shutil
import subprocess
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.bench.console import Console, milliseconds
from tests.bench.memory import processes_of
from tests.bench.podman import Podman
from tests.fixtures.registries import Registries, Server
from tests.registries.publishing import REPOSITORIES, TAGS, Publisher, many_names

_WAYS = ("plain", "berth")
_OWN = ("gunicorn", "celery", "observe", "engine", "redis-server", "launch")
"""Berth's processes. The others are the programs that it runs."""


class Transfers:
    """One account, its console, and registries of its own."""

    def __init__(self, console: Console, account: str, podman: Podman, place: Path) -> None:
        self.console = console
        self.account = account
        self.podman = podman
        self.place = place

    @contextmanager
    def registry(self) -> Iterator[Server]:
        """Start a new, empty registry that the account uses without TLS."""
        folder = Path(tempfile.mkdtemp(dir=self.place))
        running = Registries(folder)
        try:
            server = running.start("registry")
            self._trust(server.address)
            yield server
        finally:
            running.end()
            shutil.rmtree(folder)

    def image(self, megabytes: int) -> str:
        """Create an image with one layer of random bytes. Return its name."""
        name, archive = f"localhost/bench-{megabytes}:1", self.place / "layer.tar"
        content = self.place / "content"
        with content.open("wb") as file:
            for _ in range(megabytes):
                file.write(os.urandom(2**20))
        with tarfile.open(archive, "w") as made:
            made.add(content, "content")
        self.podman("import", str(archive), name)
        content.unlink()
        archive.unlink()
        return name

    def through_berth(self, kind: str, **parameters: object) -> float:
        """Return the milliseconds from requesting an operation to its success."""
        began = time.perf_counter()
        self.console.ended(self.console.submit(self.account, kind, **parameters))
        return milliseconds(began)

    def skopeo(self, *arguments: str) -> float:
        """Return the milliseconds of plain Skopeo as the account."""
        began = time.perf_counter()
        subprocess.run(
            ["setpriv", f"--reuid={self.podman.account.pw_uid}"]
            + [f"--regid={self.podman.account.pw_gid}", "--clear-groups", "skopeo", *arguments],
            check=True,
            capture_output=True,
            env=self.podman.environment,
            cwd=self.podman.account.pw_dir,
            start_new_session=True,
        )
        return milliseconds(began)

    def _trust(self, address: str) -> None:
        known = self.console.get(f"/accounts/{self.account}/registries")["own_digest"]
        edit = {"change": "registry", "prefix": address, "insecure": True}
        self.console.ended(
            self.console.submit(self.account, "registries.edit", seen=known, edit=edit)
        )


@contextmanager
def transfers(console: Console, account: str, podman: Podman) -> Iterator[Transfers]:
    """Yield transfers, and remove everything from the disk at the end."""
    place = Path(tempfile.mkdtemp(prefix="berth-bench-registries-", dir="/var/tmp"))
    place.chmod(0o755)
    try:
        yield Transfers(console, account, podman, place)
    finally:
        shutil.rmtree(place)


def speeds(at: Transfers, megabytes: int, runs: int) -> dict[str, dict[str, list[float]]]:
    """Return the milliseconds of push, copy, and pull, plain and through Berth, alternating."""
    name = at.image(megabytes)
    figures: dict[str, dict[str, list[float]]] = {
        what: {"plain": [], "berth": []} for what in ("push", "copy", "pull")
    }
    # The second finds warmer caches, so each goes first in turn.
    ways = [way for turn in range(runs) for way in _WAYS[:: 1 if turn % 2 else -1]]
    for way in ways:
        with at.registry() as fresh:
            there = f"{fresh.address}/bench/pushed:1"
            figures["push"][way].append(
                at.podman.timed("push", name, there)
                if way == "plain"
                else at.through_berth("image.push", image=name, destination=there)
            )
    with at.registry() as kept:
        held = f"{kept.address}/bench/held:1"
        at.podman("push", name, held)
        at.podman("rmi", "--force", name)
        for way in ways:
            with at.registry() as fresh:
                there = f"{fresh.address}/bench/copied:1"
                figures["copy"][way].append(
                    at.skopeo(
                        *("copy", "--all", "--preserve-digests"),
                        *(f"docker://{held}", f"docker://{there}"),
                    )
                    if way == "plain"
                    else at.through_berth("image.copy", source=held, destination=there)
                )
        for way in ways:
            figures["pull"][way].append(
                at.podman.timed("pull", held)
                if way == "plain"
                else at.through_berth("image.pull", image=held, policy="always")
            )
            at.podman("rmi", "--force", held)
    return figures


def peaks(at: Transfers, root: int, megabytes: int) -> dict[str, tuple[float, float]]:
    """Return the MiB of Berth's processes before, and their peaks with a large image."""
    name = at.image(megabytes)
    found: dict[str, tuple[float, float]] = {}
    with at.registry() as first, at.registry() as second:
        held, there = f"{first.address}/bench/large:1", f"{second.address}/bench/large:1"
        found["push"] = _peak(
            root, lambda: at.through_berth("image.push", image=name, destination=held)
        )
        at.podman("rmi", "--force", name)
        found["copy"] = _peak(
            root, lambda: at.through_berth("image.copy", source=held, destination=there)
        )
        found["pull"] = _peak(
            root, lambda: at.through_berth("image.pull", image=held, policy="always")
        )
        at.podman("rmi", "--force", held)
    return found


def browsing(at: Transfers, root: int) -> dict[str, float]:
    """Return milliseconds per page of a registry with many names, and MiB before and at peak."""
    with at.registry() as server:
        many_names(Publisher(server.address))
        here = f"/accounts/{at.account}/registries"
        tags = f"{here}/tags/?repository={server.address}/many/tags"
        values = {
            "page of tags": tags,
            "filtered tags": f"{tags}&match=v19",
            "page of repositories": f"{here}/browse/?registry={server.address}",
        }
        took: dict[str, list[float]] = {name: [] for name in values}

        def browse() -> None:
            for _ in range(20):
                for name, path in values.items():
                    began = time.perf_counter()
                    at.console.page(path, panel=True)
                    took[name].append(milliseconds(began))

        browse()  # the first imports are not growth
        took = {name: [] for name in values}
        before, most = _peak(root, browse)
    return {name: median(each) for name, each in took.items()} | {"before": before, "most": most}


def _peak(root: int, context: Callable[[], object]) -> tuple[float, float]:
    done = threading.Event()
    known = [_own_memory(root)]

    def watch() -> None:
        while not done.wait(0.25):
            known.append(_own_memory(root))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        context()
    finally:
        done.set()
        watching.join()
    return known[0], max(known)


def _own_memory(root: int) -> float:
    return sum(each.pss for each in processes_of(root) if each.name in _OWN)


def report(figures: dict[str, dict[str, list[float]]], megabytes: int) -> list[tuple[str, str]]:
    """Return the lines of the table about speed."""
    lines = []
    for what, both in figures.items():
        plain, berth = median(both["plain"]), median(both["berth"])
        lines.append(
            (
                f"{what} of {megabytes} MB",
                f"{berth:8.0f} ms   plain {plain:.0f} ms   "
                f"throughput ratio {plain / berth:.2f} (aim ≥ 0.95)",
            )
        )
    return lines


def report_peaks(found: dict[str, tuple[float, float]], megabytes: int) -> list[tuple[str, str]]:
    """Return the lines of the table about memory."""
    return [
        (
            f"{what} of {megabytes} MB, Berth's processes",
            f"{most:8.1f} MiB PSS at most, {most - before:+.1f} MiB",
        )
        for what, (before, most) in found.items()
    ]


def report_browsing(figures: dict[str, float]) -> list[tuple[str, str]]:
    """Return the lines of the table about a registry with many names."""
    before, most = figures["before"], figures["most"]
    title = f"{TAGS} tags, {REPOSITORIES} repositories"
    return [
        (f"{title}: {name}", f"{value:8.1f} ms")
        for name, value in figures.items()
        if name not in ("before", "most")
    ] + [("  Berth's processes", f"{most:8.1f} MiB PSS at most, {most - before:+.1f} MiB")]
