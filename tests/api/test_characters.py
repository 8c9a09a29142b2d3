"""Lone surrogates are refused in every input, and stored ones can be read."""

import json
from uuid import uuid4

import pytest
from django.utils import timezone
from pydantic import ValidationError

from consoleapp.audit.models import Event
from consoleapp.audit.record import record
from consoleapp.catalog import files
from consoleapp.core.actor import Actor
from consoleapp.operations.models import Operation
from engine.schema.characters import as_json, place_of_half, readable
from engine.schema.containers import ContainerRun
from engine.schema.kinds import KINDS
from engine.schema.queries import QUERIES, Document

HALF = "\ud800"
BODIES = [
    ({"image": "a", "labels": {"a": HALF}}, "parameters.labels.a"),
    ({"image": "a", "labels": {HALF: "a"}}, "parameters.labels.\ufffd"),
    ({"image": "a", "environment": {"A": f"x{HALF}y"}}, "parameters.environment.A"),
    ({"image": "a", "command_line": ["a", "\udfff"]}, "parameters.command_line.1"),
    ({"image": "a", "name": HALF}, "parameters.name"),
    ({"image": HALF}, "parameters.image"),
    ({"image": "a", HALF: 1}, "parameters.\ufffd"),
]


@pytest.mark.parametrize(("parameters", "path"), BODIES)
def test_the_api_refuses_it_at_its_place(caller, parameters, path):
    body = {"kind": "container.run", "parameters": parameters}
    answer = caller("operator").post("/accounts/web/operations", json.dumps(body))
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"][0]["path"] == path
    assert not Operation.objects.exists()


@pytest.mark.parametrize("text", ["\\ud83d\\ude00", "\\\\ud800", "\U0001f600", "\\u00e9"])
def test_whole_characters_are_taken_however_they_are_spelled(caller, stored_snapshot, text):
    body = '{"kind": "container.run", "parameters": {"image": "a", "labels": {"a": "TEXT"}}}'
    body = body.replace("TEXT", text)
    assert caller("operator").post("/accounts/web/operations", body).status_code == 202


def test_a_path_and_a_query_hold_none(caller, stored_snapshot):
    for path in ("/accounts/%ED%A0%80", "/accounts/web/containers/%ED%A0%80", "/%ED%A0%80"):
        assert caller("viewer").get(path).status_code in (404, 422)
    assert caller("viewer").get("/operations?account=%ED%A0%80").status_code == 200


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_kind_of_operation_takes_it(kind):
    for given in ({HALF: 1}, {"x": [HALF]}, {"x": {"y": {HALF: 1}}}):
        with pytest.raises(ValidationError, match="half of a character"):
            KINDS[kind].model_validate(given)


@pytest.mark.parametrize("query", sorted(QUERIES))
def test_no_query_takes_it(query):
    with pytest.raises(ValidationError, match="half of a character"):
        QUERIES[query].model_validate({"x": HALF})


def test_an_imported_template_holds_none():
    text = f'format: {files.FORMAT}\nname: "\\ud800"\n'
    with pytest.raises(files.Unreadable) as raised:
        files.read(text)
    assert "half of a character" in raised.value.faults[0]


@pytest.fixture
def poisoned(people, accounts):
    """Create an operation and its event from before they were refused."""
    query = ContainerRun.model_construct(image="a", labels={"a": HALF})
    row = Operation.objects.create(
        id=uuid4(),
        kind="container.run",
        account=accounts["web"],
        requested_by=people["operator"],
        actor_name="operator",
        source="api",
        parameters={"image": "a", "labels": {"a": HALF}},
        command=["podman", "run", "--label", f"a={HALF}", "a"],
        target="a",
        lane=query.lane,
        requested_at=timezone.now(),
        state="failed",
        ended_at=timezone.now(),
        error={"code": "internal", "message": HALF, "remedy": ""},
    )
    about = {"account": accounts["web"], "kind": row.kind, "operation": row.pk}
    event = record(
        "operation.failed",
        actor=Actor(user=people["operator"]),
        parameters=row.parameters,
        target=HALF,
        detail=HALF,
        **about,
    )
    return row, event


def test_what_is_stored_with_one_can_be_read_everywhere(poisoned, client, caller, people):
    row, event = poisoned
    client.force_login(people["admin"])
    pages = [
        *(f"/operations/{row.pk}/", "/operations/", "/accounts/web/operations/", "/audit/", "/"),
        *(f"/audit/{event.pk}/", "/accounts/web/containers/a/history/"),
        *("/audit/?export=csv", "/audit/?export=jsonl"),
        *(f"/api/v1/operations/{row.pk}", "/api/v1/operations", "/api/v1/audit"),
    ]
    for page in pages:
        answer = client.get(page)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert (page, answer.status_code) == (page, 200)
        assert body.decode()


def test_an_export_says_the_same_as_the_row_for_the_hash(poisoned, client, people):
    client.force_login(people["admin"])
    answer = client.get("/audit/?export=jsonl")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    exported = [json.loads(line) for line in lines if "labels" in line]
    event = Event.objects.get(action="operation.failed")
    assert json.dumps(event.parameters)[1:-1] in json.dumps(exported)


def test_an_answer_of_an_engine_with_one_can_be_written():
    written = json.loads(as_json(Document(data={"a": HALF, HALF: ["b"]})))["data"]
    assert set("".join(written)) == {"a", "\ufffd"}
    assert list(written.values()) == ["\ufffd", ["b"]]
    assert readable("a\U0001f600b") == "a\U0001f600b"
    assert place_of_half({"a": [1, None, "x", {"b": "\U0001f600"}]}) is None
