"""How often the observer reads the database: after a change to it, and occasionally."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from consoleapp.core import polling
from tests.waiting import eventually


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sqlite3.Connection]:
    """Create a database like Berth's, in a file."""
    path = tmp_path / "berth.sqlite3"
    one = {"ENGINE": "django.db.backends.sqlite3", "NAME": path}
    monkeypatch.setitem(settings.DATABASES, "default", one)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode=wal")
    connection.execute("create table notes (text)")
    connection.execute("pragma wal_checkpoint(truncate)")
    yield connection
    connection.close()


async def test_a_write_ends_the_wait_and_a_read_does_not(file: sqlite3.Connection) -> None:
    before = polling.stamp()
    assert before is not None
    waiting = asyncio.create_task(polling.change(before, 0.01, 3600.0))
    for _ in range(5):
        other = sqlite3.connect(file.execute("pragma database_list").fetchone()[2])
        other.execute("select * from notes").fetchall()
        other.close()
        await asyncio.sleep(0.02)
    assert not waiting.done()
    file.execute("insert into notes values ('a')")
    await eventually(waiting.done, "the write was seen")


async def test_a_wait_does_not_look_again_and_again(
    file: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[polling.Stamp] = []
    before = polling.stamp()
    monkeypatch.setattr(polling, "stamp", lambda: looks.append(before) or before)
    waiting = asyncio.create_task(polling.change(before, 0.001, 3600.0))
    await eventually(lambda: looks, "it waits")
    for _ in range(100):
        await asyncio.sleep(0.002)
    assert len(looks) == 1
    waiting.cancel()


async def test_time_ends_the_wait_as_well(file: sqlite3.Connection) -> None:
    await asyncio.wait_for(polling.change(polling.stamp(), 0.01, 0.1), 60)


async def test_a_database_that_is_no_file_is_looked_into_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = {"ENGINE": "django.db.backends.postgresql", "NAME": "berth"}
    monkeypatch.setitem(settings.DATABASES, "default", one)
    assert polling.stamp() is None
    await asyncio.wait_for(polling.change(None, 0.01, 3600.0), 60)
