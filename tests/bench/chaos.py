"""Run operations and cancellations while killing processes at random, and check the claims.

    python -m tests.bench.chaos --operations 200 --kills 40 --seed 1

Measure the aim "p99 at most 15 s after the last kill" on a quiet machine with the defaults, which
take less than five minutes.

It kills the engine, Podman's service, the worker, Redis, and the observer. Each actor has its own
container, which records its starts in a file, and requests one operation after the other. `false`
is an untrue outcome, `doubled` an effect that came twice.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.__main__ import IMAGE, Served, served
from tests.bench.memory import processes_of
from tests.bench.podman import Podman, podman_of
from tests.machine import free_port, own

VICTIMS = {
    "engine": "-m engine",
    "podman": "system service",
    "worker": "celery",
    "redis": "redis-server",
    "observer": "manage.py observe",
    "activator": "activat",
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
    waits: list[tuple[float, float, str]] = field(default_factory=list)
    """When each operation was requested and ended, and its outcome in words."""
    last_kill: float = 0.0
    editing: threading.Lock = field(default_factory=threading.Lock)
    """Held while changing registries.conf, since each change names the version that it changes."""
    registry: str = ""
    """The address of its registry."""

    def after_kills(self) -> list[tuple[float, str]]:
        """Return the seconds from the last kill (or the request, if later) to each end."""
        return sorted(
            (end - max(self.last_kill, began), words)
            for began, end, words in self.waits
            if end > self.last_kill
        )

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
            *(self._commit, self._build, self._pull, self._list, self._edit),
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

    def _commit(self) -> None:
        name = self._new_name()
        end = self._ask("container.commit", container=self.name, image=name)
        self._made(end, name)

    def _build(self) -> None:
        name = self._new_name()
        text = f"FROM {IMAGE}\nRUN echo {name} > /built\n"
        end = self._ask("image.build", tags=[name], containerfile=text, pull="never")
        self._made(end, name)

    def _pull(self) -> None:
        # Each has its own name for an existing image, so only the name can be lost.
        name = f"{self.storm.registry}/demo-{uuid.uuid4().hex[:8]}:1"
        self.storm.podman("push", "--tls-verify=false", IMAGE, name)
        end = self._ask("image.pull", image=name, tls_verify=False)
        self._made(end, name)

    def _list(self) -> None:
        name = self._new_name()
        end = self._ask("manifest.create", name=name, images=[IMAGE])
        self._made(end, name)

    def _edit(self) -> None:
        home = Path(self.storm.podman.account.pw_dir)
        file = home / ".config/containers/registries.conf"
        name = f"chaos-{uuid.uuid4().hex[:8]}"
        with self.storm.editing:
            known = hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""
            edit = {"change": "alias", "name": name, "value": f"registry.example/{name}"}
            end = self._ask("registries.edit", seen=known, edit=edit)
            there = file.exists() and name in file.read_text()
            self._judge(end, there, not there)

    def _new_name(self) -> str:
        return f"localhost/chaos-{uuid.uuid4().hex[:8]}:1"

    def _made(self, end: dict[str, Any], name: str) -> None:
        """Check an operation that creates an image or a list, and remove the result."""
        there = self._named(name)
        self._judge(end, there, not there)
        if there:
            end = self._ask("image.remove", image=name, force=True)
            there = self._named(name)
            self._judge(end, not there, there)

    # --- how it ended -----------------------------------------------------------------------

    def _ask(self, kind: str, **parameters: Any) -> dict[str, Any]:
        """Return the operation after its end."""
        body = {"kind": kind, "parameters": parameters}
        key = uuid.uuid4().hex
        query = self._api("POST", f"/accounts/{self.storm.account}/operations", body, key)
        if self.random.random() < self.storm.cancels:
            time.sleep(self.random.random() * 0.2)
            self._api("POST", f"/operations/{query['id']}/cancel")
        began = time.monotonic()
        while time.monotonic() - began < WITHIN:
            found = self._api("GET", f"/operations/{query['id']}")
            if found["state"] in ENDED:
                with self.storm.lock:
                    self.storm.ends[found["state"]] += 1
                    self.storm.seconds.append(time.monotonic() - began)
                    self.storm.waits.append((began, time.monotonic(), _life(found)))
                if time.monotonic() - began > SLOW:
                    print(f"  slow: {_life(found)}", flush=True)
                return dict(found)
            time.sleep(0.1)
        self.storm.fault("stuck", f"{kind} {query['id']} is {found['state']}")
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
        text = f"{end['kind']} {end['id']} {end['state']} {end.get('error')}"
        match end["state"]:
            case "succeeded" if not done:
                self.storm.fault("false", text)
            case "cancelled" if not undone:
                self.storm.fault("false", text)
            case "failed":
                self.storm.fault("failed" if undone else "false", text)
            case "lost":
                self.storm.fault("lost", text)

    def _count(self, end: dict[str, Any], before: int, expected: int) -> None:
        time.sleep(0.2)  # the container's own line
        if end["state"] == "succeeded" and self._starts() - before > expected:
            text = f"{end['kind']} {end['id']}: {self._starts() - before} starts"
            self.storm.fault("doubled", text)

    # --- what is there -----------------------------------------------------------------------

    def _starts(self) -> int:
        return self.file.read_text().count("x")

    def _rows(self, filter_: str) -> list[dict[str, Any]]:
        answer = self.storm.podman("ps", "-a", "--format", "json", "--filter", filter_)
        return list(json.loads(answer or "[]") or [])

    def _state(self) -> str:
        rows = self._rows(f"name=^{self.name}$")
        return str(rows[0]["State"]) if rows else "gone"

    def _named(self, name: str) -> bool:
        for _ in range(5):
            try:
                words = ("images", "-q", "--filter", f"reference={name}")
                return bool(self.storm.podman(*words).strip())
            except subprocess.CalledProcessError as error:
                # Podman 4.3 fails to list images while another one is being removed.
                failure = error
                time.sleep(0.2)
        raise failure


def _life(operation: dict[str, Any]) -> str:
    """Print an operation's outcome and times."""
    times = [
        f"{name.removesuffix('_at')} {operation[name][11:23]}"
        for name in ("requested_at", "queued_at", "started_at", "cancel_requested_at", "ended_at")
        if operation[name]
    ]
    return f"{operation['kind']} {operation['id']} {operation['state']}: {', '.join(times)}"


