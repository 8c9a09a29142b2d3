"""Audit events as CSV or JSON lines, streamed: a long history never stands in memory."""

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from consoleapp.audit.models import Event

COLUMNS = (
    "id",
    "at",
    "actor",
    "ip",
    "source",
    "account",
    "action",
    "kind",
    "target",
    "operation",
    "outcome",
    "detail",
    "parameters",
)
# A spreadsheet takes a cell that starts so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_AT_ONCE = 500


class _Echo:
    """A file for csv.writer that hands each line back."""

    def write(self, line: str) -> str:
        return line


def as_csv(events: QuerySet[Event]) -> Iterator[str]:
    """Lines of CSV with a heading; cells that look like formulas are quoted with an apostrophe."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for event in events.iterator(chunk_size=_AT_ONCE):
        record = _record(event)
        parameters = record["parameters"]
        record["parameters"] = json.dumps(parameters, ensure_ascii=False) if parameters else ""
        yield writer.writerow([harmless(str(record[name])) for name in COLUMNS])


def as_json_lines(events: QuerySet[Event]) -> Iterator[str]:
    """One JSON object a line."""
    for event in events.iterator(chunk_size=_AT_ONCE):
        yield json.dumps(_record(event), ensure_ascii=False) + "\n"


def harmless(cell: str) -> str:
    """`cell` so that no spreadsheet computes it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _record(event: Event) -> dict[str, Any]:
    return {
        "id": event.pk,
        "at": event.at.isoformat(),
        "actor": event.actor_name,
        "ip": event.ip or "",
        "source": event.source,
        "account": event.account_name,
        "action": event.action,
        "kind": event.kind,
        "target": event.target,
        "operation": str(event.operation) if event.operation else "",
        "outcome": event.outcome,
        "detail": event.detail,
        "parameters": event.parameters,
    }
