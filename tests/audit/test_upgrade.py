"""An installation with a history from before the chain keeps every event, and gets a chain."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from consoleapp.audit import chainer
from consoleapp.audit.models import Event, Link, Pending
from tests.audit.conftest import checked

BEFORE = [("audit", "0002_append_only")]
COLUMNS = "id, at, actor_name, ip, source, account_name, action, kind, target, outcome, detail"


@pytest.fixture
def before(transactional_db):
    """The tables as they were; afterwards as they are, whatever happened."""
    now = MigrationExecutor(connection).loader.graph.leaf_nodes()
    MigrationExecutor(connection).migrate(BEFORE)
    yield lambda: MigrationExecutor(connection).migrate(now)
    MigrationExecutor(connection).migrate(now)


def _insert(count: int) -> None:
    with connection.cursor() as cursor:
        for number in range(1, count + 1):
            cursor.execute(
                f"INSERT INTO audit_event ({COLUMNS}) VALUES"
                " (%s, '2026-01-02 03:04:05.678901+00:00', 'olga', '', 'page', 'web',"
                " 'operation.requested', 'container.run', %s, '', '')",
                [number, f"web-{number}"],
            )


def _rows() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM audit_event ORDER BY id")
        return cursor.fetchall()


def test_old_events_are_untouched_and_become_links_of_the_chain(before):
    _insert(1200)
    rows = _rows()
    before()
    assert _rows() == rows
    assert Pending.objects.count() == 1200
    assert chainer.seal_all() == 1200
    assert list(Link.objects.order_by("seq").values_list("seq", "event_id")) == [
        (number, number) for number in range(1, 1201)
    ]
    report = checked()
    assert (report.links, report.late, report.faults) == (1200, 1200, [])


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_event SET action = 'x'", "DELETE FROM audit_event"]
)
def test_old_events_cannot_be_changed_before_nor_after(before, statement):
    _insert(3)
    for step in (lambda: None, before):
        step()
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert Event.objects.count() == 3
