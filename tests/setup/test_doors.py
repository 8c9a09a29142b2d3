"""An account's door: whoever connects learns at once whose it is, engine or not."""

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from launch.doors import open_doors
from launch.identities import Account, Service
from tests.engine.linux_account import LinuxAccount, make_account
from tests.machine import own, remove_user

NAME = own("door")


@pytest.fixture
def linux() -> Iterator[LinuxAccount]:
    """A Linux account that has nothing yet."""
    yield make_account(NAME)
    remove_user(NAME)


def test_it_is_the_accounts_own_before_any_engine_runs(linux: LinuxAccount, tmp_path: Path) -> None:
    path = linux.runtime / "door.sock"
    account = Account(NAME, linux.uid, linux.gid, linux.home, linux.runtime, path)
    # No code to start an engine of: the door is all that there is.
    lifeline = open_doors([account], Service(0, 0, 0), tmp_path, tmp_path)
    try:
        with socket.socket(socket.AF_UNIX) as knock:
            knock.connect(str(path))
            credentials = knock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        assert struct.unpack("3i", credentials)[1] == linux.uid
    finally:
        os.close(lifeline)
