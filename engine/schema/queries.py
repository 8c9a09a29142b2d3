"""Queries that read from an engine and change nothing. Answers are JSON, one object per line."""

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from engine.schema.disk import DiskUse, PrunePreview
from engine.schema.errors import Capped
from engine.schema.layers import ImageCompare, ImageLayers, LayerFiles
from engine.schema.messages import Prose
from engine.schema.moments import Moment
from engine.schema.parameters import ContainerName, ImageReference, Line, Model, Role, Text
from engine.schema.query import Query as Query
from engine.schema.registries import RegistryHost
from engine.schema.transfers import Repository, TagPattern
from engine.schema.unit_queries import UNIT_QUERIES


class ContainerInspect(Query):
    """Request Podman's inspect data, as one `Document`."""

    query: ClassVar[str] = "container.inspect"
    container: ContainerName


class ContainerTop(Query):
    """Request the container's processes, as one `Table`."""

    query: ClassVar[str] = "container.top"
    container: ContainerName


class ContainerChanges(Query):
    """Request the differences from the image (`podman diff`), as one `Table` (change, path)."""

    query: ClassVar[str] = "container.changes"
    container: ContainerName


class ContainerLogs(Query):
    """Request `LogLine`s, oldest first; with `follow`, until the reader leaves."""

    query: ClassVar[str] = "container.logs"
    container: ContainerName
    follow: bool = False
    tail: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """None: all lines."""
    since: Moment | None = None
    until: Moment | None = None


class ContainerStats(Query):
    """Request a `StatsSample` per second until the container stops or the reader leaves."""

    query: ClassVar[str] = "container.stats"
    container: ContainerName


class ContainerTerminal(Query):
    """`podman exec -it`, duplex: takes TerminalInput and TerminalSize, answers TerminalOutput."""

    query: ClassVar[str] = "container.terminal"
    role: ClassVar[Role] = Role.OPERATOR
    duplex: ClassVar[bool] = True
    container: ContainerName
    command_line: Annotated[list[Text], Field(max_length=100)] = []
    """[]: bash if the container has it, else sh."""
    user: Line = ""
    columns: Annotated[int, Field(ge=1, le=1000)] = 80
    rows: Annotated[int, Field(ge=1, le=1000)] = 24
    recorded: bool = False
    """Set by the observer if it records the session. A page cannot set it."""


class ImageInspect(Query):
    """Request Podman's inspect data, as one `Document`."""

    query: ClassVar[str] = "image.inspect"
    image: ImageReference


class ImageHistory(Query):
    """Request one `Table` (id, created, instruction, size in bytes, comment)."""

    query: ClassVar[str] = "image.history"
    image: ImageReference


class BuildLines(Query):
    """Request the output of a build as `LogLine`s; with `follow`, until the build ends."""

    query: ClassVar[str] = "build.log"
    build: UUID
    """The id of the build's operation."""
    follow: bool = False


class ManifestInspect(Query):
    """Request the manifest list in Podman's storage, as one `Document`."""

    query: ClassVar[str] = "manifest.inspect"
    name: ImageReference


class RegistriesShow(Query):
    """Request the effective configuration as a `Document` (`registry_facts.Configuration`)."""

    query: ClassVar[str] = "registries.show"


class RegistryResolve(Query):
    """Request where Podman would look for a name, as a `Document` (`registry_facts.Resolution`)."""

    query: ClassVar[str] = "registry.resolve"
    name: Annotated[Line, Field(min_length=1, max_length=512)]


class RegistryCheck(Query):
    """Request a `registry_facts.Check` of address, TLS, API, and login, as one `Document`."""

    query: ClassVar[str] = "registry.check"
    role: ClassVar[Role] = Role.OPERATOR
    registry: RegistryHost


class RegistrySearch(Query):
    """Request a `registry_facts.Search` (`podman search`), as one `Document`."""

    query: ClassVar[str] = "registry.search"
    role: ClassVar[Role] = Role.OPERATOR
    term: Annotated[Line, Field(min_length=1, max_length=200, pattern=r"^[a-zA-Z0-9].*$")]
    limit: Annotated[int, Field(ge=1, le=100)] = 25


