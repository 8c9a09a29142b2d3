"""The format of the files: asciicast v2, one JSON array per line after a header.

Specified at https://docs.asciinema.org/manual/asciicast/v2/. Files contain output and sizes but not
input, which would include passwords that a terminal does not show.
"""

import codecs
import json
from datetime import datetime
from typing import Any


def header(*, columns: int, rows: int, begun: datetime, command: str, title: str) -> bytes:
    """Return the first line."""
    facts: dict[str, Any] = {
        "version": 2,
        "width": columns,
        "height": rows,
        "timestamp": int(begun.timestamp()),
        "title": title,
        "env": {"TERM": "xterm-256color"},
    }
    if command:
        facts["command"] = command
    return _line(facts)


class Events:
    """Formats events as lines. A character split between two pieces waits for its rest."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode

    def output(self, seconds: float, data: bytes) -> bytes:
        """Return the line of a piece of output, b"" while there is no complete character."""
        text = self._decode(data)
        return _line([round(seconds, 6), "o", text]) if text else b""

    def size(self, seconds: float, columns: int, rows: int) -> bytes:
        """Return the line of a new size."""
        return _line([round(seconds, 6), "r", f"{columns}x{rows}"])

    def end(self, seconds: float) -> bytes:
        """Return the line of the rest: an incomplete character, shown as such."""
        text = self._decode(b"", final=True)
        return _line([round(seconds, 6), "o", text]) if text else b""


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": ")).encode() + b"\n"
