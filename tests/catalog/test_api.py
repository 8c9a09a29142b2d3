"""The catalog in the API."""

import json

import pytest

from consoleapp.accounts import tokens
from consoleapp.accounts.models import ApiToken
from consoleapp.catalog.models import LaunchTemplate
from consoleapp.operations.models import Operation
from tests.fixtures.catalog import WEB, template

API = "/api/v1/catalog"


@pytest.fixture
def send(as_):
    def call(user, method, path, body=None):
        client = as_(user)
        client.handler.enforce_csrf_checks = False
        data = json.dumps(body) if body is not None else ""
        return getattr(client, method)(f"{API}{path}", data, content_type="application/json")

    return call


def test_a_template_is_made_read_changed_exported_imported_and_removed(send, web, operator):
    made = send(operator, "post", "", {"name": "Shop", "contents": WEB})
    assert made.status_code == 201, made.content
    identity = made.json()["id"]
    newer = WEB | {"icon": "api"}
    saved = send(operator, "put", f"/{identity}", {"contents": newer, "note": "icon"})
    assert (saved.json()["version"], saved.json()["note"]) == (2, "icon")
    assert send(operator, "get", "").json()["templates"][0]["may_change"] is True
    assert send(operator, "get", f"/{identity}/versions/1").json()["icon"] == "world"
    text = send(operator, "get", f"/{identity}/export").json()["yaml"]
    again = send(operator, "post", "/import", {"yaml": text.replace("icon: api", "icon: box")})
    assert again.json()["version"] == 3
    assert send(operator, "delete", f"/{identity}").status_code == 204
    assert send(operator, "get", f"/{identity}").status_code == 404


def test_a_launch_is_an_operation(send, web, operator, busy):
    made = template(operator)
    body = {"account": "web", "values": {"customer": "acme"}}
    answer = send(operator, "post", f"/{made.pk}/launch", body)
    assert answer.status_code == 202, answer.content
    assert answer["Location"] == f"/api/v1/operations/{Operation.objects.get().pk}"


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({}, "values.customer"),
        ({"customer": "A"}, "values.customer"),
        ({"customer": "a\n"}, "values.customer"),
        ({"customer": "a", "size": "1t"}, "values.size"),
        ({"customer": "a", "other": "x"}, "values.other"),
        ({"customer": "a", "port": "0"}, "values.port"),
    ],
)
def test_a_wrong_value_is_said_at_its_path(send, web, operator, busy, values, path):
    made = template(operator)
    answer = send(operator, "post", f"/{made.pk}/launch", {"account": "web", "values": values})
    assert answer.status_code == 422
    assert [each["path"] for each in answer.json()["error"]["fields"]] == [path]
    assert not Operation.objects.exists()


def test_others_may_not_change_nor_launch_where_they_may_not(
    send, web, operator, owner, viewer, stranger, busy
):
    made = template(operator)
    launch = {"account": "web", "values": {"customer": "acme"}}
    assert send(owner, "put", f"/{made.pk}", {"contents": WEB}).status_code == 403
    assert send(owner, "delete", f"/{made.pk}").status_code == 403
    assert send(viewer, "post", "", {"name": "x", "contents": WEB}).status_code == 403
    assert send(viewer, "post", f"/{made.pk}/launch", launch).status_code == 403
    assert send(stranger, "post", f"/{made.pk}/launch", launch).status_code == 404
    assert not Operation.objects.exists()


def test_a_token_that_reads_changes_nothing(client, web, operator, busy):
    made = template(operator)
    _, secret = tokens.issue(operator, "reader", "read", None)
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get(API, headers=headers).status_code == 200
    for method, path, body in (
        ("post", "", {"name": "x", "contents": WEB}),
        ("put", f"/{made.pk}", {"contents": WEB}),
        ("delete", f"/{made.pk}", {}),
        ("post", f"/{made.pk}/launch", {"account": "web", "values": {"customer": "a"}}),
        ("post", "/import", {"yaml": "x"}),
    ):
        call = getattr(client, method)
        answer = call(
            f"{API}{path}", json.dumps(body), content_type="application/json", headers=headers
        )
        assert answer.status_code == 403, (method, path, answer.content)
    assert LaunchTemplate.objects.count() == 1
    assert ApiToken.objects.count() == 1


def test_wrong_contents_and_files_are_said_with_their_place(send, web, operator):
    wrong = send(operator, "post", "", {"name": "x", "contents": {"run": {"image": "${x}"}}})
    assert wrong.status_code == 422
    assert wrong.json()["error"]["fields"][0]["path"] == "contents.run.image"
    text = "format: berth/template/1\nname: x\nrun:\n  image: -x\n"
    answer = send(operator, "post", "/import", {"yaml": text})
    assert answer.json()["error"]["fields"][0]["message"].startswith("Line 4: run.image")
    body = {"name": "a", "contents": {"run": {"image": "a"}}}
    assert [send(operator, "post", "", body).status_code for _ in range(2)] == [201, 409]
