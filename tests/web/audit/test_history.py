"""One container from launch to removal, under all of its names and for all of its users."""

import pytest

from consoleapp.audit.record import record
from consoleapp.core.actor import Actor
from consoleapp.web.audit.history import lives_of
from engine.schema.containers import (
    ContainerPrune,
    ContainerRemove,
    ContainerRename,
    ContainerRestart,
    ContainerRun,
)
from tests.fixtures.web import ended, operation

A, B = "a" * 64, "b" * 64


@pytest.fixture
def happened(web, operator):
    """Write an operation with its two events, like submit and the worker."""

    def write(parameters, by=operator, result=None, state="succeeded", account=web):
        row = operation(account, by, parameters, **ended(state, result=result))
        for action, outcome in (("operation.requested", ""), (f"operation.{state}", state)):
            record(
                action,
                actor=Actor(by),
                account=account,
                kind=parameters.kind,
                target=parameters.target(),
                operation=row.pk,
                parameters=parameters.public(),
                outcome=outcome,
            )

    return write


def launched(happened, name, container_id, **more):
    happened(
        ContainerRun(image="demo", name=name), result={"id": container_id, "name": name}, **more
    )


def kinds(life):
    return [(event.kind, event.action.split(".")[1]) for event in life.events]


def test_a_life_goes_from_launch_to_removal_across_users(happened, web, operator, owner):
    launched(happened, "db", A)
    happened(ContainerRestart(container="db"), by=owner)
    happened(ContainerRemove(container="db"), by=owner)
    [life] = lives_of(web, "db")
    assert kinds(life) == [
        (kind, action)
        for kind in ("container.run", "container.restart", "container.remove")
        for action in ("requested", "succeeded")
    ]
    assert (life.id, life.users) == (A, ["olga", "olaf"])
    assert (life.launched.actor_name, life.removed.actor_name) == ("olga", "olaf")


def test_a_name_that_is_used_again_is_another_container(happened, web):
    launched(happened, "db", A)
    happened(ContainerRemove(container=A[:12]))
    launched(happened, "db", B)
    newer, older = lives_of(web, "db")
    assert (newer.id, newer.removed, older.id) == (B, None, A)
    assert len(older.events) == 4
    assert len(newer.events) == 2
    assert [life.id for life in lives_of(web, A)] == [A]
    assert [life.id for life in lives_of(web, B[:12])] == [B]


def test_a_rename_passes_the_name_on(happened, web):
    launched(happened, "db", A)
    happened(ContainerRename(container="db", name="old-db"))
    launched(happened, "db", B)
    happened(ContainerRestart(container="old-db"))
    happened(ContainerRestart(container="db"))
    [older] = lives_of(web, "old-db")
    assert older.names == ["db", "old-db"]
    assert kinds(older)[-1] == ("container.restart", "succeeded")
    assert len(older.events) == 6
    newer, same = lives_of(web, "db")
    assert (newer.id, same.id) == (B, A)
    assert len(newer.events) == 4


def test_what_failed_ends_nothing(happened, web):
    launched(happened, "db", A)
    happened(ContainerRemove(container="db"), state="failed")
    happened(ContainerRename(container="db", name="x"), state="failed")
    [life] = lives_of(web, "db")
    assert life.removed is None
    assert life.names == ["db"]


def test_a_prune_removes_what_it_says(happened, web):
    launched(happened, "db", A)
    launched(happened, "web", B)
    happened(ContainerPrune(), result={"removed": [A]})
    assert lives_of(web, "db")[0].removed.kind == "container.prune"
    assert lives_of(web, "web")[0].removed is None


def test_a_container_that_berth_did_not_launch_has_a_story_too(happened, web):
    happened(ContainerRestart(container="theirs"))
    [life] = lives_of(web, "theirs")
    assert (life.id, life.launched) == ("", None)


def test_another_accounts_container_of_that_name_is_not_in_it(happened, web, shop):
    launched(happened, "db", A, account=shop)
    assert lives_of(web, "db") == []


def test_the_page_is_for_who_sees_the_account(as_, viewer, stranger, happened, web):
    launched(happened, "db", A)
    page = as_(viewer).get("/accounts/web/containers/db/history/")
    assert page.status_code == 200
    assert "olga" in page.content.decode()
    assert as_(stranger).get("/accounts/web/containers/db/history/").status_code == 404
    nothing = as_(viewer).get("/accounts/web/containers/%3Cb%3E/history/").content.decode()
    assert "No history in Berth" in nothing
    assert "<b>/" not in nothing
