"""What an account looks like at one moment: the rows of every list page."""

from datetime import datetime
from typing import Literal

from engine.schema.containers import Port
from engine.schema.parameters import Model

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


class ContainerRow(Model):
    """One line of `podman ps -a`."""

    id: str
    name: str
    image: str
    image_id: str
    command: list[str] = []
    created: datetime
    state: ContainerState
    started: datetime | None = None
    exited: datetime | None = None
    exit_code: int | None = None
    """None while it has not ended."""
    health: Health = ""
    ports: list[Port] = []
    labels: dict[str, str] = {}
    mounts: list[str] = []
    networks: list[str] = []
    pod: str = ""
    infra: bool = False
    unit: str = ""
    """The systemd unit that manages it, from its PODMAN_SYSTEMD_UNIT label."""
    restarts: int | None = None
    """None where Podman's list does not tell (4.3)."""


class ImageRow(Model):
    """One line of `podman images`."""

    id: str
    """64 hexadecimal digits, without the algorithm."""
    tags: list[str] = []
    digest: str = ""
    created: datetime
    size: int
    """Bytes, shared layers included."""
    labels: dict[str, str] = {}
    dangling: bool = False
    manifest_list: bool = False
    """A list of images for several architectures."""
    used_by: list[str] = []
    """Names of the account's containers that are made from it."""


class EngineInfo(Model):
    """What the account's Podman says of itself and of the host."""

    podman_version: str
    api_version: str
    runtime: str
    """crun or runc: the one that the probe found to work."""
    storage_driver: str
    storage_root: str
    cgroup_version: Literal["v1", "v2", ""]
    cgroup_controllers: list[str] = []
    """Those delegated to the account; a limit without its controller cannot be kept."""
    selinux: bool = False
    systemd: bool = False
    """Whether a user manager runs for the account, so that units can be offered."""
    disk_used: int | None = None
    """Bytes below storage_root's file system that are in use, with `disk_total` its size."""
    disk_total: int | None = None
    warnings: list[str] = []


class Snapshot(Model):
    """All of an account at `taken`."""

    taken: datetime
    containers: list[ContainerRow]
    images: list[ImageRow]
    info: EngineInfo
