"""The engine's ledger of the operations that it received, so that each runs once.

It stores only the id, the kind, and the outcome. Parameters may contain secrets and are not stored.
"""

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pydantic import TypeAdapter

from engine.schema.characters import as_json
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.progress import Outcome

KEPT_SECONDS = 30 * 86_400
_OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)
_SCHEMA = """
create table if not exists operations (
    id text primary key,
    kind text not null,
    began real not null,
    ended real,
    made text,
    outcome text
) without rowid
"""


@dataclass(frozen=True)
class Entry:
    """One recorded operation. `outcome` is None if it never ended."""

    kind: str
    outcome: Outcome | None


class Journal:
    """A table in the account's state directory, written before and after each operation."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        path.chmod(0o600)
        self._database.execute("pragma journal_mode=wal")
        # This survives the death of the engine. Only a power failure can lose the last entries, and
        # then a container is still found by its label.
        self._database.execute("pragma synchronous=normal")
        self._database.execute(_SCHEMA)
        self._database.execute("delete from operations where began < ?", (_ago(KEPT_SECONDS),))

    def find(self, operation: UUID) -> Entry | None:
        """Return what is recorded about an operation."""
        row = self._database.execute(
            "select kind, outcome from operations where id = ?", (str(operation),)
        ).fetchone()
        if row is None:
            return None
        return Entry(row[0], _OUTCOME.validate_json(row[1]) if row[1] else None)

    def begin(self, operation: UUID, kind: str) -> None:
        """Record that an operation is about to run. Raises EngineError if the disk is full."""
        self._write(
            "insert into operations (id, kind, began) values (?, ?, ?) "
            "on conflict (id) do update set began = excluded.began",
            (str(operation), kind, time.time()),
        )

    def note(self, operation: UUID, made: str) -> None:
        """Record what it has created so far, before it continues. Raises EngineError."""
        self._write("update operations set made = ? where id = ?", (made, str(operation)))

    def made(self, operation: UUID) -> str:
        """Return what it had created according to its last record; "" for nothing."""
        row = self._database.execute(
            "select made from operations where id = ?", (str(operation),)
        ).fetchone()
        return str(row[0] or "") if row else ""

    def end(self, operation: UUID, outcome: Outcome) -> None:
        """Record the outcome, which answers every later delivery. Raises EngineError."""
        self._write(
            "update operations set ended = ?, outcome = ? where id = ?",
            (time.time(), as_json(outcome), str(operation)),
        )

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            self._database.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise EngineError(
                ErrorCode.UNAVAILABLE,
                msg("The engine cannot write down what it does: %(error)s.", error=error),
                msg("Make room on the account's disk, then try again."),
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _ago(seconds: float) -> float:
    return time.time() - seconds