Filter = Annotated[Line, Field(max_length=128)]
"""A text that names must contain, in any case; "" for all names."""


class RegistryRepositories(Query):
    """Request a page of a registry's catalog, as a `Document` (`registry_facts.Names`)."""

    query: ClassVar[str] = "registry.repositories"
    role: ClassVar[Role] = Role.OPERATOR
    registry: RegistryHost
    match: Filter = ""
    after: Line = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class RegistryTags(Query):
    """Request a page of a repository's tags, as a `Document` (`registry_facts.Names`)."""

    query: ClassVar[str] = "registry.tags"
    role: ClassVar[Role] = Role.OPERATOR
    repository: Repository
    match: Filter = ""
    after: Line = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class RemoteImageInspect(Query):
    """Request a `registry_facts.RemoteImage`, as one `Document`, without a pull."""

    query: ClassVar[str] = "registry.image"
    role: ClassVar[Role] = Role.OPERATOR
    image: ImageReference


class ImageUpdates(Query):
    """Request which names have new images, as one `Document` (`registry_facts.Updates`)."""

    query: ClassVar[str] = "image.updates"
    role: ClassVar[Role] = Role.OPERATOR
    images: Annotated[list[ImageReference], Field(min_length=1, max_length=100)]


class SyncPlan(Query):
    """Request what `image.sync` would copy: a `Table` (tag, state, digest at the source)."""

    query: ClassVar[str] = "registry.sync-plan"
    role: ClassVar[Role] = Role.OPERATOR
    source: Repository
    destination: Repository
    pattern: TagPattern = "*"


class FreePorts(Query):
    """Request one `Document`: `free`, the first ports of the range that nothing on the host uses.

    A port is free if it can be bound, whichever account or program might use it.
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
    """Data exactly as Podman returns it. Labels and names in it are untrusted."""

    type: Literal["document"] = "document"
    data: dict[str, Any]


class Table(Model):
    """Rows with column titles. A cell is text or a number."""

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
    """The line continues in this stream's next object because it is too long for one."""


class StatsSample(Model):
    """One sample. A value is None if the host cannot measure it; `unavailable` has the reasons."""

    type: Literal["sample"] = "sample"
    at: Moment
    cpu_percent: float | None
    """100 is one full processor."""
    memory: int | None
    """Bytes."""
    memory_limit: int | None
    network_in: int | None
    """Bytes since the container started, like the next three."""
    network_out: int | None
    block_read: int | None
    block_written: int | None
    pids: int | None
    unavailable: dict[str, Prose] = {}


class TerminalOutput(Model):
    """Raw bytes of the terminal, base64."""

    type: Literal["output"] = "output"
    data: str


class TerminalEnded(Model):
    """The command of the terminal ended."""

    type: Literal["ended"] = "ended"
    exit_code: int | None


class TerminalInput(Model):
    """Raw bytes that were typed or pasted, base64; at most 64 KiB per message."""

    type: Literal["input"] = "input"
    data: Annotated[str, Field(max_length=90_000)]


class TerminalSize(Model):
    """The new size of the page's terminal."""

    type: Literal["resize"] = "resize"
    columns: Annotated[int, Field(ge=1, le=1000)]
    rows: Annotated[int, Field(ge=1, le=1000)]


class QueryFailed(Model):
    """The last answer of a failed query, with the fields of an `ErrorReport`."""

    type: Literal["error"] = "error"
    code: Annotated[str, Field(max_length=50)]
    message: Capped
    remedy: Capped = ""


HEARTBEAT_SECONDS = 2.0


class EngineEvent(Model):
    """Something happened in the account (from Podman's events or systemd's signals).

    The stream itself adds `system` events: `connected` if events may have been missed, and a
    `heartbeat` every HEARTBEAT_SECONDS as long as Podman answers.
    """

    type: Literal["event"] = "event"
    at: Moment
    noun: Literal["container", "image", "volume", "network", "pod", "system", "unit"]
    action: Annotated[str, Field(max_length=100)]
    """Podman's word: create, start, died, remove, pull, health_status, … For a unit: changed."""
    id: Annotated[str, Field(max_length=4096)]
    name: Annotated[str, Field(max_length=4096)] = ""
    attributes: dict[str, str] = {}
