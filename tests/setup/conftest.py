"""bin/serve as a person starts it: as root, with a Linux account of its own, and the demo image."""

import json
import os
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import PASSWORD, TREE
from tests.machine import free_port, open_devices, own, remove_user
from tests.waiting import PATIENCE, SET_UP, until

ACCOUNT = own("setup")
# They live as long as their containers, which outlive Berth.
OF_CONTAINERS = {
    *("conmon", "catatonit", "slirp4netns", "pasta", "aardvark-dns", "rootlessport"),
    *("rootlessport-child", "containers-rootlessport", "containers-rootlessport-child"),
}
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("BERTH_")}


def serve(*words: str) -> "subprocess.CompletedProcess[str]":
    """bin/serve, for starts that are refused. Ends by itself, or fails the test."""
    return subprocess.run(
        [str(TREE / "bin/serve"), *words],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=SET_UP,
    )


class Berth:
    """One data directory, port and account, and the bin/serve that runs on them now."""

    def __init__(self, place: Path) -> None:
        self.port, self.data, self.output = free_port(), place / "data", place / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **environment: str) -> None:
        """Start it, with more in its environment, and wait for its address."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [str(TREE / "bin/serve"), "--demo", "--port", str(self.port)]
                + ["--data", str(self.data), "--account", ACCOUNT],
                env=ENVIRONMENT | {"BERTH_ADMIN_PASSWORD": PASSWORD} | environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        until(self._ready, "it is ready", SET_UP)

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.output.read_text()
        return b"ready at" in self.output.read_bytes()

    def end(self, how: int = signal.SIGINT) -> int:
        """Send the supervisor a signal. Out: its exit status."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait()

    def processes(self) -> dict[int, str]:
        """Pids and command lines of all that the supervisor started, containers left out."""
        assert self.process is not None
        found: dict[int, str] = {}
        todo = [self.process.pid]
        while todo:
            pid = todo.pop()
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                lists = [f.read_text() for f in Path(f"/proc/{pid}/task").glob("*/children")]
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended just now
            if Path(os.fsdecode(words[0])).name in OF_CONTAINERS:
                continue
            found[pid] = b" ".join(words).decode()
            todo += [int(child) for children in lists for child in children.split()]
        return found

    def pid_of(self, words: str) -> int:
        """The first process, nearest to the supervisor, with `words` in its command line."""
        return next(pid for pid, line in self.processes().items() if words in line)

    def token(self) -> str:
        """A token of the administrator's."""
        done = subprocess.run(
            [str(TREE / "manage.py"), "api_token", "admin", "--scope", "operate"],
            env=ENVIRONMENT | {"BERTH_DATA": str(self.data)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def api(self, token: str, method: str, path: str, body: object = None) -> Any:
        """The answer to a call of the API."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.loads(answer.read())

    def launch(self, token: str, name: str) -> dict[str, Any]:
        """Launch the demo image. Out: the operation at its end."""
        body = {
            "kind": "container.run",
            "parameters": {"image": "localhost/berth-demo:latest", "name": name},
        }
        asked = self.api(token, "POST", f"/accounts/{ACCOUNT}/operations", body)

        def ended() -> dict[str, Any] | None:
            row = dict(self.api(token, "GET", f"/operations/{asked['id']}?wait=30"))
            return row if row["ended_at"] else None

        return until(ended, "the launch ends") or {}


@pytest.fixture(scope="module")
def berth() -> Iterator[Berth]:
    """A running Berth; a test that ends it starts it again."""
    place = Path("/var/tmp") / own("setup")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o755)
    open_devices()
    remove_user(ACCOUNT)
    made = Berth(place)
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.end()
    remove_user(ACCOUNT)
    shutil.rmtree(place)
