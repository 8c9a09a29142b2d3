"""A start waits for processes that make progress, and prepares a data directory per version."""

import fcntl
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from launch import fingerprint, supervisor
from launch.errors import SetupError
from launch.supervisor import Process, wait_until
from tests.setup.steps import TREE


def process(tmp_path: Path, script: str) -> Process:
    """Start a Python program."""
    made = Process("the web server", [sys.executable, "-c", script], {}, tmp_path / "log", tmp_path)
    made.start()
    return made


def test_what_computes_is_waited_for_however_long_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_WORD", 0.2)
    script = "import pathlib, time\nwhile time.process_time() < 1.5: pass\n"
    script += "pathlib.Path('ready').touch()\ntime.sleep(600)\n"
    made = process(tmp_path, script)
    try:
        wait_until((tmp_path / "ready").exists, [made], "the web server")
    finally:
        made.popen.kill()  # type: ignore[union-attr]
    assert "waiting for the web server, which is starting" in capsys.readouterr().out


def test_what_does_nothing_at_all_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STANDSTILL", 1.0)
    made = process(tmp_path, "import time; print('last words', flush=True); time.sleep(600)")
    try:
        with pytest.raises(SetupError, match="the web server does not answer"):
            wait_until(lambda: False, [made], "the web server")
    finally:
        made.popen.kill()  # type: ignore[union-attr]


def test_what_has_ended_is_told_at_once_with_its_last_words(tmp_path: Path) -> None:
    made = process(tmp_path, "print('no such module')")
    with pytest.raises(SetupError, match=r"the web server has ended: no such module .*log"):
        wait_until(lambda: False, [made], "the web server")


def prepare(data: Path, stamp: str) -> None:
    """Do what launch.prepare does."""
    with sqlite3.connect(data / "db.sqlite3") as connection:
        connection.execute(f"PRAGMA user_version = {fingerprint.number(stamp)}")
    fingerprint.static_stamp(data).write_text(fingerprint.fingerprint())


def test_data_are_prepared_once_and_again_after_any_change(tmp_path: Path) -> None:
    stamp = fingerprint.fingerprint("--account", "alice")
    assert not fingerprint.is_prepared(tmp_path, stamp)
    prepare(tmp_path, stamp)
    assert fingerprint.is_prepared(tmp_path, stamp)
    assert not fingerprint.is_prepared(tmp_path, fingerprint.fingerprint("--account", "bob"))
    fingerprint.static_stamp(tmp_path).write_text("of older code")
    assert not fingerprint.is_prepared(tmp_path, stamp)


def test_a_database_that_was_restored_or_is_new_is_prepared(tmp_path: Path) -> None:
    stamp = fingerprint.fingerprint()
    prepare(tmp_path, fingerprint.fingerprint("an older version"))
    older = (tmp_path / "db.sqlite3").read_bytes()
    prepare(tmp_path, stamp)
    assert fingerprint.is_prepared(tmp_path, stamp)
    (tmp_path / "db.sqlite3").write_bytes(older)
    assert not fingerprint.is_prepared(tmp_path, stamp)
    (tmp_path / "db.sqlite3").unlink()
    assert not fingerprint.is_prepared(tmp_path, stamp)
    (tmp_path / "db.sqlite3").write_text("no database at all, but long enough to be read as one")
    assert not fingerprint.is_prepared(tmp_path, stamp)


def test_a_first_start_that_was_interrupted_while_it_collected_collects_again(
    tmp_path: Path,
) -> None:
    assert not fingerprint.has_static_files(tmp_path)
    (tmp_path / "static").mkdir()
    assert not fingerprint.has_static_files(tmp_path)


def test_two_starts_that_prepare_the_same_data_take_turns(tmp_path: Path) -> None:
    words = [sys.executable, "-u", "-m", "launch.prepare"]
    data = os.environ | {"BERTH_DATA": str(tmp_path)}
    with (tmp_path / "prepare.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second = subprocess.Popen(words, env=data, cwd=TREE, stdout=subprocess.PIPE, text=True)
        assert second.stdout is not None
        assert "waiting for another preparation" in second.stdout.readline()
        assert not (tmp_path / "db.sqlite3").exists()
    assert "one-time password" in second.communicate()[0]
    assert second.returncode == 0
