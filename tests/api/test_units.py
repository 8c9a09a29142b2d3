"""The API's data about units: rows, and what only an engine knows."""

import pytest

from consoleapp.live import relay
from consoleapp.snapshots import reader
from engine.schema import unit_queries as queries
from engine.schema.snapshot import UnitRow

FILE = "containers/systemd/web.container"


@pytest.fixture
def units(stored_snapshot, monkeypatch):
    """Set two units in every account."""
    rows = [
        UnitRow(unit="web.service", file=FILE, kind="container", style="quadlet", active="active",
                containers=["web-1"]),
        UnitRow(unit="old.service", kind="service", style="generate-classic", active="failed"),
    ]  # fmt: skip
    info = stored_snapshot.info.model_copy(update={"no_systemd": "No bus."})
    shot = stored_snapshot.model_copy(update={"units": rows, "info": info})
    now = reader.AccountSnapshot(snapshot=shot, version=1, live=True, error="")
    monkeypatch.setattr(reader, "fresh_sync", lambda *_, **__: now)


@pytest.fixture
def engine(monkeypatch):
    """Simulate an engine that has the file, and gets no other queries."""

    async def document(account, query, actor):
        assert isinstance(query, (queries.UnitFileText, queries.UnitValidate))
        if isinstance(query, queries.UnitValidate):
            return queries.Validation(unit=query.file).model_dump(mode="json")
        answer = queries.FileText(file=query.file, text="secret", digest="a" * 64)
        return answer.model_dump(mode="json")

    monkeypatch.setattr(relay, "document", document)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["old.service", "web.service"]),
        ({"sort": "-unit"}, ["web.service", "old.service"]),
        ({"active": "failed"}, ["old.service"]),
        ({"style": "quadlet"}, ["web.service"]),
        ({"search": "WEB-1"}, ["web.service"]),
    ],
)
def test_units_are_filtered_and_sorted(caller, units, query, expected):
    body = caller("viewer").get("/accounts/web/units", **query).json()
    assert [row["unit"] for row in body["units"]] == expected
    assert body["unavailable"] == "No bus."


def test_one_unit_is_found_by_its_name(caller, units):
    assert caller("viewer").get("/accounts/web/units/web.service").json()["file"] == FILE
    assert caller("viewer").get("/accounts/web/units/web").status_code == 404


def test_the_text_of_a_file_is_for_operators(caller, units, engine):
    answer = caller("operator").get("/accounts/web/unit-files", file=FILE)
    assert answer.json()["text"] == "secret"
    for someone in (caller("viewer"), caller("operator", scope="read")):
        answer = someone.get("/accounts/web/unit-files", file=FILE)
        assert answer.status_code == 403, answer.content
        assert b"secret" not in answer.content
    assert caller("stranger").get("/accounts/web/unit-files", file=FILE).status_code == 404


@pytest.mark.parametrize("file", ["../.bashrc", "/etc/passwd", "containers/systemd/x.sh"])
def test_no_other_file_can_be_asked_for(caller, units, engine, file):
    someone = caller("operator")
    assert someone.get("/accounts/web/unit-files", file=file).status_code == 422
    body = {"file": file, "text": "x"}
    assert someone.post("/accounts/web/unit-files/validate", body).status_code == 422


def test_a_text_is_validated_without_being_saved(caller, units, engine):
    body = {"file": FILE, "text": "[Container]"}
    answer = caller("operator").post("/accounts/web/unit-files/validate", body)
    assert answer.json()["unit"] == FILE


def test_units_that_cannot_be_read_are_said_and_no_missing_unit(
    caller, stored_snapshot, monkeypatch
):
    row = UnitRow(unit="web.service", kind="container", style="quadlet", active="active")
    why = {"systemd": True, "units_unread": "The session bus is gone."}
    info = stored_snapshot.info.model_copy(update=why)
    shot = stored_snapshot.model_copy(update={"units": [row], "info": info})
    now = reader.AccountSnapshot(snapshot=shot, version=1, live=True, error="")
    monkeypatch.setattr(reader, "fresh_sync", lambda *_, **__: now)
    someone = caller("viewer")
    body = someone.get("/accounts/web/units").json()
    assert body["unavailable"] == "The session bus is gone."
    assert [each["unit"] for each in body["units"]] == ["web.service"]
    assert someone.get("/accounts/web/units/web.service").status_code == 200
    answer = someone.get("/accounts/web/units/other.service")
    assert answer.status_code == 503
    assert b"session bus" in answer.content
