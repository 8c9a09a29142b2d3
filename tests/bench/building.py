"""Compare builds with plain `podman build`; measure memory for a large context and archive."""

import http.client
import io
import json
import statistics
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.console import Console
from tests.bench.memory import processes_of
from tests.bench.podman import Podman

BUILT = "localhost/bench-built:1"
BERTHS = ("gunicorn", "celery", "observe", "engine", "redis-server", "launch")
_PIECE = 1 << 20


def building(
    console: Console, account: str, podman: Podman, image: str, runs: int
) -> dict[str, float]:
    """Return medians in milliseconds, alternating so that both see the same machine."""
    text = f"FROM {image}\nRUN dd if=/dev/urandom of=/data bs=1M count=64 2>/dev/null\nRUN sync\n"
    plain, berth = [], []
    for _ in range(runs):
        began = time.perf_counter()
        podman("build", "--no-cache", "--tag", BUILT, "-", given=text.encode())
        plain.append(time.perf_counter() - began)
        began = time.perf_counter()
        values = {"tags": [BUILT], "containerfile": text, "cache": False}
        console.ended(console.submit(account, "image.build", **values))
        berth.append(time.perf_counter() - began)
    return {"plain": statistics.median(plain) * 1000, "berth": statistics.median(berth) * 1000}


@dataclass
class Peaks:
    """MiB of the largest process of each name: before, and the peak."""

    before: dict[str, float]
    most: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    """The time of each direction."""


def passing(console: Console, account: str, root: int, mebibytes: int) -> Peaks:
    """Upload and build a context; save, fetch, upload, and load the image."""
    peaks = Peaks(_largest(root))
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, _watching(root, peaks):
        file = Path(folder) / "file.tar"
        _context(file, mebibytes)
        with _timed(peaks, "upload"):
            context = _send(console, account, file)
        with _timed(peaks, "build"):
            values = {"tags": [BUILT], "context": context, "cache": False}
            console.ended(console.submit(account, "image.build", **values))
        with _timed(peaks, "save"):
            saved = console.submit(account, "image.save", images=[BUILT])
            console.ended(saved)
        with _timed(peaks, "download"):
            _fetch(console, saved, file)
        archive = _send(console, account, file)
        with _timed(peaks, "load"):
            console.ended(console.submit(account, "image.load", archive=archive))
    console.ended(console.submit(account, "image.remove", image=BUILT, force=True))
    return peaks


def report(times: dict[str, float], peaks: Peaks, mebibytes: int) -> list[tuple[str, str]]:
    """Return the lines of the table."""
    ratio = times["plain"] / times["berth"]
    lines = [
        (
            "podman build: shell, Berth",
            f"{times['plain']:8.0f} ms, {times['berth']:.0f} ms; ratio {ratio:.2f}",
        )
    ]
    for name, seconds in peaks.seconds.items():
        lines.append((f"{mebibytes} MiB: {name}", f"{mebibytes / seconds:8.1f} MiB a second"))
    for name, before in sorted(peaks.before.items()):
        most = peaks.most.get(name, before)
        lines.append((f"  largest {name}", f"{before:8.1f} MiB PSS before, {most:.1f} at most"))
    return lines


def _largest(root: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for process in processes_of(root):
        if process.name in BERTHS:
            found[process.name] = max(found.get(process.name, 0), process.pss)
    return found


@contextmanager
def _watching(root: int, peaks: Peaks) -> Iterator[None]:
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.5):
            for name, size in _largest(root).items():
                peaks.most[name] = max(peaks.most.get(name, 0), size)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


@contextmanager
def _timed(peaks: Peaks, name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    peaks.seconds[name] = time.perf_counter() - began


def _context(file: Path, mebibytes: int) -> None:
    """Create a tar with one file of `mebibytes` and the Containerfile that copies it."""
    text = b"FROM scratch\nCOPY big /big\n"
    with tarfile.open(file, "w") as target, Path("/dev/urandom").open("rb") as noise:
        entry = tarfile.TarInfo("Containerfile")
        entry.size = len(text)
        target.addfile(entry, io.BytesIO(text))
        entry = tarfile.TarInfo("big")
        entry.size = mebibytes * _PIECE
        target.addfile(entry, noise)


def _connection(console: Console) -> http.client.HTTPConnection:
    parts = urlsplit(console.url)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=600)


def _send(console: Console, account: str, file: Path) -> str:
    headers = {
        "Authorization": f"Bearer {console.token}",
        "Content-Type": "application/octet-stream",
        "Content-Length": str(file.stat().st_size),
    }
    connection = _connection(console)
    with file.open("rb") as body:
        connection.request("POST", f"/api/v1/accounts/{account}/uploads", body, headers)
        answer = connection.getresponse()
        content = answer.read()
    if answer.status != 201:
        raise RuntimeError(f"the upload: {answer.status} {content[:300]!r}")
    return str(json.loads(content)["id"])


def _fetch(console: Console, operation: str, file: Path) -> None:
    connection = _connection(console)
    headers = {"Authorization": f"Bearer {console.token}"}
    connection.request("GET", f"/api/v1/operations/{operation}/download", headers=headers)
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"the download: {answer.status}")
    with file.open("wb") as target:
        while piece := answer.read(_PIECE):
            target.write(piece)
