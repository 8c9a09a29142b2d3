"""An engine's data is parsed so that no page breaks on it."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from engine.queries import snapshot as engine_snapshot
from engine.schema.queries import ContainerLogs, EngineEvent, LogLine
from engine.schema.snapshot import ContainerRow, ImageRow

ROW = {"name": "a", "image": "a", "image_id": "f" * 64, "state": "running"}


@pytest.mark.parametrize(
    "identity", ["a/b", "", "a b", "..%2f/", "a?b", "a#b", "é", "a\n", "x" * 200]
)
def test_an_id_that_no_address_can_have_is_refused(identity):
    with pytest.raises(ValidationError):
        ImageRow(id=identity, created=datetime.now(UTC), size=1)
    with pytest.raises(ValidationError):
        ContainerRow(id=identity, created=datetime.now(UTC), **ROW)


@pytest.mark.parametrize(
    "at",
    [
        "2026-01-02T03:04:05",
        "2026-01-02 03:04:05.123456",
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05+14:00",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_every_time_can_be_compared(at):
    now = datetime.now(UTC)
    image = ImageRow.model_validate({"id": "a", "created": at, "size": 1})
    row = ContainerRow.model_validate(
        {"id": "a", "created": at, "started": at, "exited": at, **ROW}
    )
    line = LogLine.model_validate({"stream": "stdout", "at": at, "text": ""})
    parameters = ContainerLogs.model_validate({"container": "a", "since": at, "until": at})
    for each in (image.created, row.created, row.started, row.exited, line.at, parameters.since):
        assert each is not None
        assert (now - each) is not None
        assert each.astimezone(UTC)


def test_an_event_without_a_zone_is_in_utc():
    values = {
        "type": "event",
        "noun": "container",
        "action": "died",
        "id": "a",
        "at": "2026-01-02T03:04:05",
    }
    known = {name: values[name] for name in values if name in EngineEvent.model_fields}
    assert EngineEvent.model_validate(known).at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", ["a/b", "", "é b", None, 7, "x" * 500])
def test_a_row_with_an_id_that_makes_no_sense_is_shown_as_one_that_says_so(text):
    image = engine_snapshot._image_or_why({"Id": text, "RepoTags": ["a:1"]}, False)
    assert image.problem
    assert image.tags == ["a:1"]
    container = engine_snapshot._container_or_why({"Id": text, "Names": ["a"]})
    assert container.problem
    assert container.name == "a"
