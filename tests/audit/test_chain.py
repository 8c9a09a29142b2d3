"""Every event gets its place in the chain, whoever wrote it and however many wrote at once."""

import json
import os
import stat
import threading
import time
from itertools import pairwise

import pytest
from django.db import DatabaseError, connection, connections, transaction

from consoleapp.audit import chainer, keys
from consoleapp.audit.chain import BEGINNING, canonical, form_of, link_hash
from consoleapp.audit.checkpoints import read_checkpoints, sign_checkpoint
from consoleapp.audit.models import Checkpoint, Event, Link, Pending
from consoleapp.audit.record import record
from tests.fixtures.audit import checked, written

WRITERS, EACH = 16, 1000


@pytest.mark.django_db
def test_an_event_is_pending_until_it_is_sealed(nobody):
    event = record("test", actor=nobody)
    assert Pending.objects.filter(event=event).exists()
    assert chainer.chain_all() == Pending.objects.count() + Link.objects.count()
    link = Link.objects.get(event=event)
    assert link.seq == Link.objects.count()
    assert not Pending.objects.exists()


@pytest.mark.django_db
def test_a_link_hashes_the_event_its_place_and_the_link_before():
    written(3)
    chainer.chain_all()
    previous = BEGINNING
    for link in Link.objects.order_by("seq"):
        event = form_of(Event.objects.get(pk=link.event_id))
        previous = link_hash(event, seq=link.seq, previous=previous, chained=link.at)
        assert bytes(link.hash) == previous


def test_the_canonical_form_is_written_in_one_way():
    values = {"b": 1.0, "a": {"ü": [1e9, 1.5, None, True]}}
    assert canonical(values) == b'{"a":{"\\u00fc":[1000000000,1.5,null,true]},"b":1}'


def test_what_json_cannot_say_is_refused():
    with pytest.raises(ValueError):
        canonical({"a": float("nan")})


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Event, Link, Checkpoint])
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_database_refuses_to_change_what_is_written(model, verb):
    written(1)
    chainer.chain_all()
    sign_checkpoint()
    table = model._meta.db_table
    column = "action" if model is Event else "hash"
    statement = (
        f"UPDATE {table} SET {column} = {column}" if verb == "update" else f"DELETE FROM {table}"
    )
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.django_db
def test_the_key_is_made_once_and_only_its_owner_can_read_it(place):
    first = keys.signing_key()
    mode = stat.S_IMODE(os.stat(place / "audit-key").st_mode)
    assert mode == 0o600
    assert keys.name_of(keys.signing_key().public_key()) == keys.name_of(first.public_key())
    assert keys.name_of(keys.own_public_key()) == keys.name_of(first.public_key())


def test_a_file_that_is_no_key_is_named(place):
    (place / "audit-key").write_text("nonsense")
    with pytest.raises(keys.BadKey, match="audit-key"):
        keys.signing_key()


@pytest.mark.django_db
def test_checkpoints_are_signed_now_and_then_and_written_to_a_file(place):
    assert sign_checkpoint() is None or Link.objects.exists()
    written(2)
    chainer.chain_all()
    checkpoint = sign_checkpoint(at_once=True)
    assert checkpoint.seq == Link.objects.count()
    written(1, first=2)
    chainer.chain_all()
    assert sign_checkpoint() is None  # the last one is seconds old
    assert sign_checkpoint(at_once=True).number == checkpoint.number + 1
    assert sign_checkpoint(at_once=True) is None  # nothing is new
    kept = read_checkpoints(place / "checkpoints.jsonl")
    assert [line.seq for line in kept[-2:]] == [checkpoint.seq, checkpoint.seq + 1]
    assert json.loads((place / "checkpoints.jsonl").read_text().splitlines()[-1])["signature"]


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_late_is_chained_late_and_a_rollback_leaves_no_gap(nobody):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            record("slow", actor=nobody)
            begun.set()
            go_on.wait(20)
        connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(20)
    with transaction.atomic():
        record("never", actor=nobody)
        transaction.set_rollback(True)
    record("quick", actor=nobody)
    chainer.chain_all()
    go_on.set()
    thread.join()
    chainer.chain_all()
    chained = [link.event.action for link in Link.objects.order_by("seq").select_related("event")]
    assert chained == ["quick", "slow"]
    assert list(Link.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2]
    assert Event.objects.get(action="slow").pk < Event.objects.get(action="quick").pk
    assert checked().count == 0


@pytest.mark.django_db(transaction=True)
def test_sixteen_writers_and_three_sealers_make_one_chain_without_a_gap(nobody):
    ended = threading.Event()
    faults: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for turn in range(EACH):
                with transaction.atomic():
                    record("test", actor=nobody, target=f"{number}:{turn}")
        except BaseException as error:
            faults.append(error)
        finally:
            connections.close_all()

    def chain_pending() -> None:
        try:
            while not ended.is_set():
                chainer.chain_pending()
                time.sleep(chainer.BETWEEN)
        except BaseException as error:
            faults.append(error)
        finally:
            connections.close_all()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    chainers = [threading.Thread(target=chain_pending) for _ in range(3)]
    for thread in (*writers, *chainers):
        thread.start()
    for thread in writers:
        thread.join()
    ended.set()
    for thread in chainers:
        thread.join()
    chainer.chain_all()
    assert not faults
    assert Event.objects.count() == WRITERS * EACH
    seqs = list(Link.objects.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, WRITERS * EACH + 1))
    report = checked()
    assert (report.links, report.pending, report.faults) == (WRITERS * EACH, 0, [])
    for number in range(WRITERS):  # each writer's own order is the chain's
        mine = [
            int(target.split(":")[1])
            for target in Link.objects.filter(event__target__startswith=f"{number}:")
            .order_by("seq")
            .values_list("event__target", flat=True)
        ]
        assert all(a < b for a, b in pairwise(mine))
