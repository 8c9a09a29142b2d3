"""Debian's docker-registry on loopback: plain, and with TLS and a password."""

import io
import os
import socket
import socketserver
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from launch.demo import IMAGE
from tests.engine.linux_account import LinuxAccount
from tests.machine import free_port
from tests.waiting import until

NOISE = 6 * 1024 * 1024
USER, PASSWORD = "reader", "a-password-for-tests-only"


@dataclass(frozen=True)
class Registry:
    """A running registry."""

    address: str
    certificate: Path | None = None
    """The certificate to trust."""

    def holding(self, linux: LinuxAccount, name: str, image: str = IMAGE) -> str:
        """Push one of the account's images. Return its name in the registry."""
        reference = f"{self.address}/{name}:1"
        credentials = ["--creds", f"{USER}:{PASSWORD}"] if self.certificate else []
        linux.podman("push", "--quiet", "--tls-verify=false", *credentials, image, reference)
        return reference


class SlowLine(socketserver.ThreadingTCPServer):
    """A proxy to a registry that sends bytes slowly."""

    daemon_threads = True
    behind = 0
    """The registry's own port."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Slowly)
        self.address = f"127.0.0.1:{self.server_address[1]}"

    def trusted_by(self, linux: LinuxAccount) -> None:
        """Configure in the account that this registry needs no TLS."""
        place = linux.home / ".config/containers/registries.conf.d"
        place.mkdir(parents=True, exist_ok=True)
        file = place / "slow.conf"
        file.write_text(f'[[registry]]\nlocation = "{self.address}"\ninsecure = true\n')
        for made in (linux.home / ".config", linux.home / ".config/containers", place, file):
            os.chown(made, linux.uid, linux.gid)


class _Slowly(socketserver.BaseRequestHandler):
    """Passes bytes on to the registry fast, and back from it slowly."""

    server: SlowLine

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.behind)) as behind:
            threading.Thread(target=self._forth, args=(behind,), daemon=True).start()
            try:
                while piece := behind.recv(32 * 1024):
                    self.request.sendall(piece)
                    time.sleep(len(piece) / (1024 * 1024))
            except OSError:
                return  # the puller has left

    def _forth(self, behind: socket.socket) -> None:
        try:
            while piece := self.request.recv(32 * 1024):
                behind.sendall(piece)
            behind.shutdown(socket.SHUT_WR)
        except OSError:
            return  # the registry has ended


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Yield a registry without TLS, open to everybody."""
    yield from _serve(tmp_path_factory.mktemp("registry"), "", "")


@pytest.fixture(scope="session")
def private_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Yield a registry with an untrusted certificate and a password."""
    place = tmp_path_factory.mktemp("private-registry")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + [
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=127.0.0.1",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ]
        + ["-keyout", str(place / "key.pem"), "-out", str(place / "certificate.pem")],
        check=True,
        capture_output=True,
    )
    users = subprocess.run(
        ["htpasswd", "-Bbn", USER, PASSWORD], check=True, capture_output=True, text=True
    )
    (place / "htpasswd").write_text(users.stdout)
    tls = f", tls: {{certificate: {place}/certificate.pem, key: {place}/key.pem}}"
    auth = f"auth: {{htpasswd: {{realm: tests, path: {place}/htpasswd}}}}\n"
    yield from _serve(place, tls, auth, place / "certificate.pem")


@pytest.fixture(scope="session")
def slow_line() -> Iterator[SlowLine]:
    """Yield a slow proxy, before the engines start: Podman reads registries.conf only once."""
    with SlowLine() as line:
        threading.Thread(target=line.serve_forever, daemon=True).start()
        yield line
        line.shutdown()


@pytest.fixture(scope="session")
def slow_image(
    registry: Registry, slow_line: SlowLine, bob_linux: LinuxAccount, bob_process: object
) -> str:
    """Return the name of an image of NOISE bytes that takes six seconds to pull."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as made:
        entry = tarfile.TarInfo("noise")
        entry.size = NOISE
        made.addfile(entry, io.BytesIO(os.urandom(NOISE)))
    bob_linux.podman("import", "-", "localhost/noise:1", given=tar.getvalue())
    registry.holding(bob_linux, "noise", "localhost/noise:1")
    slow_line.behind = int(registry.address.rpartition(":")[2])
    return f"{slow_line.address}/noise:1"


def _serve(place: Path, tls: str, auth: str, certificate: Path | None = None) -> Iterator[Registry]:
    port = free_port()
    config = place / "config.yml"
    config.write_text(
        "version: 0.1\nlog: {level: error}\n"
        f"storage: {{filesystem: {{rootdirectory: {place}/images}}, delete: {{enabled: true}}}}\n"
        f"{auth}"
        f"http: {{addr: '127.0.0.1:{port}'{tls}}}\n"
    )
    process = subprocess.Popen(
        ["docker-registry", "serve", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _wait_for(port)
    yield Registry(f"127.0.0.1:{port}", certificate)
    process.terminate()
    process.wait()


def _wait_for(port: int) -> None:
    def listens() -> bool:
        with socket.socket() as knock:
            return knock.connect_ex(("127.0.0.1", port)) == 0

    until(listens, "the registry listens")
