"""A real Linux account with a real engine, real Podman, and a base image made on this machine."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from engine.client import Engine
from engine.schema.builds import ImageBuild
from engine.schema.errors import EngineUnreachable
from engine.schema.progress import Outcome, Progress
from launch.demo import archive
from tests.browser.conftest import registry as registry
from tests.machine import add_user, make_runtime, open_devices, own, remove_user
from tests.waiting import eventually

CODE = Path(__file__).resolve().parents[2]
BASE = "localhost/base:latest"


@dataclass
class Account:
    """Someone who builds, with an engine."""

    name: str
    uid: int
    gid: int
    home: Path
    socket: Path
    settings: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "USER": self.name,
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "XDG_RUNTIME_DIR": f"/run/user/{self.uid}",
            "PYTHONPATH": str(CODE),
            "PYTHONDONTWRITEBYTECODE": "1",
            **self.settings,
        }

    def start(self) -> None:
        """Start its engine and wait until it serves."""
        with (self.home / "engine.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "engine", "--socket", str(self.socket)]
                + ["--idle-seconds", "0", "--peer-uid", str(os.getuid())],
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                env=self.environment,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        asyncio.run(_until_it_serves(self))

    def end(self, how: int = signal.SIGTERM) -> None:
        """Send its engine a signal, and wait for its end."""
        if self.process:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    @property
    def state(self) -> Path:
        return self.home / ".local/state/berth"

    def run(self, *argv: str, given: bytes | None = None) -> str:
        done = subprocess.run(
            argv,
            input=given,
            capture_output=True,
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            env=self.environment,
            cwd=self.home,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def sleepers(self) -> list[str]:
        """Its processes that `sleep 4711`, which nothing ends but their end."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if (
                    place.stat().st_uid == self.uid
                    and (place / "cmdline").read_bytes() == b"sleep\x004711\x00"
                ):
                    found.append(place.name)
            except OSError:
                continue
        return found

    def leftovers(self) -> list[str]:
        """Working containers, files of operations, and processes that are still there."""
        found = self.run("podman", "ps", "--all", "--external", "--quiet").split()
        found += [str(path) for path in (self.state / "files").iterdir()]
        for place in Path("/proc").glob("[0-9]*"):
            try:
                words = (place / "cmdline").read_bytes().split(b"\0")
                if place.stat().st_uid == self.uid and b"build" in words:
                    found.append(b" ".join(words).decode())
            except OSError:
                continue
        # Where programs put what is temporary, unless they are told another place.
        owned = ["find", "/tmp", "/var/tmp", "-maxdepth", "1", "-user", self.name]
        owned += ["-newer", str(self.home / "began")]  # another one may have had this uid
        return found + self.run(*owned).split()


@contextmanager
def enrolled(name: str, **settings: str) -> Iterator[Account]:
    """A Linux account with the base image, whose engine has these settings; gone afterwards."""
    open_devices()
    entry = add_user(name)
    runtime = make_runtime(entry)
    home = Path(entry.pw_dir)
    socket = runtime / "engine.sock"
    account = Account(name, entry.pw_uid, entry.pw_gid, home, socket, settings)
    try:
        (home / "began").touch()
        account.start()
        account.run("podman", "import", "-", BASE, given=archive())
        yield account
    finally:
        account.end()
        remove_user(name)


@pytest.fixture(scope="session")
def shipwright() -> Iterator[Account]:
    with enrolled(own("builder")) as account:
        yield account


async def _until_it_serves(account: Account) -> None:
    async def serves() -> bool:
        assert account.process
        assert account.process.poll() is None, (account.home / "engine.log").read_text()
        async with Engine(account.socket, account.uid) as door:
            try:
                await door.ping()
            except EngineUnreachable:
                return False
        return True

    await eventually(serves, "the engine serves")


class Yard:
    """The engine, and how a test has it build."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.progress: list[Progress] = []

    async def build(self, operation: UUID | None = None, **parameters: object) -> Outcome:
        asked = ImageBuild.model_validate({"tags": ["localhost/built:1"], **parameters})
        outcome = None
        async for said in self.engine.run(operation or uuid4(), asked):
            if isinstance(said, Progress):
                self.progress.append(said)
            else:
                outcome = said
        assert outcome is not None
        return outcome

    async def log(self, operation: UUID, *, follow: bool = False) -> str:
        from engine.schema.queries import BuildLines, LogLine

        said = self.engine.query(BuildLines(build=operation, follow=follow))
        return "\n".join([line.text async for line in said if isinstance(line, LogLine)])

    async def put(self, operation: UUID, data: bytes) -> UUID:
        import hashlib

        async def pieces() -> AsyncIterator[bytes]:
            yield data

        upload = uuid4()
        await self.engine.put_file(operation, upload, hashlib.sha256(data).hexdigest(), pieces())
        return upload


@asynccontextmanager
async def open_yard(account: Account) -> AsyncIterator[Yard]:
    async with Engine(account.socket, account.uid) as engine:
        yield Yard(engine)


@pytest.fixture
async def yard(shipwright: Account) -> AsyncIterator[Yard]:
    async with open_yard(shipwright) as opened:
        yield opened
