"""Changes by somebody who can write to the database are found, with their place."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consoleapp.audit import chainer
from consoleapp.audit.checkpoints import read_checkpoints, sign_checkpoint
from consoleapp.audit.models import Checkpoint, Event, Link, Pending
from tests.fixtures.audit import checked, written

LENGTH = 10_000
EVENTS_OF = "DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_link WHERE {})"
SAMPLED = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def chain(db: None, django_db_blocker) -> list[tuple[int, int]]:
    """Return (seq, event) of 10,000 links, with checkpoints in the middle and at the end."""
    written(LENGTH // 2)
    chainer.chain_all()
    sign_checkpoint(at_once=True)
    written(LENGTH - Link.objects.count(), first=LENGTH // 2)
    chainer.chain_all()
    sign_checkpoint(at_once=True)
    if connection.vendor == "postgresql":
        # Like autovacuum elsewhere; otherwise, the search for unchained events is quadratic.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE audit_event, audit_link, audit_pending")
    assert checked().faults == []
    return list(Link.objects.order_by("seq").values_list("seq", "event_id"))


def test_a_change_of_every_single_event_is_found_and_named(chain, around_the_triggers):
    with around_the_triggers() as cursor:
        cursor.execute("UPDATE audit_event SET outcome = 'succeeded'")
    report = checked()
    assert report.count == len(chain)
    assert report.faults[0].startswith(f"Link 1 does not fit event {chain[0][1]} ")


@pytest.mark.parametrize(
    "change",
    [
        "at = '2001-01-01 00:00:00+00:00'",
        "actor_id = 77",
        "actor_name = 'mallory'",
        "ip = '10.0.0.1'",
        "source = 'api'",
        "account_id = 77",
        "account_name = 'other'",
        "action = 'x'",
        "kind = 'x'",
        "target = 'x'",
        "operation = '00000000000000000000000000000001'",
        "parameters = '{}'",
        "outcome = 'x'",
        "detail = 'x'",
    ],
)
@pytest.mark.django_db
def test_a_change_of_every_column_is_found(around_the_triggers, change):
    written(3)
    chainer.chain_all()
    seq, event = Link.objects.order_by("-seq").values_list("seq", "event_id")[1]
    with around_the_triggers() as cursor:
        cursor.execute(f"UPDATE audit_event SET {change} WHERE id = {event}")
    [fault] = checked().faults
    assert f"Link {seq} " in fault


def test_the_removal_of_every_single_event_is_found_and_named(chain, around_the_triggers):
    with around_the_triggers() as cursor:
        cursor.execute("DELETE FROM audit_event WHERE id % 2 = 0")
    report = checked()
    assert report.count == sum(event % 2 == 0 for _, event in chain)


def test_the_removal_of_every_link_with_its_event_is_found_and_named(chain, around_the_triggers):
    with around_the_triggers() as cursor:
        cursor.execute(EVENTS_OF.format("seq % 2 = 0"))
        cursor.execute("DELETE FROM audit_link WHERE seq % 2 = 0")
    faults = checked().count
    assert faults >= LENGTH // 2


@SAMPLED
@given(st.data())
def test_any_removal_swap_or_insertion_is_found(chain, around_the_triggers, data):
    place = st.integers(1, LENGTH - 1)
    first, second = data.draw(st.lists(place, min_size=2, max_size=2, unique=True))
    (one, event_one), (two, event_two) = chain[first - 1], chain[second - 1]
    attack = data.draw(
        st.sampled_from(["remove and renumber", "swap events", "swap links", "insert", "forge"])
    )
    saved = connection.savepoint() if hasattr(connection, "savepoint") else None
    with around_the_triggers() as cursor:
        if attack == "remove and renumber":
            cursor.execute(f"DELETE FROM audit_event WHERE id = {event_one}")
            cursor.execute(f"DELETE FROM audit_link WHERE seq = {one}")
            cursor.execute(f"UPDATE audit_link SET seq = -seq WHERE seq > {one}")
            cursor.execute("UPDATE audit_link SET seq = -seq - 1 WHERE seq < 0")
        elif attack == "swap events":
            for old, new in ((event_one, -1), (event_two, event_one), (-1, event_two)):
                cursor.execute(f"UPDATE audit_event SET id = {new} WHERE id = {old}")
        elif attack == "swap links":
            for old, new in ((one, -1), (two, one), (-1, two)):
                cursor.execute(f"UPDATE audit_link SET seq = {new} WHERE seq = {old}")
        elif attack == "insert":
            written(1)
            Pending.objects.all().delete()
        else:  # the attacker's event in an existing place, with the right hash of that one link
            cursor.execute(f"UPDATE audit_event SET target = 'forged' WHERE id = {event_one}")
            _rehash(one)
    report = checked()
    connection.savepoint_rollback(saved)
    assert report.count > 0, attack


def _rehash(seq: int) -> None:
    from consoleapp.audit.chain import BEGINNING, form_of, link_hash

    link = Link.objects.select_related("event").get(seq=seq)
    before = Link.objects.filter(seq=seq - 1).values_list("hash", flat=True).first() or BEGINNING
    forged = link_hash(form_of(link.event), seq=seq, previous=bytes(before), chained=link.at)
    Link.objects.filter(seq=seq).update(hash=forged)


def test_a_chain_made_anew_without_the_key_is_found_by_the_checkpoints(db, around_the_triggers):
    written(20)
    chainer.chain_all()
    sign_checkpoint(at_once=True)
    last = Link.objects.order_by("-seq").values_list("seq", flat=True)[0]
    with around_the_triggers() as cursor:
        event = Link.objects.get(seq=last - 10).event_id
        cursor.execute(f"UPDATE audit_event SET target = 'forged' WHERE id = {event}")
        for seq in range(last - 10, last + 1):
            _rehash(seq)
    [fault] = checked().faults
    assert f"signed another hash of link {last}" in fault


def test_a_tail_that_was_cut_off_is_found_by_the_checkpoint_in_the_database(
    db, around_the_triggers
):
    written(5)
    chainer.chain_all()
    sign_checkpoint(at_once=True)
    with around_the_triggers() as cursor:
        _cut(cursor, 2)
    assert any("its tail was cut off" in fault for fault in checked().faults)


def test_a_tail_that_was_cut_off_with_its_checkpoints_is_found_by_the_checkpoints_kept_elsewhere(
    db, around_the_triggers, place
):
    written(5)
    chainer.chain_all()
    sign_checkpoint(at_once=True)
    with around_the_triggers() as cursor:
        _cut(cursor, 2)
        cursor.execute(
            "DELETE FROM audit_checkpoint WHERE number = (SELECT MAX(number) FROM audit_checkpoint)"
        )
    assert checked().count == 0
    report = checked(kept_copies=read_checkpoints(place / "checkpoints.jsonl"))
    assert any("kept elsewhere" in fault for fault in report.faults)
    assert any("its tail was cut off" in fault for fault in report.faults)


def _cut(cursor, count: int) -> None:
    last = Link.objects.order_by("-seq").values_list("seq", flat=True)[0]
    cursor.execute(EVENTS_OF.format(f"seq > {last - count}"))
    cursor.execute(f"DELETE FROM audit_link WHERE seq > {last - count}")


def test_a_removed_checkpoint_and_a_forged_one_are_found(db, around_the_triggers):
    for number in range(3):
        written(1, first=number)
        chainer.chain_all()
        sign_checkpoint(at_once=True)
    number = Checkpoint.objects.order_by("-number").values_list("number", flat=True)[1]
    with around_the_triggers() as cursor:
        cursor.execute(f"DELETE FROM audit_checkpoint WHERE number = {number}")
    assert any(f"Checkpoint {number} was removed" in fault for fault in checked().faults)
    with around_the_triggers() as cursor:
        cursor.execute("UPDATE audit_checkpoint SET signature = 'bm9uc2Vuc2U=' WHERE number = 1")
    assert any("not signed by a known key" in fault for fault in checked().faults)


def test_an_event_that_vanishes_before_it_is_sealed_is_written_down(db, around_the_triggers):
    chainer.chain_all()
    written(1)
    event = Event.objects.latest("pk").pk
    with around_the_triggers() as cursor:
        cursor.execute(f"DELETE FROM audit_event WHERE id = {event}")
        cursor.execute(f"DELETE FROM audit_pending WHERE event_id = {event}")
        cursor.execute(f"INSERT INTO audit_pending (event_id) VALUES ({event})")
    assert any(f"Event {event} was removed before" in fault for fault in checked().faults)
    chainer.chain_all()
    assert Event.objects.filter(action="audit.missing", target=f"event {event}").exists()


@pytest.mark.django_db
def test_the_command_says_where_and_ends_with_an_error(around_the_triggers, capsys):
    written(3)
    chainer.chain_all()
    sign_checkpoint(at_once=True)
    call_command("verify_audit")
    assert "The history is whole." in capsys.readouterr().out
    assert Event.objects.get(action="audit.verified").outcome == "succeeded"
    event = Link.objects.get(seq=2).event_id
    with around_the_triggers() as cursor:
        cursor.execute(f"UPDATE audit_event SET target = 'x' WHERE id = {event}")
    with pytest.raises(CommandError, match="1 faults"):
        call_command("verify_audit")
    assert f"Link 2 does not fit event {event} " in capsys.readouterr().out
