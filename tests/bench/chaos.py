"""Run operations and cancellations while killing processes at random, and check the claims.

    python -m tests.bench.chaos --operations 300 --kills 60 --seed 1

It kills the engine, Podman's service, the worker, Redis, and the observer. Each actor has its own
container, which records its starts in a file, and requests one operation after the other. `false`
is an untrue outcome, `doubled` an effect that came twice.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.__main__ import IMAGE, Served, served
from tests.bench.memory import processes_of
from tests.bench.podman import Podman, podman_of
from tests.machine import own

VICTIMS = {
    "engine": "-m engine",
    "podman": "system service",
    "worker": "celery",
    "redis": "redis-server",
    "observer": "manage.py observe",
}
WITHIN = 240.0
SLOW = 15.0
ENDED = ("succeeded", "failed", "cancelled", "lost", "expired", "declined")


@dataclass
class Storm:
    """The counts of all actors together."""

    served: Served
    podman: Podman
    account: str
    place: Path
    random: random.Random
    left: int
    cancels: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    ends: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def more(self) -> bool:
        """Return whether another operation is to be requested."""
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def fault(self, kind: str, text: str) -> None:
        """Count and print a fault."""
        with self.lock:
            self.faults.append(kind)
            print(f"  {kind}: {text}", flush=True)


class Actor:
    """One container, and its operations."""

    def __init__(self, storm: Storm, number: int) -> None:
        self.storm, self.number = storm, number
        self.random = random.Random(storm.random.random())
        self.file = storm.place / f"{number}"
        self.file.write_text("")
        os.chown(self.file, storm.podman.account.pw_uid, storm.podman.account.pw_gid)
        self.name, self.exists = "", False

    def run(self) -> None:
        """Run until there are enough operations."""
        while self.storm.more():
            try:
                self._one()
            except Exception as error:  # reported as a fault of the storm itself
                self.storm.fault("broken", repr(error)[:500])

    # --- one operation -----------------------------------------------------------------------

    def _one(self) -> None:
        if not self.exists:
            return self._launch()
        verbs: list[Callable[[], None]] = [
            *(self._stop, self._start, self._restart, self._rename, self._remove, self._tag),
        ]
        return self.random.choice(verbs)()

    def _launch(self) -> None:
        self.name = f"chaos-{self.number}-{uuid.uuid4().hex[:6]}"
        script = "echo x >> /noted; exec sleep 3600"
        before = self._starts()
        end = self._ask(
            "container.run",
            image=IMAGE,
            name=self.name,
            command_line=["sh", "-c", script],
            volumes=[{"source": str(self.file), "target": "/noted"}],
            stop_timeout=1,
        )
        rows = self._rows(f"label=berth.operation={end['id']}")
        self._judge(end, len(rows) == 1 and rows[0]["State"] == "running", not rows)
        self._count(end, before, 1)
        self.exists = bool(rows)

    def _stop(self) -> None:
        before = self._state()
        end = self._ask("container.stop", container=self.name, timeout=0)
        self._judge(end, self._state() == "exited", self._state() == before)

    def _start(self) -> None:
        state, before = self._state(), self._starts()
        end = self._ask("container.start", container=self.name)
        self._judge(end, self._state() == "running", self._state() == state)
        self._count(end, before, 0 if state == "running" else 1)

    def _restart(self) -> None:
        before = self._starts()
        end = self._ask("container.restart", container=self.name, timeout=0)
        self._judge(end, self._state() == "running", self._starts() == before)
        self._count(end, before, 1)

    def _rename(self) -> None:
        new = f"chaos-{self.number}-{uuid.uuid4().hex[:6]}"
        end = self._ask("container.rename", container=self.name, name=new)
        done = bool(self._rows(f"name=^{new}$"))
        self._judge(end, done, not done)
        self.name = new if done else self.name

    def _remove(self) -> None:
        end = self._ask("container.remove", container=self.name, force=True)
        self.exists = bool(self._rows(f"name=^{self.name}$"))
        self._judge(end, not self.exists, self.exists)

    def _tag(self) -> None:
        name = f"localhost/chaos-{uuid.uuid4().hex[:8]}:1"
        end = self._ask("image.tag", image=IMAGE, tag=name)
        there = self._named(name)
        self._judge(end, there, not there)
        if there:
            end = self._ask("image.untag", image=IMAGE, tags=[name])
            there = self._named(name)
            self._judge(end, not there, there)

    # --- how it ended -----------------------------------------------------------------------

    def _ask(self, kind: str, **parameters: Any) -> dict[str, Any]:
        """Return the operation after its end."""
        body = {"kind": kind, "parameters": parameters}
        key = uuid.uuid4().hex
        asked = self._api("POST", f"/accounts/{self.storm.account}/operations", body, key)
        if self.random.random() < self.storm.cancels:
            time.sleep(self.random.random() * 0.2)
            self._api("POST", f"/operations/{asked['id']}/cancel")
        began = time.monotonic()
        while time.monotonic() - began < WITHIN:
            found = self._api("GET", f"/operations/{asked['id']}")
            if found["state"] in ENDED:
                with self.storm.lock:
                    self.storm.ends[found["state"]] += 1
                    self.storm.seconds.append(time.monotonic() - began)
                if time.monotonic() - began > SLOW:
                    times = {n: v for n, v in found.items() if n.endswith("_at")}
                    print(f"  slow: {kind} {asked['id']} {times}", flush=True)
                return dict(found)
            time.sleep(0.1)
        self.storm.fault("stuck", f"{kind} {asked['id']} is {found['state']}")
        return dict(found)

    def _api(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        console = self.storm.served.console
        headers = ["-H", f"Authorization: Bearer {console.token}"]
        headers += ["-H", f"Idempotency-Key: {key}"] if key else []
        data = [] if body is None else ["-H", "Content-Type: application/json", "-d"]
        data += [] if body is None else [json.dumps(body)]
        for _ in range(50):
            done = subprocess.run(
                ["curl", "-sS", "-m", "30", "-X", method, *headers, *data]
                + [f"{console.url}/api/v1{path}"],
                capture_output=True,
            )
            if done.returncode == 0 and b'"error":{"code"' not in done.stdout[:20]:
                return json.loads(done.stdout or b"null")
            if path.endswith("/cancel"):
                return None  # it has ended
            time.sleep(0.2)
        raise RuntimeError(f"{method} {path}: {done.stdout[:300]!r} {done.stderr[:300]!r}")

    def _judge(self, end: dict[str, Any], done: bool, undone: bool) -> None:
        told = f"{end['kind']} {end['id']} {end['state']} {end.get('error')}"
        match end["state"]:
            case "succeeded" if not done:
                self.storm.fault("false", told)
            case "cancelled" if not undone:
                self.storm.fault("false", told)
            case "failed":
                self.storm.fault("failed" if undone else "false", told)
            case "lost":
                self.storm.fault("lost", told)

    def _count(self, end: dict[str, Any], before: int, expected: int) -> None:
        time.sleep(0.2)  # the container's own line
        if end["state"] == "succeeded" and self._starts() - before > expected:
            told = f"{end['kind']} {end['id']}: {self._starts() - before} starts"
            self.storm.fault("doubled", told)

    # --- what is there -----------------------------------------------------------------------

    def _starts(self) -> int:
        return self.file.read_text().count("x")

    def _rows(self, filter_: str) -> list[dict[str, Any]]:
        said = self.storm.podman("ps", "-a", "--format", "json", "--filter", filter_)
        return list(json.loads(said or "[]") or [])

    def _state(self) -> str:
        rows = self._rows(f"name=^{self.name}$")
        return str(rows[0]["State"]) if rows else "gone"

    def _named(self, name: str) -> bool:
        return bool(self.storm.podman("images", "-q", "--filter", f"reference={name}").strip())


def kill(storm: Storm, kills: int, stop: threading.Event, killed: Counter[str]) -> None:
    """Kill -9 something, repeatedly."""
    for _ in range(kills):
        if stop.wait(0.3 + storm.random.random() * 1.5):
            return
        name = storm.random.choice(list(VICTIMS))
        for pid in (each.pid for each in processes_of(storm.served.process.pid)):
            try:
                line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if VICTIMS[name] in line and "socket_activator" not in line:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                killed[name] += 1
                print(f"  {time.strftime('%X')} killed {name} {pid}", flush=True)


def _orphans(storm: Storm) -> None:
    """Report processes of containers that Podman no longer knows."""
    running = len(storm.podman("ps", "-q").split())
    known = storm.podman.account.pw_uid
    sleeping = 0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes()
            sleeping += place.stat().st_uid == known and words == b"sleep\x003600\0"
        except (FileNotFoundError, ProcessLookupError):
            continue
    if sleeping != running:
        storm.fault("orphans", f"{sleeping} processes of {running} containers that run")


def main() -> None:
    """Print what was lost, doubled, or untrue."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=300)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--actors", type=int, default=8)
    parser.add_argument("--cancels", type=float, default=0.15, help="share of the operations")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--logs", type=Path, help="a folder to keep the processes' logs in")
    given = parser.parse_args()
    account = own("chaos")
    with served([account]) as one:
        while not (info := one.console.get(f"/accounts/{account}")["info"]):
            one.console.get(f"/accounts/{account}/containers?limit=1")
        podman = podman_of(account, str(info["runtime"]))
        place = Path(podman.account.pw_dir) / "noted"
        place.mkdir()
        os.chown(place, podman.account.pw_uid, podman.account.pw_gid)
        chance = random.Random(given.seed)
        storm = Storm(one, podman, account, place, chance, given.operations, given.cancels)
        actors = [
            threading.Thread(target=Actor(storm, number).run) for number in range(given.actors)
        ]
        stop, killed = threading.Event(), Counter[str]()
        killing = threading.Thread(target=kill, args=(storm, given.kills, stop, killed))
        for thread in (*actors, killing):
            thread.start()
        for thread in actors:
            thread.join()
        stop.set()
        killing.join()
        _orphans(storm)
        if given.logs:
            shutil.copytree(one.data / "logs", given.logs, dirs_exist_ok=True)
            shutil.copy(one.data / "serve.out", given.logs)
    seconds = sorted(storm.seconds)
    print(f"seed {given.seed}; killed {dict(killed)}; ends {dict(storm.ends)}")
    print(f"p99 {seconds[int(len(seconds) * 0.99) - 1]:.1f} s, longest {seconds[-1]:.1f} s")
    print(f"faults {dict(Counter(storm.faults))}")


if __name__ == "__main__":
    main()
