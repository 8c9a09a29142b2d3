"""Two real Linux accounts with engines of their own, and real registries."""

import asyncio
import hashlib
import io
import os
import pwd
import socket
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from engine.client import Engine
from engine.schema.parameters import Parameters
from engine.schema.progress import Failed, Outcome, Progress, Succeeded
from engine.schema.queries import Document
from engine.schema.query import Query
from launch.demo import archive
from tests.machine import add_user, free_port, make_runtime, open_devices, own, remove_user
from tests.waiting import PATIENCE, until

TREE = Path(__file__).resolve().parents[2]
IMAGE = "localhost/demo:1"
LAYERED = "localhost/layered:1"
CONTAINERFILE = f"""FROM {IMAGE}
RUN dd if=/dev/urandom of=/big bs=1M count=8 && rm /etc/group
RUN mkdir -p /a/b && echo hi > /a/b/c && rm -r /www
LABEL team=web
ENV MODE=live
"""


@dataclass
class Account:
    """A Linux account with an engine that listens on `socket`."""

    name: str
    uid: int
    socket: Path
    process: "subprocess.Popen[bytes] | None" = None

    def podman(self, *words: str, given: bytes = b"") -> "subprocess.CompletedProcess[str]":
        """Podman in the account's own shell."""
        done = subprocess.run(
            ["runuser", "-u", self.name, "--", "podman", *words],
            input=given,
            cwd="/",
            env=self._environment(),
            capture_output=True,
        )
        return subprocess.CompletedProcess(
            words,
            done.returncode,
            done.stdout.decode(errors="replace").strip(),
            done.stderr.decode(errors="replace").strip(),
        )

    def start(self) -> None:
        """Start its engine and wait until it listens."""
        self.process = subprocess.Popen(
            [
                *("runuser", "-u", self.name, "--", sys.executable, "-m", "engine"),
                *("--socket", str(self.socket), "--peer-uid", str(os.getuid())),
                *("--idle-seconds", "0"),
            ],
            cwd="/",
            env={**self._environment(), "PYTHONPATH": str(TREE), "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
        )
        until(self._listens, "the engine listens")

    def _listens(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "the engine ended"
        return _answers(self.socket)

    def kill(self) -> None:
        """SIGKILL for the engine and all that it started."""
        if self.process:
            subprocess.run(["pkill", "-KILL", "-u", str(self.uid)])
            self.process.wait()
            self.process = None

    def engine(self) -> Engine:
        """A client of it."""
        return Engine(self.socket, self.uid)

    def runs(self, pattern: str) -> bool:
        """Whether the account has a process with such a command line."""
        words = ["pgrep", "-u", str(self.uid), "-f", pattern]
        return subprocess.run(words, capture_output=True).returncode == 0

    def left(self) -> list[str]:
        """Files of operations that the engine still keeps."""
        root = Path(pwd.getpwuid(self.uid).pw_dir) / ".local/state/berth/files"
        return [str(path) for path in root.glob("*/**/*")]

    def _environment(self) -> dict[str, str]:
        return {
            "HOME": pwd.getpwuid(self.uid).pw_dir,
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "XDG_RUNTIME_DIR": f"/run/user/{self.uid}",
        }


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def _make(name: str) -> Account:
    found = add_user(name)
    return Account(name, found.pw_uid, make_runtime(found) / "test-engine.sock")


@pytest.fixture(scope="session")
def accounts() -> Iterator[tuple[Account, Account]]:
    """Anna, who has two images, and Ben, who has none; their engines run."""
    open_devices()
    both = _make(own("anna")), _make(own("ben"))
    anna, _ = both
    assert anna.podman("import", "-", IMAGE, given=archive()).returncode == 0
    built = anna.podman(
        *("--runtime", "runc", "build", "--layers", "-t", LAYERED, "-"),
        given=CONTAINERFILE.encode(),
    )
    assert built.returncode == 0, built.stderr
    for account in both:
        account.start()
    yield both
    for account in both:
        account.kill()
        remove_user(account.name)


@pytest.fixture
def anna(accounts: tuple[Account, Account]) -> Account:
    if accounts[0].process is None:
        accounts[0].start()
    return accounts[0]


@pytest.fixture
def ben(accounts: tuple[Account, Account]) -> Iterator[Account]:
    """An account with an empty store, empty again afterwards."""
    if accounts[1].process is None:
        accounts[1].start()
    yield accounts[1]
    if accounts[1].process is None:
        accounts[1].start()
    accounts[1].podman("rmi", "--all", "--force")


@pytest.fixture
async def anna_engine(anna: Account) -> AsyncIterator[Engine]:
    async with anna.engine() as engine:
        yield engine


@pytest.fixture
async def ben_engine(ben: Account) -> AsyncIterator[Engine]:
    async with ben.engine() as engine:
        yield engine


@dataclass
class Said:
    """All that an operation said."""

    progress: list[Progress]
    outcome: Outcome

    @property
    def result(self) -> dict[str, object]:
        assert isinstance(self.outcome, Succeeded), self.outcome
        return self.outcome.result

    @property
    def error(self) -> str:
        assert isinstance(self.outcome, Failed), self.outcome
        return self.outcome.error.message

    @property
    def code(self) -> str:
        assert isinstance(self.outcome, Failed), self.outcome
        return self.outcome.error.code


async def carry_out(engine: Engine, parameters: Parameters, operation: UUID | None = None) -> Said:
    """Run an operation to its end."""
    progress: list[Progress] = []
    async for message in engine.run(operation or uuid4(), parameters):
        if isinstance(message, Progress):
            progress.append(message)
        else:
            return Said(progress, message)
    raise AssertionError("no outcome")


async def answer(engine: Engine, query: Query) -> dict[str, object]:
    """The data of a query's one document."""
    async for found in engine.query(query):
        assert isinstance(found, Document), found
        return found.data
    raise AssertionError("no answer")


async def hand_over(engine: Engine, operation: UUID, content: bytes) -> UUID:
    """Give the engine an upload for an operation, as a worker does."""
    upload = uuid4()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 65536):
            yield content[start : start + 65536]
            await asyncio.sleep(0)

    await engine.put_file(operation, upload, hashlib.sha256(content).hexdigest(), pieces())
    return upload


def tar(members: dict[str, bytes | tarfile.TarInfo]) -> bytes:
    """A tar with these members; a TarInfo goes in as it is."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as target:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                target.addfile(content)
                continue
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            target.addfile(entry, io.BytesIO(content))
    return made.getvalue()


@dataclass
class Registry:
    """Debian's docker-registry on loopback."""

    address: str
    images: Path
    certificate: Path | None = None


USER, PASSWORD = "ferry", "harbour-pass-77"


def _serve(place: Path, more: str = "", tls: str = "") -> Iterator[Registry]:
    port = free_port()
    config = place / "config.yml"
    config.write_text(
        f"version: 0.1\nlog: {{level: error}}\n"
        f"storage: {{filesystem: {{rootdirectory: {place}/images}}, delete: {{enabled: true}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'{tls}}}\n{more}"
    )
    process = subprocess.Popen(
        ["docker-registry", "serve", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(listens, "the registry listens")
    yield Registry(f"127.0.0.1:{port}", place / "images")
    process.terminate()
    process.wait()


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Open, without TLS."""
    yield from _serve(tmp_path_factory.mktemp("open"))


@pytest.fixture(scope="session")
def locked_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """With TLS by a certificate that nobody trusts, and a password."""
    place = tmp_path_factory.mktemp("locked")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", f"{place}/key.pem", "-out", f"{place}/cert.pem"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    words = ["htpasswd", "-Bbc", f"{place}/users", USER, PASSWORD]
    subprocess.run(words, check=True, capture_output=True)
    yield from _serve(
        place,
        f"auth: {{htpasswd: {{realm: test, path: {place}/users}}}}\n",
        f", tls: {{certificate: {place}/cert.pem, key: {place}/key.pem}}",
    )


def manifest_digest(registry: Registry, repository: str, tag: str) -> str:
    """What an open registry says of a tag; "" when it does not have it."""
    kinds = [
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    ]
    asked = urllib.request.Request(
        f"http://{registry.address}/v2/{repository}/manifests/{tag}",
        headers={"Accept": ", ".join(kinds)},
    )
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE) as response:
            return str(response.headers["Docker-Content-Digest"])
    except urllib.error.HTTPError:
        return ""
