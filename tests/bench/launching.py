"""Compare POST to running with `podman run -d`, and measure each step."""

import json
import threading
import time
import uuid
from datetime import datetime
from statistics import median

from tests.bench.console import Console, milliseconds
from tests.bench.podman import Podman

COMMAND = ["sleep", "600"]
STEPS = [
    ("request", "POST sent → 202 received"),
    ("  before the row", "POST sent → row written (authentication, validation, permission)"),
    ("  row to queue", "row written → id handed to Redis (commit)"),
    ("queue", "handed to Redis → claimed by a worker"),
    ("to Podman", "claimed → Podman has created it (engine's hop, podman create)"),
    ("podman start", "created → started, by Podman's own events"),
    ("end", "started → row says succeeded"),
    ("answer", "row says succeeded → the waiting GET is answered"),
    ("to the list", "row says succeeded → the list shows it running"),
]


def launching(console: Console, account: str, podman: Podman, image: str, runs: int) -> dict:
    """Run both sides alternately, `runs` times each. Return lists of ms for each side and step."""
    figures: dict[str, list[float]] = {"podman": [], "berth": []}
    figures |= {name: [] for name, _ in STEPS}
    with PodmanEvents(podman) as events:
        for turn in range(runs + 1):
            names = (f"bench-{uuid.uuid4().hex[:12]}", f"bench-{uuid.uuid4().hex[:12]}")
            figures["podman"].append(podman.timed("run", "-d", "--name", names[0], image, *COMMAND))
            whole, steps = _through_berth(console, account, image, names[1], events)
            figures["berth"].append(whole)
            for name, value in steps.items():
                figures[name].append(value)
            podman("rm", "-f", "-t", "0", *names)
            if turn == 0:  # the first of each warms caches
                figures = {name: [] for name in figures}
    return figures


def _through_berth(
    console: Console, account: str, image: str, name: str, events: "PodmanEvents"
) -> tuple[float, dict[str, float]]:
    sent, began = time.time(), time.perf_counter()
    operation = console.submit(
        account, "container.run", image=image, name=name, command_line=COMMAND
    )
    request = milliseconds(began)
    found = console.ended(operation)
    whole, answered = milliseconds(began), time.time()
    while not any(
        row["name"] == name and row["state"] == "running"
        for row in console.get(f"/accounts/{account}/containers?search={name}")["containers"]
    ):
        time.sleep(0.001)
    listed = time.time()
    at = {key: _seconds(found[f"{key}_at"]) for key in ("requested", "queued", "started", "ended")}
    created, running = events.seen(name, "create"), events.seen(name, "start")
    steps = {
        "request": request,
        "  before the row": (at["requested"] - sent) * 1000,
        "  row to queue": (at["queued"] - at["requested"]) * 1000,
        "queue": (at["started"] - at["queued"]) * 1000,
        "to Podman": (created - at["started"]) * 1000,
        "podman start": (running - created) * 1000,
        "end": (at["ended"] - running) * 1000,
        "answer": (answered - at["ended"]) * 1000,
        "to the list": (listed - at["ended"]) * 1000,
    }
    return whole, steps


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class PodmanEvents:
    """Podman's own times of creating and starting a container."""

    def __init__(self, podman: Podman) -> None:
        self._podman = podman
        self._at: dict[tuple[str, str], float] = {}
        self._changed = threading.Condition()

    def __enter__(self) -> "PodmanEvents":
        self._process = self._podman.follow("events", "--format", "json")
        threading.Thread(target=self._read, daemon=True).start()
        time.sleep(0.5)  # until it listens, which it does not report
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.terminate()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            event = json.loads(line)
            # Podman 5 counts nanoseconds; Podman 4 writes a time.
            at = event["timeNano"] / 1e9 if "timeNano" in event else _seconds(event["Time"])
            with self._changed:
                self._at[event.get("Name", ""), event.get("Status", "")] = at
                self._changed.notify_all()

    def seen(self, name: str, status: str) -> float:
        """Return the time of the container's `status`. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: (name, status) in self._at, 5):
                raise TimeoutError(f"podman events said nothing of {name} {status}")
            return self._at[name, status]


def report(figures: dict[str, list[float]]) -> list[tuple[str, str]]:
    """Return the lines of the table."""
    plain, berth = median(figures["podman"]), median(figures["berth"])
    lines = [
        ("podman run -d", f"{plain:8.1f} ms"),
        (
            "POST until told that it runs",
            f"{berth:8.1f} ms   ratio {berth / plain:.2f} (aim ≤ 1.0)",
        ),
    ]
    lines += [(f"  {name}", f"{median(figures[name]):8.1f} ms   {what}") for name, what in STEPS]
    return lines
