"""The form in which an event is hashed, and the chain of those hashes.

**The form, version 1.** A hash is SHA-256 over one line of UTF-8: the JSON object

    {"event": {…}, "previous": "<64 hex digits>", "seq": N, "sealed": "<time>", "v": 1}

written as RFC 8785 would where it matters: keys sorted, no white space, no number with a fraction
of nought (1.0 is 1, so that SQLite's text and PostgreSQL's jsonb agree), every character beyond
ASCII as \\uXXXX. `event` has the fields of FIELDS and no others; times are UTC with microseconds,
absent values null. `previous` is the hash of link N-1, 64 times "0" before the first. A change of
the form gets another `v`.

**Why a sealer chains, and not the writer.** A hash made at the insert needs the one before, so
every operation's transaction would hold a lock on the head until it has committed: on PostgreSQL
all writers would queue up behind each other's fsync. Instead a trigger notes the id of a new event
in `audit_pending`, in the same transaction, which costs microseconds and locks nothing. One sealer
(in the observer) reads what is pending and committed, hashes it, and appends the links. An id that
a rollback skipped never was pending; one that commits late is chained late: the order of the chain
is `seq`, which has no gaps, not the id. A fork is impossible, since `seq` is the primary key: of
two sealers one is refused, and begins again.

**What that leaves open.** Until it is sealed (about a second, or as long as the observer is down)
an event can be changed or taken away by somebody who can get around the triggers, that is by the
database's owner, who can always also add events. `sealed` is in the hash, so one that is
slipped in with an old date shows when it was really sealed (verify_audit counts those). Links
after the last signed head (half a minute) can be made anew by the same person. Whoever also has
the signing key can forge everything after the last head that was sent elsewhere: see `heads.py`.
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
    """The one way to write `value`. Raises ValueError for what JSON cannot say."""
    return _encode(_whole(value)).encode()


def moment(at: datetime) -> str:
    """A time as the hash has it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def form(values: tuple[Any, ...]) -> dict[str, Any]:
    """The event of the FIELDS' `values` as the hash and exports have it."""
    event = dict(zip(FIELDS, values, strict=True))
    event["at"] = moment(event["at"])
    if isinstance(event["operation"], UUID):
        event["operation"] = str(event["operation"])
    return event


def form_of(event: Event) -> dict[str, Any]:
    """The same of a row."""
    return form(tuple(getattr(event, name) for name in FIELDS))


def link_hash(event: dict[str, Any], *, seq: int, previous: bytes, sealed: datetime) -> bytes:
    """The hash of link `seq`, for an event in the `form`."""
    return hash_of(event, seq=seq, previous=previous.hex(), sealed=moment(sealed))


def hash_of(event: dict[str, Any], *, seq: int, previous: str, sealed: str) -> bytes:
    """The same from an export's texts."""
    line = {"event": event, "previous": previous, "seq": seq, "sealed": sealed, "v": 1}
    return hashlib.sha256(canonical(line)).digest()


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return value
