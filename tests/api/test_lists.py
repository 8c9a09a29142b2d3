"""What the lists contain, how they are filtered, sorted, and paged, and who sees which rows."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consoleapp.accounts.models import ApiToken
from consoleapp.audit.models import Event
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.operations.models import Operation
from consoleapp.snapshots import reader


def names(answer):
    return [row["name"] for row in answer.json()["containers"]]


def test_accounts_are_those_with_a_grant_and_say_the_role(caller):
    assert [
        (account["key"], account["role"])
        for account in caller("viewer").get("/accounts").json()["accounts"]
    ] == [("web", "viewer")]
    assert [
        (account["key"], account["role"])
        for account in caller("admin").get("/accounts").json()["accounts"]
    ] == [("mail", "owner"), ("web", "owner")]
    assert caller("stranger").get("/accounts").json() == {"accounts": []}


def test_an_account_says_what_its_podman_last_said(caller, stored_snapshot):
    body = caller("viewer").get("/accounts/web").json()
    assert (body["containers"], body["running"], body["images"]) == (3, 2, 2)
    assert body["info"]["podman_version"] == "4.3.1"
    assert body["live"] is True


@pytest.mark.parametrize("path", ["", "/containers", "/containers/web-1", "/images", "/operations"])
def test_an_account_without_a_grant_does_not_exist(caller, stored_snapshot, path):
    assert caller("operator").get(f"/accounts/mail{path}").status_code == 404
    assert caller("stranger").get(f"/accounts/web{path}").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["db-1", "web-1", "web-2"]),
        ({"sort": "-name"}, ["web-2", "web-1", "db-1"]),
        ({"sort": "state"}, ["web-2", "db-1", "web-1"]),
        ({"state": "exited"}, ["web-2"]),
        ({"state": ["exited", "running"], "search": "WEB"}, ["web-1", "web-2"]),
        ({"search": "demo a11ce"}, ["web-1"]),
        ({"search": "nothing like it"}, []),
        ({"limit": 1, "offset": 1}, ["web-1"]),
        ({"offset": 50}, []),
    ],
)
def test_containers_are_filtered_sorted_and_paged(caller, stored_snapshot, query, expected):
    answer = caller("viewer").get("/accounts/web/containers", **query)
    assert names(answer) == expected
    assert answer.json()["live"] is True
    assert answer.json()["taken"] == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    "query", [{"sort": "colour"}, {"state": "flying"}, {"limit": "0"}, {"offset": "-1"}]
)
def test_a_filter_that_makes_no_sense_is_refused(caller, stored_snapshot, query):
    assert caller("viewer").get("/accounts/web/containers", **query).status_code == 422


def test_a_container_is_found_by_name_id_and_the_beginning_of_the_id(caller, stored_snapshot):
    someone = caller("viewer")
    whole = f"{0xA11CE:064x}"
    for spelling in ("web-1", whole, whole[:-1]):
        found = someone.get(f"/accounts/web/containers/{spelling}")
        assert found.json()["name"] == "web-1", spelling
    for spelling in ("web", "00", "000"):  # none, too short, several
        assert someone.get(f"/accounts/web/containers/{spelling}").status_code == 404


def test_images_are_found_by_names_with_slashes(caller, stored_snapshot):
    someone = caller("viewer")
    assert someone.get("/accounts/web/images").json()["total"] == 2
    assert someone.get("/accounts/web/images", dangling="true").json()["total"] == 1
    for spelling in ("localhost/demo:latest", "ab" * 32, "abab"):
        found = someone.get(f"/accounts/web/images/{spelling}")
        assert found.json()["tags"] == ["localhost/demo:latest"]
    assert someone.get("/accounts/web/images/localhost/other").status_code == 404


def test_an_account_that_was_never_seen_is_unavailable_and_says_why(caller, monkeypatch):
    nothing = reader.AccountSnapshot(snapshot=None, version=0, live=False, error="It sleeps.")
    monkeypatch.setattr(reader, "fresh_sync", lambda *_, **__: nothing)
    answer = caller("viewer").get("/accounts/web/containers")
    assert answer.status_code == 503
    assert answer.json()["error"]["message"] == "It sleeps."


def test_pages_of_operations_miss_nothing_and_repeat_nothing_while_new_ones_come(caller):
    alice = caller("operator")
    for number in range(7):
        alice.operate("container.stop", container=f"c-{number}")
    moment = timezone.now()
    Operation.objects.update(requested_at=moment)  # the same moment: the id decides
    found, cursor = [], ""
    while cursor is not None:
        page = alice.get("/operations", limit=2, cursor=cursor).json()
        found += [row["target"] for row in page["operations"]]
        cursor = page["next"]
        alice.operate("container.stop", container="late")
        Operation.objects.filter(target="late").update(requested_at=moment + timedelta(minutes=1))
    assert sorted(found) == [f"c-{number}" for number in range(7)]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 3),
        ({"kind": "container.stop"}, 2),
        ({"kind": ["container.stop", "container.start"]}, 3),
        ({"state": "cancelled"}, 1),
        ({"account": "mail"}, 1),
        ({"mine": "true"}, 1),
        ({"requested_after": "2020-01-01T00:00:00Z"}, 3),
        ({"requested_before": "2020-01-01"}, 0),
    ],
)
def test_operations_are_filtered(caller, query, count):
    admin, alice = caller("admin"), caller("operator")
    place = alice.operate("container.stop", container="a").json()["id"]
    alice.post(f"/operations/{place}/cancel")
    alice.operate("container.start", container="a")
    admin.operate("container.stop", account="mail", container="a")
    assert len(admin.get("/operations", **query).json()["operations"]) == count


def test_operations_of_accounts_without_a_grant_are_not_there(caller):
    place = caller("admin").operate("container.stop", account="mail", container="a").json()["id"]
    alice = caller("operator")
    assert alice.get("/operations").json()["operations"] == []
    assert alice.get(f"/operations/{place}").status_code == 404
    assert alice.get("/accounts/web/operations", account="mail").json()["operations"] == []


def test_who_reads_which_audit_events(caller, people, accounts):
    for name, account in [("admin", "mail"), ("admin", "web"), ("operator", "web")]:
        record("test", actor=Actor(user=people[name]), account=accounts[account])

    def count(name):
        return len(caller(name).get("/audit", action="test").json()["events"])

    assert {name: count(name) for name in people} == {
        "viewer": 0,
        "operator": 1,
        "owner": 2,
        "stranger": 0,
        "admin": 3,
    }


def test_audit_events_are_filtered_and_paged(caller, people, accounts):
    for number in range(5):
        record(
            "test", actor=Actor(user=people["admin"]), account=accounts["web"], target=str(number)
        )
    admin = caller("admin")
    first = admin.get("/audit", action="test", account="web", actor="admin", limit=3).json()
    rest = admin.get("/audit", action="test", limit=3, cursor=first["next"]).json()
    assert [event["target"] for event in first["events"] + rest["events"]] == list("43210")
    assert rest["next"] is None
    assert admin.get("/audit", before="2001-01-01T00:00:00Z").json()["events"] == []


def test_my_tokens_are_mine_show_no_secret_and_can_be_revoked(caller, people):
    alice, bob = caller("operator"), caller("viewer")
    [mine] = alice.get("/tokens").json()["tokens"]
    assert (mine["scope"], mine["current"]) == ("operate", True)
    assert "digest" not in mine
    assert alice.secret.encode() not in alice.get("/tokens").content
    assert bob.delete(f"/tokens/{mine['id']}").status_code == 404
    assert alice.delete(f"/tokens/{mine['id']}").status_code == 204
    assert alice.get("/tokens").status_code == 401
    assert Event.objects.get(action="token.revoked").actor == people["operator"]


def test_a_token_that_only_reads_revokes_nothing(caller):
    reader = caller("operator", scope="read")
    assert reader.delete(f"/tokens/{ApiToken.objects.get().pk}").status_code == 403
    assert ApiToken.objects.get().revoked_at is None
    assert Event.objects.filter(action="access.refused").exists()


def test_who_i_am(caller):
    assert caller("admin", scope="read").get("/me").json() == {
        "username": "admin",
        "administrator": True,
        "authenticated_by": "token",
        "scope": "read",
        "token_expires_at": None,
    }


def test_a_token_costs_one_query_and_its_use_is_noted_once_a_minute(
    caller, django_assert_num_queries
):
    alice = caller("operator")
    alice.get("/kinds")
    noted = ApiToken.objects.get().last_used_at
    with django_assert_num_queries(1):
        alice.get("/kinds")
    assert ApiToken.objects.get().last_used_at == noted


def test_rows_of_containers_and_images_hold_no_secret(caller, stored_snapshot):
    labels = {"com.example.api-token": "hunter2", "version": "1"}
    command = ["server", "--password", "hunter2", "--db-pass=hunter2", "-v"]
    row = stored_snapshot.containers[0].model_copy(update={"labels": labels, "command": command})
    stored_snapshot.containers[0] = row
    stored_snapshot.images[0] = stored_snapshot.images[0].model_copy(update={"labels": labels})
    for path in (
        *("/accounts/web/containers", f"/accounts/web/containers/{row.name}"),
        *("/accounts/web/images", f"/accounts/web/images/{stored_snapshot.images[0].id}"),
    ):
        for name in ("viewer", "operator"):
            answer = caller(name).get(path)
            assert answer.status_code == 200
            assert "hunter2" not in answer.content.decode()
            assert '"version":"1"' in answer.content.decode()
