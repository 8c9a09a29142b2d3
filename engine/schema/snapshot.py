"""The state of an account at one moment: the rows of every list page."""

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, StringConstraints

from engine.schema.containers import Port
from engine.schema.messages import Prose, cut_to
from engine.schema.moments import Moment
from engine.schema.parameters import Model
from engine.schema.unit_names import SourceKind, Style

Row = TypeVar("Row")
MOST_ROWS = 20_000
Rows = Annotated[list[Row], Field(max_length=MOST_ROWS)]
"""A list of an account's objects. Longer lists are refused."""
LONGEST = 4096
Shown = Annotated[str, AfterValidator(lambda text: text[:LONGEST])]
"""A text of a row, cut to LONGEST characters."""
ShownProse = Annotated[Prose, AfterValidator(cut_to(LONGEST))]
"""The same for a text for readers."""
Number = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""A number that databases and pages can represent."""
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
"""Podman's id of an object. It appears in page addresses, so its characters are restricted."""


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
    """None until it ends."""
    oom_killed: bool = False
    """The kernel killed it because it ran out of memory."""
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
    """None if Podman's list does not include it (4.3)."""
    problem: ShownProse = ""
    """Why Podman's data is malformed. The row then has only what could be read."""


class ImageRow(Model):
    """One line of `podman images`."""

    id: ObjectId
    """64 hexadecimal digits, without the algorithm."""
    tags: list[str] = []
    digest: Shown = ""
    created: Moment
    size: Number
    """Bytes, including shared layers."""
    labels: dict[str, str] = {}
    dangling: bool = False
    manifest_list: bool = False
    """It is a list of images for several architectures."""
    used_by: list[str] = []
    """The names of the account's containers that use it. The observer fills it in."""
    problem: ShownProse = ""
    """Why Podman's data is malformed. The row then has only what could be read."""


class UnitRow(Model):
    """A systemd user unit that involves Podman, or a Quadlet without a unit (yet).

    `unit` is its key and unique among the rows.
    """

    unit: Shown
    """The service's name, such as `web.service`; for a Quadlet, that of the generated service."""
    description: Shown = ""
    file: Shown = ""
    """The Quadlet or unit file to edit, below ~/.config; "" if it no longer exists."""
    readable: bool = True
    """Whether Berth can open `file`. If not, `problem` or a warning says why."""
    kind: SourceKind
    style: Style
    template: bool = False
    """A template unit (`worker@.service`): only its instances (`worker@1.service`) run."""
    load: Shown = "not-found"
    """systemd's load state: loaded, not-found, bad-setting, error, or masked.

    not-found also means a Quadlet that was never loaded or that the generator refused. `template`
    is a template unit, which is never loaded.
    """
    active: Shown = "inactive"
    """active, reloading, inactive, failed, activating, deactivating."""
    sub: Shown = "dead"
    """running, exited, dead, failed, auto-restart, start, …"""
    since: Moment | None = None
    """When `active` last changed."""
    file_state: Shown = ""
    """enabled, disabled, static, generated (a Quadlet), linked, masked, …; "" if not loaded."""
    starts_at_boot: bool = False
    """Something that starts at boot starts it, and lingering is on."""
    boot_reason: ShownProse = ""
    """If it does not start at boot, the reason."""
    result: Shown = "success"
    """The result of the last run: success, exit-code, signal, timeout, start-limit-hit, …"""
    exit_status: Number | None = None
    """The main process's exit status, if it failed."""
    needs_reload: bool = False
    """A file changed since the last daemon-reload, so what runs differs from what is on disk."""
    problem: ShownProse = ""
    """Why the file has no unit or cannot be read, as Podman's generator or systemd says."""
    containers: list[str] = []
    """The names of the containers that it manages."""
    image: Shown = ""
    """The image that a .container file names; "" if it cannot be determined."""
    differs: bool = False
    """Its container came from another command than the unit's current one: restart to apply."""
    leftovers: list[str] = []
    """Containers of generate-classic that stopped and were left over while the unit is down."""
    selinux: Literal["", "ok", "wrong"] = ""
    """Whether the file has the label that SELinux's policy requires; "" if SELinux is off."""
    warnings: list[ShownProse] = []


class EngineInfo(Model):
    """Information from the account's Podman about itself and the host."""

    engine_version: Shown = ""
    """The version of the engine's code; "" for old engines that do not report it."""
    podman_version: Shown
    api_version: Shown
    runtime: Shown
    """crun or runc: the one that a test found to work."""
    storage_driver: Shown
    storage_root: Shown
    cgroup_version: Literal["v1", "v2", ""]
    cgroup_controllers: list[str] = []
    """The controllers delegated to the account. A limit needs its controller."""
    selinux: bool = False
    systemd: bool = False
    """Whether the account has a running user manager, so that units are available."""
    units_unread: ShownProse = ""
    """Why the units could not be read. `units` is then the previous list, or empty."""
    images_unread: ShownProse = ""
    """The same for images."""
    no_systemd: ShownProse = ""
    """Why units are unavailable; "" if they are available."""
    quadlet: bool = False
    """Whether this Podman (4.4 and later) supports Quadlets."""
    linger: bool | None = None
    """Whether the account's units start at boot and outlive its logins; None if unknown."""
    disk_used: Number | None = None
    """Bytes in use on the file system of storage_root. `disk_total` is its size."""
    disk_total: Number | None = None
    disk_device: Shown = ""
    """The file system's device (major:minor). Accounts with the same device share it."""
    warnings: list[ShownProse] = []


class Snapshot(Model):
    """The state of an account at `taken`."""

    taken: Moment
    containers: Rows[ContainerRow]
    images: Rows[ImageRow]
    units: Rows[UnitRow] = []
    info: EngineInfo
