"""The real processes around the queue, started and killed by a test: Redis, a worker, an engine."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import redis
from django.conf import settings

from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]


class Processes:
    """Everything is below `folder`; `env` is the worker's environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "engine.sock"
        self.engine_state = folder / "engine"
        self.engine_state.mkdir()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: list[IO[bytes]] = []

    @property
    def redis_socket(self) -> Path:
        return Path(settings.BERTH_REDIS.removeprefix("unix://"))

    def start_redis(self) -> None:
        arguments = ["--port", "0", "--unixsocket", str(self.redis_socket), "--save", ""]
        self._start("redis", ["redis-server", *arguments, "--appendonly", "no"])
        until(self._redis_answers, "Redis answers")

    def _redis_answers(self) -> bool:
        try:
            return bool(redis.Redis(unix_socket_path=str(self.redis_socket)).ping())
        except redis.ConnectionError:
            return False

    def start_engine(self) -> None:
        command = ["-m", "tests.operations.engine_double", str(self.socket), str(self.engine_state)]
        self._start("engine", [sys.executable, *command])
        until(self.socket.exists, "the engine listens")

    def start_worker(self) -> None:
        command = "-m celery -A consoleapp worker -P threads -c 32 --without-gossip"
        command += " --without-mingle --without-heartbeat -Q host.local"
        self._start("worker", [sys.executable, *command.split()])

    def _start(self, name: str, command: list[str]) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        self._logs.append(log)
        env = os.environ | {
            "BERTH_TESTING": "1",
            "BERTH_DATA": str(settings.BERTH_DATA),
            "BERTH_TEST_DATABASE": str(settings.DATABASES["default"]["NAME"]),
            "DJANGO_SETTINGS_MODULE": "tests.operations.worker_settings",
        }
        self._running[name] = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True
        )

    def kill(self, name: str) -> None:
        """kill -9."""
        self._end(name, signal.SIGKILL)

    def _end(self, name: str, by: signal.Signals) -> None:
        process = self._running.pop(name)
        process.send_signal(by)
        process.wait()

    def end_all(self) -> None:
        for name in list(self._running):
            self._end(name, signal.SIGKILL)
        for log in self._logs:
            log.close()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def open_gate(self) -> None:
        """Let operations on `gate` continue to their end, including later ones."""
        (self.engine_state / "gate").touch()

    def ended(self, operation: Any) -> bool:
        """Return whether the engine reached its end, which it records before it tells anybody."""
        return f"{operation.pk} ended" in (self.engine_state / "log").read_text()

    def began(self, operation: Any) -> int:
        """Return how often the engine started it."""
        log = self.engine_state / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        return sum(line.startswith(f"{operation.pk} began") for line in lines)
