"""POST /accounts/{account}/operations, and later requests about the operation."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from consoleapp.audit.models import Event
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State, move
from engine.schema.kinds import KINDS


def test_it_is_accepted_written_down_and_can_be_watched(caller):
    alice = caller("operator")
    answer = alice.operate("container.stop", container="web-1")
    assert answer.status_code == 202
    body = answer.json()
    assert answer["Location"] == f"/api/v1/operations/{body['id']}"
    assert body["command"] == "podman stop -- web-1"
    assert body["requested_by"] == "operator"
    assert body["source"] == "api"
    assert body["state"] in ("requested", "queued")
    assert alice.get(f"/operations/{body['id']}").json() == body
    [event] = Event.objects.filter(action="operation.requested")
    assert str(event.operation) == body["id"]
    assert (event.actor_name, event.source, event.account_name) == ("operator", "api", "web")


def test_a_password_never_comes_back(caller):
    alice = caller("operator")
    answer = alice.operate("image.pull", image="reg.example/app", username="u", password="hunter2")
    assert answer.status_code == 202
    for text in (
        answer.content,
        alice.get("/operations").content,
        alice.get("/audit").content,
        str(Operation.objects.values()).encode(),
    ):
        assert b"hunter2" not in text


@pytest.mark.parametrize(
    ("body", "path", "words"),
    [
        ({"kind": "container.stop"}, "parameters", "required"),
        ({"kind": "container.stop", "parameters": {}}, "parameters.container", "required"),
        (
            {"kind": "container.stop", "parameters": {"container": 7}},
            "parameters.container",
            "text",
        ),
        (
            {"kind": "container.stop", "parameters": {"container": "--all"}},
            "parameters.container",
            "characters",
        ),
        (
            {"kind": "container.stop", "parameters": {"container": "a", "force": True}},
            "parameters.force",
            "no such",
        ),
        (
            {
                "kind": "container.run",
                "parameters": {"image": "a", "ports": [{"container_port": 99999}]},
            },
            "parameters.ports.0.container_port",
            "65535",
        ),
        (
            {
                "kind": "container.run",
                "parameters": {"image": "a", "remove": True, "restart": "always"},
            },
            "parameters",
            "removed when it ends",
        ),
        ({"kind": "container.fly", "parameters": {}}, "kind", "container.run"),
        ({"parameters": {}}, "kind", "which kind"),
        ([], "kind", ""),
        ({"kind": "container.prune", "parameters": {}, "more": 1}, "more", "no such"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field_and_nothing_is_kept(caller, body, path, words):
    answer = caller("operator").post("/accounts/web/operations", body)
    assert answer.status_code == 422, answer.content
    error = answer.json()["error"]
    assert error["code"] == "invalid"
    assert [field["path"] for field in error["fields"]] == [path]
    assert words in error["fields"][0]["message"]
    assert not Operation.objects.exists()


def test_a_kind_that_needs_nothing_may_leave_the_parameters_out(caller):
    answer = caller("operator").post("/accounts/web/operations", {"kind": "container.prune"})
    assert answer.status_code == 202


def test_the_same_key_and_request_give_the_same_operation(caller):
    alice = caller("operator")
    first = alice.operate("container.stop", container="web-1", key="deploy-1")
    again = alice.operate("container.stop", container="web-1", key="deploy-1")
    assert (again.status_code, again["Location"]) == (202, first["Location"])
    assert Operation.objects.count() == 1


def test_the_same_key_for_something_else_is_a_conflict(caller):
    alice = caller("operator")
    alice.operate("container.stop", container="web-1", key="deploy-1")
    other = alice.operate("container.stop", container="web-2", key="deploy-1")
    assert other.status_code == 409
    assert other.json()["error"]["code"] == "conflict"
    assert Operation.objects.count() == 1


def test_keys_of_two_people_never_meet(caller):
    caller("operator").operate("container.stop", container="web-1", key="deploy-1")
    assert (
        caller("owner").operate("container.stop", container="b", key="deploy-1").status_code == 202
    )
    assert Operation.objects.count() == 2


@pytest.mark.parametrize("key", ["x" * 201, "a b", "é"])
def test_a_key_of_another_shape_is_refused(caller, key):
    answer = caller("operator").operate("container.stop", container="web-1", key=key)
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"][0]["path"] == "Idempotency-Key"


@pytest.mark.django_db(transaction=True)
def test_ten_requests_with_one_key_at_the_same_moment_make_one_operation(caller):
    callers = [caller("operator") for _ in range(10)]
    together, answers = Barrier(len(callers)), []

    def ask(one):
        together.wait()
        answers.append(one.operate("container.stop", container="web-1", key="deploy-1"))
        connection.close()

    threads = [Thread(target=ask, args=(one,)) for one in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer["Location"] for answer in answers}) == 1
    assert Operation.objects.count() == 1
    assert Event.objects.filter(action="operation.requested").count() == 1


def test_one_that_waits_is_cancelled_at_once_and_not_twice(caller):
    alice = caller("operator")
    place = alice.operate("container.stop", container="web-1").json()["id"]
    cancelled = alice.post(f"/operations/{place}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "cancelled")
    assert alice.post(f"/operations/{place}/cancel").status_code == 409


def test_one_that_ended_can_be_requested_again_and_one_that_did_not_cannot(caller):
    alice = caller("operator")
    place = alice.operate("container.stop", container="web-1").json()["id"]
    assert alice.post(f"/operations/{place}/retry").status_code == 409
    alice.post(f"/operations/{place}/cancel")
    again = alice.post(f"/operations/{place}/retry")
    assert again.status_code == 202
    assert again.json()["retry_of"] == place
    assert again.json()["parameters"] == {"container": "web-1"}


def test_waiting_for_one_that_has_ended_answers_at_once(caller):
    alice = caller("operator")
    place = alice.operate("container.stop", container="web-1").json()["id"]
    move(Operation.objects.get(pk=place), State.CANCELLED)
    assert alice.get(f"/operations/{place}", wait=30).json()["state"] == "cancelled"


@pytest.mark.parametrize("wait", ["31", "-1", "soon"])
def test_waiting_has_its_bounds(caller, wait):
    alice = caller("operator")
    place = alice.operate("container.stop", container="web-1").json()["id"]
    assert alice.get(f"/operations/{place}", wait=wait).status_code == 422


def test_the_kinds_are_those_of_the_schema(caller):
    kinds = caller("viewer").get("/kinds").json()["kinds"]
    assert [kind["kind"] for kind in kinds] == list(KINDS)
    run = kinds[0]
    assert run["parameters"]["properties"]["image"]
    assert (run["role"], run["destructive"]) == ("operator", False)
