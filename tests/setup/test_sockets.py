"""An account's socket: clients see its uid at once, and no process's death closes it."""

import os
import signal
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from launch.identities import Account, Service
from launch.sockets import open_sockets
from tests.engine.linux_account import LinuxAccount, make_account
from tests.machine import own, remove_user
from tests.waiting import until

NAME = own("door")
ENGINE = """
import os, socket
door = socket.socket(fileno=3)
while True:
    guest, _ = door.accept()
    guest.sendall(f"{os.getpid()} {os.getppid()}".encode())
    guest.close()
"""


@pytest.fixture
def linux() -> Iterator[LinuxAccount]:
    """Create a Linux account without anything."""
    yield make_account(NAME)
    remove_user(NAME)


def account_of(linux: LinuxAccount) -> Account:
    path = linux.runtime / "door.sock"
    return Account(NAME, linux.uid, linux.gid, linux.home, linux.runtime, path)


@dataclass
class Opened:
    """An open socket with an engine behind it that identifies itself."""

    account: Account
    code: Path
    logs: Path
    lifeline: int = -1

    def open(self) -> None:
        self.lifeline = open_sockets([self.account], Service(0, 0, 0), self.code, self.logs)

    def close(self) -> None:
        os.close(self.lifeline)

    def knock(self) -> tuple[int, int, int]:
        """Return the pids of the engine, its activator, and the activator's supervisor."""
        with socket.socket(socket.AF_UNIX) as guest:
            guest.settimeout(60)
            guest.connect(str(self.account.socket))
            message = guest.recv(100).split()
        engine, activator = int(message[0]), int(message[1])
        status = Path(f"/proc/{activator}/status").read_text().splitlines()
        above = next(line for line in status if line.startswith("PPid:"))
        return engine, activator, int(above.split()[1])

    def answer(self) -> tuple[int, int, int]:
        """Return the same from an engine that keeps running."""

        def try_it() -> tuple[int, int, int] | None:
            try:
                return self.knock()
            except (OSError, IndexError):
                return None  # it ended with the connection

        return until(try_it, "an answer")


def is_gone(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.fixture
def opened(linux: LinuxAccount, tmp_path: Path) -> Opened:
    """Open a socket. The test closes it."""
    code = linux.home / "code"
    (code / "engine").mkdir(parents=True)
    (code / "engine/__main__.py").write_text(ENGINE)
    made = Opened(account_of(linux), code, tmp_path)
    made.open()
    return made


def test_it_is_the_accounts_own_before_any_engine_runs(linux: LinuxAccount, tmp_path: Path) -> None:
    account = account_of(linux)
    # No code to start an engine: only the socket itself.
    lifeline = open_sockets([account], Service(0, 0, 0), tmp_path, tmp_path)
    try:
        with socket.socket(socket.AF_UNIX) as knock:
            knock.connect(str(account.socket))
            credentials = knock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        assert struct.unpack("3i", credentials)[1] == linux.uid
    finally:
        os.close(lifeline)


@pytest.mark.parametrize("which", [0, 1, 2], ids=["engine", "activator", "supervisor"])
def test_whoever_is_killed_the_account_is_served_again(opened: Opened, which: int) -> None:
    for _ in range(2):
        before = opened.answer()
        os.kill(before[which], signal.SIGKILL)
        # An engine never outlives its activator: two at once would interfere.
        until(lambda pids=before: is_gone(pids[0]), "the engine has gone")
        after = opened.answer()
        assert after[0] != before[0]
        assert not is_gone(after[2])
    last = opened.answer()
    opened.close()
    for pid in last:
        until(lambda pid=pid: is_gone(pid), "all have gone with bin/serve")


def test_after_everything_was_killed_the_next_start_serves_again(opened: Opened) -> None:
    engine, activator, supervisor = opened.answer()
    for pid in (supervisor, activator):
        os.kill(pid, signal.SIGKILL)
    until(lambda: is_gone(engine), "the engine has gone too")
    opened.close()
    opened.open()
    assert opened.answer()[0] != engine
    opened.close()
