"""Units as the observer would have seen them, and an engine's answers for the panels."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from consoleapp.live import relay
from engine.schema.parameters import Model
from engine.schema.query import Query
from engine.schema.snapshot import Snapshot, UnitRow
from tests.web.conftest import Seen, container, snapshot

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def unit(name: str, **more: Any) -> UnitRow:
    """A running Quadlet, or whatever `more` makes of it."""
    facts: dict[str, Any] = {
        "unit": f"{name}.service",
        "file": f"containers/systemd/{name}.container",
        "kind": "container",
        "style": "quadlet",
        "load": "loaded",
        "active": "active",
        "sub": "running",
        "since": NOW,
        "file_state": "generated",
        "starts_at_boot": True,
        "containers": [name],
    }
    return UnitRow(**(facts | more))


def with_units(*units: UnitRow, **info: Any) -> Snapshot:
    """A snapshot of an account with these units, on a host with systemd."""
    facts = {"systemd": True, "quadlet": True, "linger": True} | info
    containers = [container(name, unit=row.unit) for row in units for name in row.containers]
    return snapshot(*containers, **facts).model_copy(update={"units": list(units)})


@pytest.fixture
def several(seen: dict[str, Seen]) -> None:
    """Four units: one is well, one failed, one has drifted, one is classic with a leftover."""
    seen["web"] = Seen(
        with_units(
            unit("front", description="The shop"),
            unit("batch", active="failed", sub="failed", result="exit-code", exit_status=3,
                 containers=[]),
            unit("db", needs_reload=True, differs=True),
            unit("old", style="generate-classic", kind="service", active="inactive", sub="dead",
                 file="systemd/user/container-old.service", containers=[], leftovers=["old"],
                 starts_at_boot=False, boot_reason="it is not enabled", file_state="disabled"),
        )
    )  # fmt: skip


@pytest.fixture
def engine(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[dict[type[Query], Model | Exception]], Any]:
    """Says what an engine answers to each query; gives back the queries that were asked."""

    def answering(answers: dict[type[Query], Model | Exception]) -> list[Query]:
        asked: list[Query] = []

        def document(account: object, query: Query, actor: object) -> dict[str, Any]:
            asked.append(query)
            answer = answers[type(query)]
            if isinstance(answer, Exception):
                raise answer
            return answer.model_dump(mode="json")

        monkeypatch.setattr(relay, "document_sync", document)
        return asked

    return answering
