"""Host ports of launches: free ones of a range, never one twice, released in the end."""

import pytest

from consoleapp.catalog import launching, ports
from consoleapp.catalog.definition import Wrong
from consoleapp.catalog.models import PortAllotment, PortRange
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Conflict
from consoleapp.operations.models import Operation
from engine.schema.containers import Port
from tests.fixtures.catalog import WEB, template
from tests.fixtures.web import StoredSnapshot, container, ended, snapshot


def launched(user, account, made, customer="acme", port=""):
    typed = {"customer": customer, "port": port}
    return launching.launch(made, account, typed, actor=Actor(user=user))


def port_of(operation):
    return operation.parameters["ports"][0]["host_port"]


def test_each_launch_gets_another_port_and_those_of_others_are_skipped(
    web, operator, busy, snapshots
):
    made = template(operator)
    busy.add(20001)
    snapshots["web"] = StoredSnapshot(
        snapshot(container("x", ports=[Port(container_port=1, host_port=20002)]))
    )
    assert [port_of(launched(operator, web, made, c)) for c in "abc"] == [20000, 20003, 20004]


def test_an_accounts_own_range_is_used_until_it_is_full(web, operator, busy, snapshots):
    PortRange.objects.create(account=web, first=30000, last=30001)
    made = template(operator)
    assert [port_of(launched(operator, web, made, c)) for c in "ab"] == [30000, 30001]
    with pytest.raises(Conflict, match="No port from 30000 to 30001 is free"):
        launched(operator, web, made, "c")
    assert Operation.objects.count() == 2


def test_a_parameters_own_range_comes_first(web, operator, busy, snapshots):
    narrow = {**WEB["parameters"][2], "first": 25000, "last": 25001}
    made = template(operator, WEB | {"parameters": [*WEB["parameters"][:2], narrow,
                                                    WEB["parameters"][3]]})  # fmt: skip
    assert port_of(launched(operator, web, made)) == 25000
    with pytest.raises(Wrong, match="A port from 25000 to 25001"):
        launched(operator, web, made, port="26000")


def test_a_typed_port_that_another_launch_has_is_refused(web, operator, busy, snapshots):
    made = template(operator)
    launched(operator, web, made, "a", port="20000")
    assert port_of(launched(operator, web, made, "b")) == 20001
    with pytest.raises(Wrong, match="another launch has"):
        launched(operator, web, made, "c", port="20001")


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_launch_that_came_to_nothing_gives_its_port_back(web, operator, busy, snapshots, state):
    made = template(operator)
    first = launched(operator, web, made, "a")
    Operation.objects.filter(pk=first.pk).update(**ended(state))
    assert port_of(launched(operator, web, made, "b")) == 20000


def test_a_port_is_free_again_when_the_container_is_gone_and_not_before(
    web, operator, busy, snapshots
):
    made = template(operator)
    snapshots["web"] = StoredSnapshot(snapshot())  # older than the launch's end: it proves nothing
    first = launched(operator, web, made, "a")
    row = container("a", ports=[Port(container_port=8080, host_port=20000)])
    Operation.objects.filter(pk=first.pk).update(**ended(result={"id": row.id}))
    ports.release(web.host)
    assert PortAllotment.objects.count() == 1
    snapshots["web"] = StoredSnapshot(snapshot(row))
    ports.release(web.host)
    assert PortAllotment.objects.count() == 1
    snapshots["web"] = StoredSnapshot(snapshot())
    ports.release(web.host)
    assert not PortAllotment.objects.exists()


def test_an_engine_cannot_hand_out_a_port_outside_of_what_was_asked_for(web, operator, monkeypatch):
    answer = {"type": "document", "data": {"free": [22, "x", 20000, True, 20001]}}
    monkeypatch.setattr(ports.relay, "document_sync", lambda *_: answer)
    query = ports.FreePorts(first=20000, last=20001, without=[20000])
    assert ports.ask(web, query, Actor(user=operator)) == [20001]


def test_ranges_are_an_administrators_and_must_be_ranges(as_, web, operator, admin):
    assert as_(operator).get("/catalog/ports/").status_code == 404
    client = as_(admin)
    for first, last in (("9", "8"), ("80", "90"), ("x", "y"), ("30000", ""), ("1", "70000")):
        answer = client.post("/catalog/ports/web/", {"first": first, "last": last})
        assert answer.status_code == 422
    assert client.post("/catalog/ports/web/", {"first": 30000, "last": 30010}).status_code == 302
    assert ports.range_of(web) == (30000, 30010)
    client.post("/catalog/ports/web/", {"first": "", "last": ""})
    assert ports.range_of(web) == (20000, 29999)
