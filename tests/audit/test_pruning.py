"""Retention removes the start of the chain, and the rest can still be verified."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from consoleapp.audit import chainer
from consoleapp.audit import prune as pruning
from consoleapp.audit.checkpoints import sign_checkpoint
from consoleapp.audit.models import Event, Link, Pruning
from consoleapp.audit.prune import prune
from consoleapp.audit.search import Criteria, newest
from tests.fixtures.audit import checked, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def old_and_new(around_the_triggers, monkeypatch) -> int:
    """Write six old and four new events, chained and signed. Return the moment between them."""
    chainer.chain_all()
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: OLD)
        written(6)
    chainer.chain_all()
    sign_checkpoint(at_once=True)
    written(4, first=6)
    chainer.chain_all()
    sign_checkpoint(at_once=True)
    return Link.objects.count()


OLD = timezone.now() - timedelta(days=400)
BORDER = OLD + timedelta(days=1)


def test_what_is_older_goes_and_a_signed_summary_stays(old_and_new, nobody):
    first = Link.objects.earliest("seq")
    dropped = prune(BORDER, actor=nobody)
    chainer.chain_all()
    assert dropped == 6
    assert Event.objects.filter(kind="container.run").count() == 4
    summary = Event.objects.get(action="audit.pruned").parameters
    assert (summary["count"], summary["first_seq"], summary["last_seq"]) == (6, first.seq, 6)
    assert summary["first_event"] == first.event_id
    assert summary["signature"] == Pruning.objects.get().signature
    report = checked()
    assert report.faults == []
    assert report.pruned == 6
    assert Link.objects.order_by("seq").values_list("seq", flat=True)[0] == 7


def test_what_was_dropped_is_not_found_by_its_words_any_more(old_and_new, nobody):
    prune(BORDER, actor=nobody)
    page = newest([], Criteria(words="web"), before=None, size=50)
    assert len(page.events) == 4


def test_a_second_pruning_goes_on_from_the_first(old_and_new, nobody):
    prune(BORDER, actor=nobody)
    chainer.chain_all()
    assert prune(BORDER, actor=nobody) == 0
    assert Pruning.objects.count() == 1
    prune(timezone.now() + timedelta(minutes=1), actor=nobody)
    chainer.chain_all()
    assert [p.first_seq for p in Pruning.objects.order_by("seq")] == [1, 7]
    assert checked().faults == []


def test_a_pruning_that_broke_off_is_ended_by_the_next(old_and_new, nobody, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(pruning, "_drop", lambda: 0)
        prune(BORDER, actor=nobody)
    assert checked().faults == []
    assert prune(BORDER, actor=nobody) == 6


def test_what_no_summary_covers_cannot_be_deleted(old_and_new, nobody):
    prune(BORDER, actor=nobody)
    for table in ("audit_event", "audit_link", "audit_pruning"):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {table}")


def test_a_forged_summary_is_found(old_and_new, nobody, around_the_triggers):
    prune(BORDER, actor=nobody)
    with around_the_triggers() as cursor:
        cursor.execute("UPDATE audit_pruning SET first_event = first_event + 1")
    assert any("is not signed by a known key" in fault for fault in checked().faults)


def test_a_removed_summary_is_found(old_and_new, nobody, around_the_triggers):
    prune(BORDER, actor=nobody)
    with around_the_triggers() as cursor:
        cursor.execute("DELETE FROM audit_pruning")
    assert "Links 1 to 6 are missing." in checked().faults


def test_the_command_takes_a_day_that_has_begun(old_and_new, capsys):
    with pytest.raises(CommandError, match="has begun"):
        call_command("prune_audit", before=timezone.now().date() + timedelta(days=2))
    call_command("prune_audit", "--before", f"{BORDER:%Y-%m-%d}")
    assert "events dropped" in capsys.readouterr().out
