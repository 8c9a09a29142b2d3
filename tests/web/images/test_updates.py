"""Checking for updates: on demand, by operators, with every result in words."""

from typing import Any

import pytest
from django.utils import timezone

from consoleapp.live import relay
from engine.schema.query import Query
from engine.schema.registry_facts import Update, Updates
from engine.schema.snapshot import ImageRow
from tests.fixtures.web import StoredSnapshot, snapshot

BASE = "/accounts/web/images/"
IMAGE = "b" * 64


@pytest.fixture(autouse=True)
def shown(snapshots: dict[str, StoredSnapshot], web: Any) -> None:
    """Give the account one image with a registry's name and one with a local name."""
    row = ImageRow(id=IMAGE, tags=["quay.io/team/app:1", "localhost/app:1"],
                   created=timezone.now(), size=9)  # fmt: skip
    own = ImageRow(id="c" * 64, tags=["localhost/own:1"], created=timezone.now(), size=9)
    snapshots["web"] = StoredSnapshot(snapshot().model_copy(update={"images": [row, own]}))


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[Query]:
    """Return the queries that the engine received. It reports an update."""
    found: list[Query] = []

    def answer(account: object, query: Query, actor: object) -> dict[str, Any]:
        found.append(query)
        facts = Updates(
            images=[
                Update(image="quay.io/team/app:1", state="update", digest="sha256:1"),
                Update(image="x/y:1", state="unknown", problem="<i>No."),
                Update(image="x/z:1", state="same"),
            ]
        )
        return {"type": "document", "data": facts.model_dump(mode="json")}

    monkeypatch.setattr(relay, "document_sync", answer)
    return found


@pytest.mark.parametrize("place", ["updates/", f"{IMAGE}/updates/"])
def test_names_of_registries_are_asked_about_and_the_answer_is_told(as_, operator, queries, place):
    page = as_(operator).get(BASE + place, headers={"HX-Request": "true"}).content.decode()
    assert [query.images for query in queries] == [["quay.io/team/app:1"]]  # type: ignore[attr-defined]
    assert "Update available" in page
    assert "1 could not be compared" in page
    assert "<i>No" not in page
    assert 'value="quay.io/team/app:1"' in page  # one click pulls it


def test_without_a_name_of_a_registry_nobody_is_asked(as_, operator, queries):
    page = as_(operator).get(f"{BASE}{'c' * 64}/updates/").content.decode()
    assert "nothing to check" in page
    assert not queries


def test_the_filter_of_the_list_narrows_it(as_, operator, queries):
    as_(operator).get(f"{BASE}updates/?q=own")
    assert not queries


def test_pages_ask_nobody_by_themselves(as_, operator, queries):
    for place in ("", f"{IMAGE}/"):
        assert "updates/" in as_(operator).get(BASE + place).content.decode()
    assert not queries


def test_who_does_not_operate_may_not_ask(as_, viewer, stranger, queries):
    assert as_(viewer).get(f"{BASE}updates/").status_code == 403
    assert as_(stranger).get(f"{BASE}{IMAGE}/updates/").status_code == 404
    assert "updates/" not in as_(viewer).get(BASE).content.decode()
