"""Stream audit events as CSV or JSON lines, never holding a long history in memory."""

import csv
import json
from collections.abc import Iterable, Iterator
from itertools import islice

from consoleapp.audit.export import COLUMNS, cells, lines
from consoleapp.audit.models import Event
from engine.schema.characters import HALF

_AT_ONCE = 500


class _Echo:
    """A file for csv.writer that returns each line."""

    def write(self, line: str) -> str:
        return line


def as_csv(events: Iterable[Event]) -> Iterator[str]:
    """Yield lines of CSV with a heading. An apostrophe quotes cells that look like formulas."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for batch in _batches(events):
        for line in lines(batch):
            yield _writable(writer.writerow(cells(line)))


def as_json_lines(events: Iterable[Event]) -> Iterator[str]:
    """Yield one JSON object per line."""
    for batch in _batches(events):
        for line in lines(batch):
            yield _writable(json.dumps(line, ensure_ascii=False)) + "\n"


def _writable(text: str) -> str:
    """Escape lone surrogates as JSON does, so that the hash stays the same."""
    return HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def _batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    rows = iter(events)
    while batch := list(islice(rows, _AT_ONCE)):
        yield batch
