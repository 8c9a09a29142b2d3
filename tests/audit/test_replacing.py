"""No way of writing replaces an existing row."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from consoleapp.audit import chainer
from consoleapp.audit.checkpoints import sign_checkpoint
from consoleapp.audit.models import Checkpoint, Event, Link
from tests.fixtures.audit import checked, written

pytestmark = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="the statements are SQLite's own"
)


@pytest.fixture
def history(db: None) -> None:
    written(3)
    chainer.chain_all()
    sign_checkpoint(at_once=True)


@pytest.mark.parametrize("table", ["audit_event", "audit_link", "audit_checkpoint"])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO {0} SELECT * FROM {0}",
        "REPLACE INTO {0} SELECT * FROM {0}",
        "INSERT INTO {0} SELECT * FROM {0} WHERE TRUE ON CONFLICT DO UPDATE SET rowid = rowid",
        "UPDATE OR REPLACE {0} SET rowid = rowid",
        "DELETE FROM {0}",
    ],
)
def test_a_row_stays(history: None, table: str, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))
    assert checked().faults == []


def test_a_link_is_not_replaced_by_way_of_its_event(history: None) -> None:
    link = Link.objects.order_by("seq").first()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT OR REPLACE INTO audit_link (seq, event_id, at, hash) VALUES (999, %s, %s, %s)",
            [link.event_id, "2026-01-02", bytes(32)],
        )
    assert Link.objects.count() == 3


def test_new_rows_are_written_as_before(history: None) -> None:
    written(2, first=3)
    chainer.chain_all()
    sign_checkpoint(at_once=True)
    assert (Event.objects.count(), Link.objects.count(), Checkpoint.objects.count()) == (5, 5, 2)
    assert checked().faults == []
