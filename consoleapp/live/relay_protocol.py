"""The messages between a web process and the observer about one query, and their keys.

The web process puts a signed request into the host's list. The observer removes it, once, and adds
elements to the list of answers: ACCEPTED (repeated every few seconds as a heartbeat), batches of
answers (JSON arrays), and ENDED. The reader's key exists while somebody reads.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from django.core import signing
from pydantic import Field, StringConstraints, TypeAdapter

from engine.schema.parameters import Model
from engine.schema.queries import (
    QUERIES,
    Document,
    LogLine,
    Query,
    QueryFailed,
    StatsSample,
    Table,
    TerminalEnded,
    TerminalInput,
    TerminalOutput,
    TerminalSize,
)
from engine.schema.unit_queries import UnitAnswer

ACCEPTED, ENDED = b"+", b"."
SIGN_OF_LIFE = 4.0
SILENT_AFTER = 15.0
"""Seconds without an element (for readers) or without a reader (for producers)."""
VALID_SECONDS = 10
LARGEST_REQUEST = 64 * 1024
LARGEST_ELEMENT = 32 * 1024 * 1024
MOST_WAITING = 8
"""The maximum number of batches that wait for the reader."""
MOST_TYPED = 64
_SALT = "berth.relay"


class Recorded(Model):
    """The observer's first answer for a terminal that it records."""

    type: Literal["recorded"] = "recorded"
    id: UUID


Answer = Annotated[
    Recorded
    | Document
    | Table
    | LogLine
    | StatsSample
    | UnitAnswer
    | QueryFailed
    | TerminalOutput
    | TerminalEnded,
    Field(discriminator="type"),
]
ANSWERS: TypeAdapter[list[Any]] = TypeAdapter(list[Answer])
TYPED: TypeAdapter[TerminalInput | TerminalSize] = TypeAdapter(
    Annotated[TerminalInput | TerminalSize, Field(discriminator="type")]
)


class Request(Model):
    """Who queries what on which account."""

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    account: int
    user: int
    token: int | None = None
    ip: Annotated[str, StringConstraints(max_length=45)] = ""
    query: str
    parameters: dict[str, Any]
    reveal: bool = False
    """Whether to return unmasked secrets. Has no effect for viewers."""

    def parsed(self) -> Query:
        """Return the query. Raises KeyError or ValidationError."""
        return QUERIES[self.query].model_validate(self.parameters)

    def sign(self) -> str:
        """Return the signed text for Redis."""
        return signing.dumps(self.model_dump(mode="json"), salt=_SALT)


@dataclass(frozen=True)
class Names:
    """The keys of one query."""

    id: str

    @property
    def answers(self) -> str:
        """Return the key of the list of elements."""
        return f"berth:answers:{self.id}"

    @property
    def typed(self) -> str:
        """Return the key of the list of inputs."""
        return f"berth:typed:{self.id}"

    @property
    def reader(self) -> str:
        """Return the key that exists while somebody reads."""
        return f"berth:reader:{self.id}"


def requests(host: int) -> str:
    """Return the key of the list of requests to a host's observer."""
    return f"berth:requests:{host}"


def verify(text: bytes) -> Request:
    """Verify a request. Raises signing.BadSignature (forged or too old), or ValidationError."""
    if len(text) > LARGEST_REQUEST:
        raise signing.BadSignature("too large")
    try:
        signed = text.decode("ascii")
    except UnicodeDecodeError as error:
        raise signing.BadSignature("not a signed text") from error
    return Request.model_validate(signing.loads(signed, salt=_SALT, max_age=VALID_SECONDS))
