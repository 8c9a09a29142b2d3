"""Queries about registries: each has the parameters of its document."""

from collections.abc import Callable
from typing import Any

import pytest

from consoleapp.accounts.models import LinuxAccount
from consoleapp.live import relay
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.queries import Query
from tests.fixtures.api import Caller

READS = [
    ("", {}, "registries.show"),
    ("/resolve", {"name": "httpd"}, "registry.resolve"),
    ("/check", {"registry": "quay.io"}, "registry.check"),
    ("/search", {"term": "nginx", "limit": 5}, "registry.search"),
    ("/repositories", {"registry": "quay.io", "match": "a"}, "registry.repositories"),
    ("/tags", {"repository": "quay.io/a/b", "after": "1"}, "registry.tags"),
    ("/image", {"image": "quay.io/a/b:1"}, "registry.image"),
    ("/updates", {"images": ["quay.io/a/b:1", "quay.io/c:2"]}, "image.updates"),
    (
        "/sync-plan",
        {"source": "quay.io/a/b", "destination": "quay.io/c/d", "pattern": "1.*"},
        "registry.sync-plan",
    ),
]


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[Query]:
    """Return the queries that the engine received."""
    found: list[Query] = []

    def answer(account: LinuxAccount, query: Query, actor: object) -> dict[str, Any]:
        found.append(query)
        return {"type": "document", "data": {"from": account.key}}

    monkeypatch.setattr(relay, "document_sync", answer)
    return found


@pytest.mark.parametrize(("place", "parameters", "query"), READS)
def test_each_read_asks_the_engine_with_its_parameters(
    caller: Callable[..., Caller],
    queries: list[Query],
    place: str,
    parameters: dict[str, object],
    query: str,
) -> None:
    answer = caller("operator").get(f"/accounts/web/registries{place}", **parameters)
    assert answer.status_code == 200, answer.content
    assert answer.json() == {"from": "web"}
    [one] = queries
    assert one.query == query
    assert parameters.items() <= one.model_dump().items()


@pytest.mark.parametrize(
    ("place", "parameters"),
    [
        ("/search", {"term": ""}),
        ("/search", {"term": "nginx", "limit": 1000}),
        ("/updates", {}),
        ("/updates", {"images": "-x"}),
        ("/sync-plan", {"source": "quay.io/a/b"}),
        ("/sync-plan", {"source": "quay.io/a:1", "destination": "quay.io/b/c"}),
        ("/tags", {"repository": "-x"}),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_engine_is_asked(
    caller: Callable[..., Caller], queries: list[Query], place: str, parameters: dict[str, object]
) -> None:
    answer = caller("operator").get(f"/accounts/web/registries{place}", **parameters)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid"
    assert not queries


def test_the_document_has_them_all_with_what_they_take(caller: Callable[..., Caller]) -> None:
    document = caller("operator").get("/openapi.json").json()
    for place, parameters, _ in READS:
        read = document["paths"][f"/api/v1/accounts/{{account}}/registries{place}"]["get"]
        assert set(parameters) <= {each["name"] for each in read["parameters"]}
        assert read["description"]
        assert "200" in read["responses"]


@pytest.mark.parametrize(("place", "parameters", "query"), READS)
def test_a_refusal_is_a_403_and_no_fault_of_the_engine(
    caller: Callable[..., Caller],
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    parameters: dict[str, object],
    query: str,
) -> None:
    def refuse(*_: object) -> None:
        raise EngineError(ErrorCode.FORBIDDEN, "This needs the role operator on web.")

    monkeypatch.setattr(relay, "document_sync", refuse)
    answer = caller("viewer").get(f"/accounts/web/registries{place}", **parameters)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "forbidden"
