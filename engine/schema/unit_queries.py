"""What one may ask about units, the account's session and auto-updates; and the answers."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from engine.schema.moments import Moment
from engine.schema.parameters import ContainerName, Line, Model, Role, Text
from engine.schema.query import Query
from engine.schema.snapshot import UnitRow
from engine.schema.unit_names import Digest, GeneratedStyle, UnitFile, UnitName, VersionId
from engine.schema.units import AutoUpdated, NotCarriedOver, Problem


class UnitFileText(Query):
    """Answers one `FileText`. For operators: Environment= may hold secrets."""

    query: ClassVar[str] = "unit.file"
    role: ClassVar[Role] = Role.OPERATOR

    file: UnitFile
    version: VersionId | None = None
    """None: what stands on the disk now."""


class UnitStatus(Query):
    """Answers one `Status`: what `systemctl --user status` says, and what makes up the unit."""

    query: ClassVar[str] = "unit.status"
    unit: UnitName


class UnitJournal(Query):
    """Answers `JournalLine`s, oldest first; with follow, on and on until the reader leaves."""

    query: ClassVar[str] = "unit.journal"
    unit: UnitName | None = None
    """None: of all of the account's units that have to do with Podman."""
    follow: bool = False
    tail: Annotated[int, Field(ge=0, le=100_000)] | None = 500
    """None: from the first line."""
    priority: Annotated[int, Field(ge=0, le=7)] = 7
    """The least urgent to show: 3 error, 4 warning, 6 info, 7 all."""
    since: Moment | None = None
    until: Moment | None = None
    grep: Line = ""
    """Only lines that contain this text."""


class UnitValidate(Query):
    """Answers one `Validation` of a text that is not saved. Nothing is written to its place."""

    query: ClassVar[str] = "unit.validate"
    role: ClassVar[Role] = Role.OPERATOR

    file: UnitFile
    text: Text


class ContainerUnitPreview(Query):
    """Answers one `UnitPreview`: what container.autostart would write, in each style."""

    query: ClassVar[str] = "container.unit-preview"
    role: ClassVar[Role] = Role.OPERATOR

    container: ContainerName


class SessionHealth(Query):
    """Answers one `Health`: the doctor. Also where there is no user manager (it says so)."""

    query: ClassVar[str] = "session.health"


class AutoUpdatePreview(Query):
    """Answers one `AutoUpdates`: `podman auto-update --dry-run`, and its timer."""

    query: ClassVar[str] = "autoupdate.preview"


UNIT_QUERIES: tuple[type[Query], ...] = (
    UnitFileText,
    UnitStatus,
    UnitJournal,
    UnitValidate,
    ContainerUnitPreview,
    SessionHealth,
    AutoUpdatePreview,
)


class Version(Model):
    """A kept earlier text of a file."""

    id: str
    at: Moment
    """When it was replaced."""
    digest: Digest
    size: int


class DropIn(Model):
    """A file that adds to a Quadlet or changes it; Podman merges those of 5.0 and later."""

    file: str
    text: str = ""
    digest: Digest = ""
    problem: str = ""
    """Why it cannot be read."""


class FileText(Model):
    """A file of the account's units, as it stands on the disk (or stood, for a version)."""

    type: Literal["unit-file"] = "unit-file"
    file: str
    text: str
    """"" when it does not exist (`digest` is "" then)."""
    digest: Digest
    modified: Moment | None = None
    unit: str = ""
    versions: list[Version] = []
    """Newest first."""
    drop_ins: list[DropIn] = []
    """Of a Quadlet, in the order in which Podman merges them."""
    selinux: str = ""
    """Its label; "" where SELinux is off."""
    selinux_expected: str = ""


class JournalLine(Model):
    """One line of the account's journal."""

    type: Literal["journal"] = "journal"
    at: Moment
    unit: str = ""
    program: str = ""
    """SYSLOG_IDENTIFIER: podman, systemd, or the container's name."""
    pid: int | None = None
    priority: Annotated[int, Field(ge=0, le=7)] = 6
    text: str
    cursor: str = ""


class Status(Model):
    """One unit, closely."""

    type: Literal["unit-status"] = "unit-status"
    row: UnitRow
    text: str = ""
    """The unit file as systemd has it (of a Quadlet: what the generator made). "" for viewers:
    it is only in the unit.file query."""
    fragment: str = ""
    """Where the generated or written unit file is."""
    drop_ins: list[str] = []
    exec_start: list[list[str]] = []
    main_pid: int | None = None
    memory: int | None = None
    """Bytes."""
    tasks: int | None = None
    restarts: int = 0
    requires: list[str] = []
    after: list[str] = []
    failure: list[JournalLine] = []
    """The last lines before it failed; [] when it did not."""
    explanation: str = ""
    """What Berth makes of the failure: a time-out of Type=notify, a port below 1024, …"""
    remedy: str = ""


class Validation(Model):
    """What Podman's generator and systemd say of a text."""

    type: Literal["validation"] = "validation"
    problems: list[Problem] = []
    unit: str = ""
    generated: str = ""
    """The service that Podman's generator made of a Quadlet; "" when it refused."""
    checked_by: list[str] = []
    """Which of podman, systemd, berth could check here; the generator is missing before 4.4."""

    @property
    def ok(self) -> bool:
        """Whether it has no errors; warnings may be there."""
        return not any(problem.severity == "error" for problem in self.problems)


class PreviewFile(Model):
    """One file as it would be written."""

    file: str
    text: str


class StylePreview(Model):
    """One way to keep a container running."""

    style: GeneratedStyle
    default: bool = False
    available: bool = True
    reason: str = ""
    """Why it is not available."""
    unit: str = ""
    files: list[PreviewFile] = []
    not_carried_over: list[NotCarriedOver] = []
    notes: list[str] = []
    """What one should know: the style's flaw, anonymous volumes, what changes."""


class UnitPreview(Model):
    """The styles in the order in which they are offered."""

    type: Literal["unit-preview"] = "unit-preview"
    container: str
    managed_by: str = ""
    """The unit that manages it already, "" when none does."""
    styles: list[StylePreview] = []


class Finding(Model):
    """One thing the doctor looked at."""

    name: str
    """lingering, user-manager, runtime-directory, bus, subuid, subgid, cgroup, storage, runtime,
    podman, ports, selinux, newuidmap, network-online."""
    state: Literal["ok", "warning", "problem"]
    text: str
    remedy: str = ""


class Health(Model):
    """All of the doctor's findings, in the order in which one would mend them."""

    type: Literal["health"] = "health"
    findings: list[Finding] = []


class AutoUpdates(Model):
    """Containers with a policy and what an update would do; `timer` is podman-auto-update.timer."""

    type: Literal["autoupdates"] = "autoupdates"
    containers: list[AutoUpdated] = []
    timer_enabled: bool = False
    timer_active: bool = False
    next_run: Moment | None = None
    last_run: Moment | None = None


UnitAnswer = FileText | JournalLine | Status | Validation | UnitPreview | Health | AutoUpdates
