"""The form in which an event is hashed, and the chain of those hashes.

**The form, version 1.** A hash is SHA-256 over one line of UTF-8: the JSON object

    {"event": {…}, "previous": "<64 hex digits>", "seq": N, "chained": "<time>", "v": 1}

written as RFC 8785 would where it matters: keys sorted, no white space, no number with a zero
fraction (1.0 is 1, so that SQLite's text and PostgreSQL's jsonb agree), every character beyond
ASCII as \\uXXXX. `event` has exactly the fields of FIELDS. Times are UTC with microseconds, and
missing values are null. `previous` is the hash of link N-1, or 64 times "0" for the first link.
`chained` is the time of chaining. A change of the form gets another `v`.

**Why the observer chains, and not the writer.** A hash at insert time needs the one before, so
every operation's transaction would hold a lock on the end of the chain until its commit. On
PostgreSQL, all writers would queue behind each other's fsync. Instead, a trigger adds the id of a
new event to `audit_pending` in the same transaction, which costs microseconds and locks nothing.
The chainer (in the observer) reads committed pending events, hashes them, and appends the links. An
id that a rollback skipped never was pending. One that commits late is chained late: the order of
the chain is `seq`, which has no gaps, not the id. A fork is impossible, since `seq` is the primary
key: of two chainers, one is refused and starts again.

**The residual risk.** Until an event is chained (about a second, or as long as the observer is
down), somebody who can bypass the triggers can change or remove it. That is the database's owner,
who can always also add events. The hash includes `chained`, so an event that is inserted with an
old date shows when it was really chained (verify_audit counts those). The same person can rewrite
the links after the last checkpoint (30 seconds). Whoever also has the signing key can forge
everything after the last checkpoint that was sent elsewhere: see `checkpoints.py`.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from consoleapp.audit.models import Event

FIELDS = (
    "id",
    "at",
    "actor_id",
    "actor_name",
    "ip",
    "source",
    "account_id",
    "account_name",
    "action",
    "kind",
    "target",
    "operation",
    "parameters",
    "outcome",
    "detail",
)
BEGINNING = bytes(32)
_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
).encode


def canonical(value: dict[str, Any]) -> bytes:
    """Return the only valid encoding of `value`. Raises ValueError for what JSON cannot express."""
    return _encode(_whole(value)).encode()


def moment(at: datetime) -> str:
    """Return a time as the hash includes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def form(values: tuple[Any, ...]) -> dict[str, Any]:
    """Return the event with the FIELDS' `values` as the hash and exports include it."""
    event = dict(zip(FIELDS, values, strict=True))
    event["at"] = moment(event["at"])
    if isinstance(event["operation"], UUID):
        event["operation"] = str(event["operation"])
    return event


def form_of(event: Event) -> dict[str, Any]:
    """Return the same for a row."""
    return form(tuple(getattr(event, name) for name in FIELDS))


def link_hash(event: dict[str, Any], *, seq: int, previous: bytes, chained: datetime) -> bytes:
    """Return the hash of link `seq`, for an event in the `form`."""
    return hash_of(event, seq=seq, previous=previous.hex(), chained=moment(chained))


def hash_of(event: dict[str, Any], *, seq: int, previous: str, chained: str) -> bytes:
    """Return the same for an export's texts."""
    line = {"event": event, "previous": previous, "seq": seq, "chained": chained, "v": 1}
    return hashlib.sha256(canonical(line)).digest()


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return value
