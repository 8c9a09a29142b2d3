"""Queries about units, the account's session, and auto-updates, and their answers."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from engine.schema.messages import Prose
from engine.schema.moments import Moment
from engine.schema.parameters import ContainerName, Line, Model, Role, Text
from engine.schema.query import Query
from engine.schema.snapshot import UnitRow
from engine.schema.unit_names import Digest, GeneratedStyle, UnitFile, UnitName, VersionId
from engine.schema.units import AutoUpdated, NotCarriedOver, Problem


class UnitFileText(Query):
    """Request one `FileText`. For operators only: Environment= may hold secrets."""

    query: ClassVar[str] = "unit.file"
    role: ClassVar[Role] = Role.OPERATOR

    file: UnitFile
    version: VersionId | None = None
    """None: the file's current content."""


class UnitStatus(Query):
    """Request one `Status`: the output of `systemctl --user status` and the parts of the unit."""

    query: ClassVar[str] = "unit.status"
    unit: UnitName


class UnitJournal(Query):
    """Request `JournalLine`s, oldest first; with `follow`, until the reader leaves."""

    query: ClassVar[str] = "unit.journal"
    unit: UnitName | None = None
    """None: all of the account's units that involve Podman."""
    follow: bool = False
    tail: Annotated[int, Field(ge=0, le=100_000)] | None = 500
    """None: all lines."""
    priority: Annotated[int, Field(ge=0, le=7)] = 7
    """The least urgent priority to show: 3 error, 4 warning, 6 info, 7 everything."""
    since: Moment | None = None
    until: Moment | None = None
    grep: Line = ""
    """Return only lines that contain this text."""


class UnitValidate(Query):
    """Request one `Validation` of a text that is not saved. The file itself is not written."""

    query: ClassVar[str] = "unit.validate"
    role: ClassVar[Role] = Role.OPERATOR

    file: UnitFile
    text: Text


class ContainerUnitPreview(Query):
    """Request one `UnitPreview`: what container.autostart would write, in each style."""

    query: ClassVar[str] = "container.unit-preview"
    role: ClassVar[Role] = Role.OPERATOR

    container: ContainerName


class SessionHealth(Query):
    """Request one `Health` from the doctor, even if there is no user manager (it reports that)."""

    query: ClassVar[str] = "session.health"


class AutoUpdatePreview(Query):
    """Request one `AutoUpdates`: the result of `podman auto-update --dry-run`, and its timer."""

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
    """An earlier text of a file."""

    id: str
    at: Moment
    """The time when it was replaced."""
    digest: Digest
    size: int


class DropIn(Model):
    """A file that extends or overrides a Quadlet. Podman 5.0 and later merge it."""

    file: str
    text: str = ""
    digest: Digest = ""
    problem: Prose = ""
    """Why it cannot be read."""


class FileText(Model):
    """A file of the account's units: its current content, or that of an earlier version."""

    type: Literal["unit-file"] = "unit-file"
    file: str
    text: str
    """"" if the file does not exist (`digest` is then "")."""
    digest: Digest
    modified: Moment | None = None
    unit: str = ""
    versions: list[Version] = []
    """Newest first."""
    drop_ins: list[DropIn] = []
    """The drop-ins of a Quadlet, in the order in which Podman merges them."""
    selinux: str = ""
    """Its SELinux label; "" if SELinux is off."""
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
    """The details of one unit."""

    type: Literal["unit-status"] = "unit-status"
    row: UnitRow
    text: str = ""
    """The unit file as systemd has it (for a Quadlet, the generator's output).

    "" for viewers: only the query unit.file returns it to operators.
    """
    fragment: str = ""
    """The path of the generated or written unit file."""
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
    """The last lines before the unit failed; [] if it did not."""
    explanation: Prose = ""
    """Berth's explanation of the failure: a timeout of Type=notify, a port below 1024, …"""
    remedy: Prose = ""


class Validation(Model):
    """What Podman's generator and systemd report about a text."""

    type: Literal["validation"] = "validation"
    problems: list[Problem] = []
    unit: str = ""
    generated: str = ""
    """The service that Podman's generator made from a Quadlet; "" if it refused."""
    checked_by: list[str] = []
    """Which of podman, systemd, and berth checked it. Podman has no generator before 4.4."""

    @property
    def ok(self) -> bool:
        """Return whether it has no errors. It may have warnings."""
        return not any(problem.severity == "error" for problem in self.problems)


class PreviewFile(Model):
    """One file that would be written, and its content."""

    file: str
    text: str


class StylePreview(Model):
    """One way to keep a container running."""

    style: GeneratedStyle
    default: bool = False
    available: bool = True
    reason: Prose = ""
    """Why it is unavailable."""
    unit: str = ""
    files: list[PreviewFile] = []
    not_carried_over: list[NotCarriedOver] = []
    notes: list[Prose] = []
    """Caveats: the style's limitations, anonymous volumes, changes."""


class UnitPreview(Model):
    """The styles, in the order in which the page offers them."""

    type: Literal["unit-preview"] = "unit-preview"
    container: str
    managed_by: str = ""
    """The unit that already manages the container; "" if there is none."""
    styles: list[StylePreview] = []


class Finding(Model):
    """One check of the doctor."""

    name: str
    """lingering, user-manager, runtime-directory, bus, subuid, subgid, cgroup, storage, runtime,
    podman, ports, selinux, newuidmap, network-online."""
    state: Literal["ok", "warning", "problem"]
    text: Prose
    remedy: Prose = ""


class Health(Model):
    """All of the doctor's findings, in the order in which to fix them."""

    type: Literal["health"] = "health"
    findings: list[Finding] = []


class AutoUpdates(Model):
    """Containers with an update policy and what an update would do.

    `timer` describes podman-auto-update.timer.
    """

    type: Literal["autoupdates"] = "autoupdates"
    containers: list[AutoUpdated] = []
    timer_enabled: bool = False
    timer_active: bool = False
    next_run: Moment | None = None
    last_run: Moment | None = None


UnitAnswer = FileText | JournalLine | Status | Validation | UnitPreview | Health | AutoUpdates
