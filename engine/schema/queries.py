"""What one may ask of an engine without changing anything. Answers are JSON objects, one a line."""

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from engine.schema.disk import DiskUse, PrunePreview
from engine.schema.errors import Capped
from engine.schema.layers import ImageCompare, ImageLayers, LayerFiles
from engine.schema.moments import Moment
from engine.schema.parameters import ContainerName, ImageReference, Line, Model, Role, Text
from engine.schema.query import Query as Query
from engine.schema.registries import RegistryHost
from engine.schema.transfers import Repository, TagPattern
from engine.schema.unit_queries import UNIT_QUERIES


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
    since: Moment | None = None
    until: Moment | None = None


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
    recorded: bool = False
    """The observer's word that it records the session; what a page says of it does not count."""


class ImageInspect(Query):
    """Answers one `Document`."""

    query: ClassVar[str] = "image.inspect"
    image: ImageReference


class ImageHistory(Query):
    """Answers one `Table` (id, created, instruction, size in bytes, comment)."""

    query: ClassVar[str] = "image.history"
    image: ImageReference


class BuildLines(Query):
    """Answers `LogLine`s: what a build said; with follow, on and on until it ends."""

    query: ClassVar[str] = "build.log"
    build: UUID
    """Its operation."""
    follow: bool = False


class ManifestInspect(Query):
    """Answers one `Document`: the manifest list as Podman keeps it."""

    query: ClassVar[str] = "manifest.inspect"
    name: ImageReference


class RegistriesShow(Query):
    """Answers one `Document` (`registry_facts.Configuration`): all that decides on registries."""

    query: ClassVar[str] = "registries.show"


class RegistryResolve(Query):
    """Answers one `Document` (`registry_facts.Resolution`): where Podman would look for a name."""

    query: ClassVar[str] = "registry.resolve"
    name: Annotated[Line, Field(min_length=1, max_length=512)]


class RegistryCheck(Query):
    """Answers one `Document` (`registry_facts.Check`): address, TLS, API, sign-in, with times."""

    query: ClassVar[str] = "registry.check"
    role: ClassVar[Role] = Role.OPERATOR
    registry: RegistryHost


class RegistrySearch(Query):
    """Answers one `Document` (`registry_facts.Search`): `podman search`."""

    query: ClassVar[str] = "registry.search"
    role: ClassVar[Role] = Role.OPERATOR
    term: Annotated[Line, Field(min_length=1, max_length=200, pattern=r"^[a-zA-Z0-9].*$")]
    limit: Annotated[int, Field(ge=1, le=100)] = 25


Filter = Annotated[Line, Field(max_length=128)]
"""What names have to contain, whatever the case; "" for all."""


class RegistryRepositories(Query):
    """Answers one `Document` (`registry_facts.Names`): a page of a registry's catalogue."""

    query: ClassVar[str] = "registry.repositories"
    role: ClassVar[Role] = Role.OPERATOR
    registry: RegistryHost
    match: Filter = ""
    after: Line = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class RegistryTags(Query):
    """Answers one `Document` (`registry_facts.Names`): a page of a repository's tags."""

    query: ClassVar[str] = "registry.tags"
    role: ClassVar[Role] = Role.OPERATOR
    repository: Repository
    match: Filter = ""
    after: Line = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class RemoteImageInspect(Query):
    """Answers one `Document` (`registry_facts.RemoteImage`), without a pull."""

    query: ClassVar[str] = "registry.image"
    role: ClassVar[Role] = Role.OPERATOR
    image: ImageReference


class ImageUpdates(Query):
    """Answers one `Document` (`registry_facts.Updates`): which names mean other images by now."""

    query: ClassVar[str] = "image.updates"
    role: ClassVar[Role] = Role.OPERATOR
    images: Annotated[list[ImageReference], Field(min_length=1, max_length=100)]


class SyncPlan(Query):
    """Answers one `Table` (tag, state, digest at the source): what `image.sync` would copy."""

    query: ClassVar[str] = "registry.sync-plan"
    role: ClassVar[Role] = Role.OPERATOR
    source: Repository
    destination: Repository
    pattern: TagPattern = "*"


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


_ALL: tuple[type[Query], ...] = (
    ContainerInspect,
    ContainerTop,
    ContainerChanges,
    ContainerLogs,
    ContainerStats,
    ContainerTerminal,
    ImageInspect,
    ImageHistory,
    ImageLayers,
    LayerFiles,
    ImageCompare,
    ManifestInspect,
    BuildLines,
    DiskUse,
    PrunePreview,
    RegistriesShow,
    RegistryResolve,
    RegistryCheck,
    RegistrySearch,
    RegistryRepositories,
    RegistryTags,
    RemoteImageInspect,
    ImageUpdates,
    SyncPlan,
    FreePorts,
    *UNIT_QUERIES,
)
QUERIES: dict[str, type[Query]] = {model.query: model for model in _ALL}


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
    at: Moment | None
    text: str
    partial: bool = False
    """The line goes on in this stream's next one: it is too long for one message."""


class StatsSample(Model):
    """One reading. None where the host cannot tell; `unavailable` then says why, by field."""

    type: Literal["sample"] = "sample"
    at: Moment
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
    code: Annotated[str, Field(max_length=50)]
    message: Capped
    remedy: Capped = ""


HEARTBEAT_SECONDS = 2.0


class EngineEvent(Model):
    """Something happened in the account, whoever did it (Podman's events, systemd's signals).

    `system` is the stream's own: `connected` when something may have been missed, and every
    HEARTBEAT_SECONDS a `heartbeat`, as long as Podman answers.
    """

    type: Literal["event"] = "event"
    at: Moment
    noun: Literal["container", "image", "volume", "network", "pod", "system", "unit"]
    action: Annotated[str, Field(max_length=100)]
    """Podman's word: create, start, died, remove, pull, health_status, … Of a unit: changed."""
    id: Annotated[str, Field(max_length=4096)]
    name: Annotated[str, Field(max_length=4096)] = ""
    attributes: dict[str, str] = {}
