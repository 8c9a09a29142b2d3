"""Starts that cannot work print one line with the remedy, and leave nothing behind."""

import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.setup import ACCOUNT, Berth, serve
from tests.machine import add_user, free_port, own, remove_user

RANGELESS = own("bare")


@pytest.fixture
def rangeless() -> Iterator[str]:
    """Create a Linux account without subordinate uids, like system accounts."""
    # Its removal ends every process of its uid, so it must be none of a lab host's system accounts.
    used = {entry.pw_uid for entry in pwd.getpwall()}
    uid = next(each for each in range(300, 400) if each not in used)
    add_user(RANGELESS, "--system", "--uid", str(uid))
    yield RANGELESS
    remove_user(RANGELESS)


def refused(*words: str) -> str:
    """Return the one line with which bin/serve ended."""
    done = serve(*words)
    assert done.returncode != 0
    output = done.stderr.strip().splitlines()
    assert len(output) == 1, done.stderr
    return output[0]


def test_a_port_in_use(berth: Berth, tmp_path: Path) -> None:
    output = refused("--port", str(berth.port), "--data", str(tmp_path / "data"))
    assert f"Port {berth.port} on 127.0.0.1 is in use" in output
    assert "--port" in output


def test_data_that_another_uses(berth: Berth) -> None:
    output = refused("--port", str(free_port()), "--data", str(berth.data))
    assert f"Another bin/serve uses {berth.data}" in output


def test_an_account_that_another_serves_and_goes_on_serving(berth: Berth, tmp_path: Path) -> None:
    words = ("--port", str(free_port()), "--data", str(tmp_path / "data"), "--account", ACCOUNT)
    assert f"Another Berth serves the account {ACCOUNT}" in refused(*words)
    ended = berth.launch(berth.token(), "not-disturbed")
    assert ended["state"] == "succeeded", ended


@pytest.mark.parametrize(
    ("account", "problem"),
    [("root", "not rootless"), ("no such name", "cannot be the name"), ("../x", "cannot be")],
)
def test_an_account_that_cannot_be(tmp_path: Path, account: str, problem: str) -> None:
    words = ("--port", str(free_port()), "--data", str(tmp_path / "data"), "--account", account)
    assert problem in refused(*words)


def test_an_account_without_subordinate_ids(rangeless: str, tmp_path: Path) -> None:
    words = ("--port", str(free_port()), "--data", str(tmp_path / "data"), "--account", rangeless)
    assert "usermod --add-subuids" in refused(*words)


def test_a_data_directory_that_is_a_place_of_others(tmp_path: Path) -> None:
    (tmp_path / "somebodys-file").touch()
    tmp_path.chmod(0o755)
    output = refused("--port", str(free_port()), "--data", str(tmp_path))
    assert "holds other files" in output
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_data_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    output = refused("--port", str(free_port()), "--data", str(tmp_path / "file/data"))
    assert "--data DIR" in output


def test_a_data_directory_too_long_for_a_socket(tmp_path: Path) -> None:
    output = refused("--port", str(free_port()), "--data", str(tmp_path / ("x" * 100)))
    assert "too long for a Unix socket" in output


@pytest.mark.parametrize("words", [("--port", "0"), ("--port", "many"), ("--no-such-option",)])
def test_a_wrong_command_line(words: tuple[str, ...]) -> None:
    done = serve(*words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_help_needs_nothing_of_the_machine() -> None:
    done = serve("--help")
    assert done.returncode == 0
    assert "--account NAME" in done.stdout