def _processes(storm: Storm) -> list[int]:
    """List the console's processes, and the account's: activators outlive their parents."""
    found = {each.pid for each in processes_of(storm.served.process.pid)}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if place.stat().st_uid == storm.podman.account.pw_uid:
                found.add(int(place.name))
        except FileNotFoundError:
            continue
    return sorted(found)


def kill(storm: Storm, kills: int, stop: threading.Event, killed: Counter[str]) -> None:
    """Kill -9 something, repeatedly."""
    for _ in range(kills):
        if stop.wait(0.3 + storm.random.random() * 1.5):
            return
        name = storm.random.choice(list(VICTIMS))
        for pid in _victims(storm, name):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            killed[name] += 1
            storm.last_kill = time.monotonic()
            print(f"  {time.strftime('%X')} killed {name} {pid}", flush=True)


def _victims(storm: Storm, name: str) -> list[int]:
    found = []
    for pid in _processes(storm):
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if VICTIMS[name] in line:
            found.append(pid)
    if name == "activator":  # two that restart each other: kill at most one at a time
        return [storm.random.choice(found)] if len(found) == 2 else []
    return found


@contextmanager
def registry() -> Iterator[str]:
    """Run Debian's docker-registry on loopback, without TLS. Yields its address."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="berth-chaos-") as place:
        config = Path(place) / "config.yml"
        config.write_text(
            f"version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n"
            f"storage: {{filesystem: {{rootdirectory: {place}/images}}}}\n"
        )
        process = subprocess.Popen(
            ["docker-registry", "serve", str(config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def _info(served: Served, account: str) -> dict[str, Any]:
    """Return its row in the account's snapshot, once there is one: until then, lists answer 503."""
    while True:
        try:
            served.console.get(f"/accounts/{account}/containers?limit=1")
            if info := served.console.get(f"/accounts/{account}")["info"]:
                return dict(info)
        except RuntimeError as error:
            if " 503 " not in str(error):
                raise
        time.sleep(0.2)


def _orphans(storm: Storm) -> None:
    """Report processes of containers that Podman no longer knows."""
    known = set(storm.podman("ps", "-aq", "--no-trunc").split())
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().decode(errors="replace").split("\0")
            ours = place.stat().st_uid == storm.podman.account.pw_uid
        except (FileNotFoundError, ProcessLookupError):
            continue
        if ours and "conmon" in words[0]:
            container = words[words.index("-c") + 1]
            if container not in known:
                storm.fault("orphan", f"process {place.name} of the container {container}")


def main() -> None:
    """Print what was lost, doubled, or untrue."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=200)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--actors", type=int, default=8)
    parser.add_argument("--cancels", type=float, default=0.15, help="share of the operations")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--logs", type=Path, help="a folder to keep the processes' logs in")
    given = parser.parse_args()
    account = own("chaos")
    with served([account]) as one, registry() as address:
        info = _info(one, account)
        podman = podman_of(account, str(info["runtime"]))
        place = Path(podman.account.pw_dir) / "noted"
        place.mkdir()
        os.chown(place, podman.account.pw_uid, podman.account.pw_gid)
        chance = random.Random(given.seed)
        storm = Storm(one, podman, account, place, chance, given.operations, given.cancels)
        storm.registry = address
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
    print(f"load {os.getloadavg()}")
    print(f"seed {given.seed}; killed {dict(killed)}; ends {dict(storm.ends)}")
    print(f"p99 {seconds[int(len(seconds) * 0.99) - 1]:.1f} s, longest {seconds[-1]:.1f} s")
    if late := storm.after_kills():
        p99, _ = late[max(int(len(late) * 0.99) - 1, 0)]
        longest, _ = late[-1]
        print(f"after the last kill: {len(late)} ends, p99 {p99:.1f} s (aim 15), {longest:.1f} s")
        for seconds_after, words in late[-5:]:
            print(f"  {seconds_after:.1f} s: {words}")
    print(f"faults {dict(Counter(storm.faults))}")


if __name__ == "__main__":
    main()
