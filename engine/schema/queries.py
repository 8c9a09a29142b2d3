"""What one may ask of an engine without changing anything. Answers are JSON objects, one a line."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from engine.schema.parameters import ContainerName, ImageReference, Line, Model, Role, Text


class Query(Model):
    """The base of all queries. `query` is its name on the wire."""

    query: ClassVar[str]
    role: ClassVar[Role] = Role.VIEWER
    duplex: ClassVar[bool] = False
    """Takes input while it answers (a terminal)."""


class ContainerInspect(Query):
    """Answers one `Document`: Podman's own inspect data."""

    query: ClassVar[str] = "container.inspect"
    container: ContainerName


class ContainerTop(Query):
    """Answers one `Table`: the container's processes."""

    query: ClassVar[str] = "container.top"
    container: ContainerName


class ContainerChanges(Query):
    """Answers one `Table` (change, path): what differs from the image (`podman diff`)."""

    query: ClassVar[str] = "container.changes"
    container: ContainerName


class ContainerLogs(Query):
    """Answers `LogLine`s, oldest first; with follow, on and on until the reader leaves."""

    query: ClassVar[str] = "container.logs"
    container: ContainerName
    follow: bool = False
    tail: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """None: from the first line."""
    since: datetime | None = None
    until: datetime | None = None


class ContainerStats(Query):
    """Answers a `StatsSample` a second until the container ends or the reader leaves."""

    query: ClassVar[str] = "container.stats"
    container: ContainerName


class ContainerTerminal(Query):
    """`podman exec -it`: duplex. Answers TerminalOutput; takes TerminalInput and TerminalSize."""

    query: ClassVar[str] = "container.terminal"
    role: ClassVar[Role] = Role.OPERATOR
    duplex: ClassVar[bool] = True
    container: ContainerName
    command_line: Annotated[list[Text], Field(max_length=100)] = []
    """[]: the first of bash and sh that the container has."""
    user: Line = ""
    columns: Annotated[int, Field(ge=1, le=1000)] = 80
    rows: Annotated[int, Field(ge=1, le=1000)] = 24


class ImageInspect(Query):
    """Answers one `Document`."""

    query: ClassVar[str] = "image.inspect"
    image: ImageReference


class ImageHistory(Query):
    """Answers one `Table` (id, created, instruction, size in bytes, comment)."""

    query: ClassVar[str] = "image.history"
    image: ImageReference


class DiskUse(Query):
    """Answers one `Document`: `podman system df` (bytes, reclaimable)."""

    query: ClassVar[str] = "system.disk"


class FreePorts(Query):
    """Answers one `Document`: `free`, the first ports of the range that nothing on the host uses.

    A port is free when it can be bound, whichever account or program might have it.
    """

    query: ClassVar[str] = "host.free_ports"
    role: ClassVar[Role] = Role.OPERATOR
    first: Annotated[int, Field(ge=1, le=65535)]
    last: Annotated[int, Field(ge=1, le=65535)]
    protocol: Literal["tcp", "udp"] = "tcp"
    count: Annotated[int, Field(ge=1, le=1000)] = 1
    without: Annotated[list[int], Field(max_length=65535)] = []


QUERIES: dict[str, type[Query]] = {
    model.query: model
    for model in (
        ContainerInspect,
        ContainerTop,
        ContainerChanges,
        ContainerLogs,
        ContainerStats,
        ContainerTerminal,
        ImageInspect,
        ImageHistory,
        DiskUse,
        FreePorts,
    )
}


class Document(Model):
    """Data as Podman gives it. Hostile: labels and names in it are other people's text."""

    type: Literal["document"] = "document"
    data: dict[str, Any]


class Table(Model):
    """Rows under titles; a cell is text or a number."""

    type: Literal["table"] = "table"
    titles: list[str]
    rows: list[list[str | int | float | None]]


class LogLine(Model):
    """One line of a container's output, with its own ANSI escapes, without the newline."""

    type: Literal["line"] = "line"
    stream: Literal["stdout", "stderr"]
    at: datetime | None
    text: str


class StatsSample(Model):
    """One reading. None where the host cannot tell; `unavailable` then says why, by field."""

    type: Literal["sample"] = "sample"
    at: datetime
    cpu_percent: float | None
    """100 is one whole processor."""
    memory: int | None
    """Bytes."""
    memory_limit: int | None
    network_in: int | None
    """Bytes since the container started; so are the next three."""
    network_out: int | None
    block_read: int | None
    block_written: int | None
    pids: int | None
    unavailable: dict[str, str] = {}


class TerminalOutput(Model):
    """Raw bytes of the terminal, base64."""

    type: Literal["output"] = "output"
    data: str


class TerminalEnded(Model):
    """The command of the terminal ended."""

    type: Literal["ended"] = "ended"
    exit_code: int | None


class TerminalInput(Model):
    """Raw bytes typed or pasted, base64; at most 64 KiB a message."""

    type: Literal["input"] = "input"
    data: Annotated[str, Field(max_length=90_000)]


class TerminalSize(Model):
    """The page's terminal changed its size."""

    type: Literal["resize"] = "resize"
    columns: Annotated[int, Field(ge=1, le=1000)]
    rows: Annotated[int, Field(ge=1, le=1000)]


class QueryFailed(Model):
    """The last answer of a query that went wrong: an `ErrorReport`'s fields."""

    type: Literal["error"] = "error"
    code: str
    message: str
    remedy: str = ""


class EngineEvent(Model):
    """Something happened in the account, whoever did it (Podman's event stream)."""

    type: Literal["event"] = "event"
    at: datetime
    noun: Literal["container", "image", "volume", "network", "pod", "system"]
    action: str
    """Podman's word: create, start, died, remove, pull, health_status, …"""
    id: str
    name: str = ""
    attributes: dict[str, str] = {}
