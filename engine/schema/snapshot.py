"""What an account looks like at one moment: the rows of every list page."""

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, StringConstraints

from engine.schema.containers import Port
from engine.schema.moments import Moment
from engine.schema.parameters import Model
from engine.schema.unit_names import SourceKind, Style

Row = TypeVar("Row")
MOST_ROWS = 20_000
Rows = Annotated[list[Row], Field(max_length=MOST_ROWS)]
"""A list of an account's objects; beyond MOST_ROWS it is nobody's."""
LONGEST = 4096
Shown = Annotated[str, AfterValidator(lambda text: text[:LONGEST])]
"""A text of a row; more of it than LONGEST characters is nothing that anybody would read."""
Number = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""A number that a database and a page can deal with."""
ContainerState = Literal[
    "created",
    "running",
    "paused",
    "restarting",
    "stopping",
    "exited",
    "removing",
    "dead",
    "unknown",
]
Health = Literal["", "starting", "healthy", "unhealthy"]


ObjectId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")]
"""What Podman calls an object. It stands in addresses of pages, so an engine cannot make it up."""


class ContainerRow(Model):
    """One line of `podman ps -a`."""

    id: ObjectId
    name: Shown
    image: Shown
    image_id: Shown
    command: list[str] = []
    created: Moment
    state: ContainerState
    started: Moment | None = None
    exited: Moment | None = None
    exit_code: Number | None = None
    """None while it has not ended."""
    oom_killed: bool = False
    """It ended because the kernel killed it for want of memory."""
    health: Health = ""
    ports: list[Port] = []
    labels: dict[str, str] = {}
    mounts: list[str] = []
    networks: list[str] = []
    pod: Shown = ""
    infra: bool = False
    unit: Shown = ""
    """The systemd unit that manages it, from its PODMAN_SYSTEMD_UNIT label."""
    restarts: Number | None = None
    """None where Podman's list does not tell (4.3)."""
    problem: Shown = ""
    """What Podman says of it makes no sense: why; then only what could be read is here."""


class ImageRow(Model):
    """One line of `podman images`."""

    id: ObjectId
    """64 hexadecimal digits, without the algorithm."""
    tags: list[str] = []
    digest: Shown = ""
    created: Moment
    size: Number
    """Bytes, shared layers included."""
    labels: dict[str, str] = {}
    dangling: bool = False
    manifest_list: bool = False
    """A list of images for several architectures."""
    used_by: list[str] = []
    """Names of the account's containers that are made from it."""
    problem: Shown = ""
    """What Podman says of it makes no sense: why; then only what could be read is here."""


class UnitRow(Model):
    """A systemd user unit that has to do with Podman, or a Quadlet that is not (yet) one.

    `unit` is its key: no two rows have the same.
    """

    unit: Shown
    """The service's name, as in `web.service`; of a Quadlet, the generated one's."""
    description: Shown = ""
    file: Shown = ""
    """The file that one edits, below ~/.config: a Quadlet or a unit file. "" when it is gone."""
    readable: bool = True
    """Whether Berth can open `file`; if not, `problem` or a warning says why."""
    kind: SourceKind
    style: Style
    template: bool = False
    """A template (`worker@.service`): only its instances (`worker@1.service`) run."""
    load: Shown = "not-found"
    """systemd's word: loaded, not-found (a Quadlet that was never loaded, or that the generator
    refused), bad-setting, error, masked; `template` for a template, which is never loaded."""
    active: Shown = "inactive"
    """active, reloading, inactive, failed, activating, deactivating."""
    sub: Shown = "dead"
    """running, exited, dead, failed, auto-restart, start, …"""
    since: Moment | None = None
    """When `active` last changed."""
    file_state: Shown = ""
    """enabled, disabled, static, generated (a Quadlet), linked, masked, …; "" when not loaded."""
    starts_at_boot: bool = False
    """Something that starts at boot starts it, and lingering is on."""
    boot_reason: Shown = ""
    """Why it does not start at boot, when it does not."""
    result: Shown = "success"
    """Of the last run: success, exit-code, signal, timeout, start-limit-hit, …"""
    exit_status: Number | None = None
    """The main process's, when it failed."""
    needs_reload: bool = False
    """A file changed since the last daemon-reload: what runs is not what stands on the disk."""
    problem: Shown = ""
    """Why no unit was made of the file: what Podman's generator or systemd says of it, or why it
    cannot be read."""
    containers: list[str] = []
    """Names of the containers that it manages."""
    image: Shown = ""
    """Of a .container file, the image as the file names it; "" where none can be told."""
    differs: bool = False
    """Its container was made by another command than the one in the unit now: restart to apply."""
    leftovers: list[str] = []
    """Classic's known flaw: its container that ended and is left over while the unit is down."""
    selinux: Literal["", "ok", "wrong"] = ""
    """Whether the file's label is the one that the policy wants; "" where SELinux is off."""
    warnings: list[str] = []


class EngineInfo(Model):
    """What the account's Podman says of itself and of the host."""

    engine_version: Shown = ""
    """Of the engine's code; "" for an engine from before it said so."""
    podman_version: Shown
    api_version: Shown
    runtime: Shown
    """crun or runc: the one that the probe found to work."""
    storage_driver: Shown
    storage_root: Shown
    cgroup_version: Literal["v1", "v2", ""]
    cgroup_controllers: list[str] = []
    """Those delegated to the account; a limit without its controller cannot be kept."""
    selinux: bool = False
    systemd: bool = False
    """Whether a user manager runs for the account, so that units can be offered."""
    units_unread: str = ""
    """Why the units could not be read; then `units` are those of before, or none."""
    images_unread: str = ""
    """The same for images."""
    no_systemd: Shown = ""
    """Why units cannot be offered; "" where they can."""
    quadlet: bool = False
    """Whether this Podman (4.4 and later) makes units of Quadlet files."""
    linger: bool | None = None
    """Whether the account's units start at boot and outlive its logins; None: not known."""
    disk_used: Number | None = None
    """Bytes below storage_root's file system that are in use, with `disk_total` its size."""
    disk_total: Number | None = None
    disk_device: Shown = ""
    """The file system's device (major:minor): accounts that have the same share it."""
    warnings: list[str] = []


class Snapshot(Model):
    """All of an account at `taken`."""

    taken: Moment
    containers: Rows[ContainerRow]
    images: Rows[ImageRow]
    units: Rows[UnitRow] = []
    info: EngineInfo
