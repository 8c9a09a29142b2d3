"""Events in a chain, a key that signs it, and somebody who gets around the triggers."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from django.db import connection

from consoleapp.audit import keys
from consoleapp.audit.migrations import _triggers as triggers
from consoleapp.audit.models import Event
from consoleapp.audit.verify import Report, verify
from consoleapp.core.actor import Actor


@pytest.fixture(autouse=True)
def place(tmp_path: Path, settings) -> Path:
    """Where the key and the file of heads are."""
    settings.BERTH_AUDIT_KEY = tmp_path / "audit-key"
    settings.BERTH_AUDIT_HEADS = str(tmp_path / "heads.jsonl")
    return tmp_path


def written(count: int, first: int = 0) -> None:
    """`count` events, not sealed yet."""
    Event.objects.bulk_create(
        [
            Event(
                actor_name=f"person-{number % 7}",
                source="page",
                action="operation.requested",
                kind="container.run",
                target=f"web-{number}",
                parameters={"image": "localhost/demo:1", "cpus": 1.5, "memory": 1e9, "n": number},
            )
            for number in range(first, first + count)
        ],
        batch_size=500,
    )


def checked(**more) -> Report:
    """What verification says now, with the installation's own key."""
    key = keys.signing_key().public_key()
    return verify({keys.name_of(key): key}, **more)


@pytest.fixture
def around_the_triggers(db: None) -> Callable[[], AbstractContextManager]:
    """The database's owner, who drops the triggers first and puts them back after."""

    @contextmanager
    def without() -> Iterator:
        off, on = ([triggers.UNDO, triggers.MAKE][i][connection.vendor] for i in (0, 1))
        with connection.cursor() as cursor:
            for statement in off:
                cursor.execute(statement)
            yield cursor
            for statement in on:
                cursor.execute(statement)

    return without


@pytest.fixture
def nobody() -> Actor:
    return Actor(user=None)
