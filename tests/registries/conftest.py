"""Real registries on loopback, a real Linux account, and its real engine."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from engine.client import Engine
from engine.schema.parameters import Parameters
from engine.schema.queries import Query
from launch import demo, identities
from tests.machine import free_port, open_devices, own, remove_user
from tests.waiting import until

TREE = Path(__file__).resolve().parents[2]
NAME = own("registries")
IMAGE = demo.IMAGE


@dataclass(frozen=True)
class Account:
    """The Linux account, and ways to do things as it."""

    name: str
    uid: int
    home: Path
    socket: Path

    @property
    def own_file(self) -> Path:
        return self.home / ".config/containers/registries.conf"

    def run(self, *argv: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        """A command in the account's own shell."""
        return subprocess.run(
            ["runuser", "-u", self.name, "--", *argv],
            cwd="/",
            env={
                "HOME": str(self.home),
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "XDG_RUNTIME_DIR": f"/run/user/{self.uid}",
            },
            input=given,
            capture_output=True,
            text=True,
        )

    def write(self, text: str, name: str = "registries.conf") -> Path:
        """A file in the account's ~/.config/containers, as the account."""
        path = self.home / ".config/containers" / name
        done = self.run("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "sh", str(path),
                        given=text)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return path


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account of its own with an engine that serves root, and the demo image."""
    open_devices()
    remove_user(NAME)
    [made] = identities.accounts((NAME,), identities.Service(0, 0, 0))
    demo.make_image(made)
    log = tmp_path_factory.mktemp("engine") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine", "--socket", str(made.socket), "--peer-uid", "0"]
            + ["--idle-seconds", "0"],
            cwd=TREE,
            env={
                "HOME": str(made.home),
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "XDG_RUNTIME_DIR": str(made.runtime),
                "PYTHONPATH": str(TREE),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            user=made.uid,
            group=made.gid,
            extra_groups=[],
            stdout=output,
            stderr=output,
        )

    def serves() -> bool:
        assert process.poll() is None, log.read_text()
        return "serving uid" in log.read_text()

    until(serves, "the engine serves")
    yield Account(made.name, made.uid, made.home, made.socket)
    process.send_signal(signal.SIGTERM)
    process.wait()
    print(log.read_text())
    remove_user(NAME)


@pytest.fixture(autouse=True)
def clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave no configuration, sign-in or certificate of the account's own to the next test."""
    account: Account | None = None
    if "account" in request.fixturenames:
        account = request.getfixturevalue("account")
    yield
    if account:
        account.run("rm", "-rf", f"{account.home}/.config/containers")
        account.run("rm", "-f", f"/run/user/{account.uid}/containers/auth.json")
        service = subprocess.run(
            ["pgrep", "-u", str(account.uid), "-f", "podman.* system service"],
            capture_output=True, text=True,
        )  # fmt: skip
        for pid in service.stdout.split():
            os.kill(int(pid), signal.SIGHUP)


class Talk:
    """The engine, in the words of tests."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def do(self, parameters: Parameters) -> Any:
        """The outcome of an operation."""
        last = None
        async for message in self.engine.run(uuid4(), parameters):
            last = message
        return last

    async def ask(self, query: Query) -> Any:
        """The first answer: its data where it is a document."""
        async for answer in self.engine.query(query):
            return getattr(answer, "data", answer)
        return None


@pytest.fixture
async def talk(account: Account) -> AsyncIterator[Talk]:
    async with Engine(account.socket, account.uid) as engine:
        yield Talk(engine)


@dataclass(frozen=True)
class Server:
    """A running docker-registry."""

    address: str
    place: Path


class Registries:
    """Starts docker-registry instances, and ends them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, http: str = "", more: str = "") -> Server:
        port = free_port()
        place = self._folder / name
        place.mkdir(exist_ok=True)
        config = place / "config.yml"
        config.write_text(
            "version: 0.1\nlog: {level: error}\n"
            f"storage: {{filesystem: {{rootdirectory: {place}/images}}, "
            "delete: {enabled: true}}\n"
            f"http: {{addr: '127.0.0.1:{port}'{http}}}\n{more}"
        )
        process = subprocess.Popen(
            ["docker-registry", "serve", str(config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._running.append(process)

        def listens() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        until(listens, "the registry listens")
        return Server(f"127.0.0.1:{port}", place)

    def end(self) -> None:
        for process in self._running:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registries]:
    made = Registries(tmp_path_factory.mktemp("registries"))
    yield made
    made.end()


@pytest.fixture(scope="module")
def plain(registries: Registries, account: Account) -> Server:
    """Without TLS or sign-in; holds library/app:1."""
    server = registries.start("plain")
    push(account, server, "library/app:1")
    return server


@pytest.fixture(scope="module")
def mirror(registries: Registries, account: Account) -> Server:
    """Another one without TLS, with the same image under a path of its own."""
    server = registries.start("mirror")
    push(account, server, "copies/library/app:1")
    return server


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca.crt, server.crt, server.key, expired.crt for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("authority")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out",
            "ca.crt", "-days", "90", "-subj", "/CN=Test Harbour Authority")  # fmt: skip
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out",
            "server.csr", "-subj", "/CN=127.0.0.1")  # fmt: skip
    sign = ["x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
            "-CAcreateserial", "-extfile", "names"]  # fmt: skip
    openssl(*sign, "-out", "server.crt", "-days", "90")
    openssl(*sign, "-out", "expired.crt", "-days", "-1")
    return folder


@pytest.fixture(scope="module")
def guarded(registries: Registries, authority: Path) -> Server:
    """With TLS of an authority that nobody knows, and a sign-in: harbour / master-key."""
    word = subprocess.run(
        ["htpasswd", "-Bbn", "harbour", "master-key"], capture_output=True, text=True, check=True
    )
    (authority / "htpasswd").write_text(word.stdout)
    return registries.start(
        "guarded",
        f", tls: {{certificate: {authority}/server.crt, key: {authority}/server.key}}",
        f"auth: {{htpasswd: {{realm: harbour, path: {authority}/htpasswd}}}}\n",
    )


def push(account: Account, server: Server, name: str) -> None:
    """The demo image, to a registry without TLS."""
    done = account.run("podman", "push", "--tls-verify=false", IMAGE, f"{server.address}/{name}")
    assert done.returncode == 0, done.stderr
