"""The summary of one account for a card or an overview, from its snapshot."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consoleapp.accounts.models import LinuxAccount
from consoleapp.snapshots import reader
from engine.schema.parameters import Role
from engine.schema.snapshot import ContainerRow, EngineInfo, ImageRow, UnitRow
from engine.schema.version import version

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Controllers that limits need, and what containers lack without them.
_CONTROLLERS = {
    "memory": gettext_lazy(
        "Memory limits are refused, and memory use is not measured per container."
    ),
    "cpu": gettext_lazy("CPU limits are refused, and CPU use is not measured per container."),
    "pids": gettext_lazy("The number of processes in a container cannot be limited."),
    "io": gettext_lazy("Block I/O is not measured per container."),
}
_HIGH, _FULL = 0.8, 0.95


@dataclass(frozen=True)
class Worry:
    """A container that needs attention, and why."""

    account: LinuxAccount
    container: ContainerRow
    reason: str


@dataclass(frozen=True)
class Summary:
    """One account at a glance. `info` is None as long as there is no snapshot."""

    account: LinuxAccount
    role: Role | None
    error: str
    trouble: str
    """The error, or that the engine has not answered for some seconds."""
    age: float | None
    live: bool
    info: EngineInfo | None
    containers: list[ContainerRow]
    images: list[ImageRow]
    units: list[UnitRow]

    @property
    def engine_differs(self) -> bool:
        """Return whether the engine runs other code than the console."""
        return self.info is not None and self.info.engine_version != version()

    @property
    def active_units(self) -> int:
        """Return the number of active units."""
        return sum(row.active == "active" for row in self.units)

    @property
    def failed_units(self) -> int:
        """Return the number of failed units."""
        return sum(row.active == "failed" for row in self.units)

    @property
    def running(self) -> int:
        """Return the number of running containers."""
        return sum(row.state == "running" for row in self.containers)

    @property
    def stopped(self) -> int:
        """Return the number of containers that are not running."""
        return len(self.containers) - self.running

    @property
    def unhealthy(self) -> int:
        """Return the number of containers that fail their health check."""
        return sum(row.health == "unhealthy" for row in self.containers)

    @property
    def image_bytes(self) -> int:
        """Return the total size of all images, with shared layers counted each time."""
        return sum(image.size for image in self.images)

    @property
    def disk_tone(self) -> str:
        """Return the class of the disk bar: "", is-high, or is-full."""
        if self.info is None or not self.info.disk_total or self.info.disk_used is None:
            return ""
        share = self.info.disk_used / self.info.disk_total
        return "is-full" if share >= _FULL else "is-high" if share >= _HIGH else ""

    @property
    def missing_controllers(self) -> "list[tuple[str, StrOrPromise]]":
        """Return the cgroup controllers that the account lacks, and the consequences."""
        if self.info is None:
            return []
        given = self.info.cgroup_controllers
        return [(name, meaning) for name, meaning in _CONTROLLERS.items() if name not in given]

    @property
    def worries(self) -> list[Worry]:
        """Return containers that are unhealthy, died, or ended with an error, newest first."""
        found = [
            Worry(self.account, row, reason) for row in self.containers if (reason := _reason(row))
        ]
        return sorted(found, key=lambda worry: worry.container.created, reverse=True)


def summarise(account: LinuxAccount, role: Role | None) -> Summary:
    """Return the summary of `account`, and mark it as looked at to keep its snapshot fresh."""
    reader.watch(account)
    kept = reader.load(account)
    snapshot = kept.snapshot if kept else None
    return Summary(
        account=account,
        role=role,
        error=kept.error if kept else "",
        trouble=kept.trouble if kept else "",
        age=kept.age if snapshot and kept else None,
        live=bool(kept and kept.live),
        info=snapshot.info if snapshot else None,
        containers=[row for row in snapshot.containers if not row.infra] if snapshot else [],
        images=snapshot.images if snapshot else [],
        units=snapshot.units if snapshot else [],
    )


def _reason(row: ContainerRow) -> str:
    if row.health == "unhealthy" and row.state == "running":
        return _("fails its health check")
    if row.state == "dead":
        return _("is dead")
    if row.state == "restarting":
        return _("keeps restarting")
    if row.state == "exited" and row.oom_killed:
        return _("ran out of memory")
    # 137 and 143 are what `stop` and `kill` leave behind: somebody intended that.
    if row.state == "exited" and row.exit_code not in (None, 0, 137, 143):
        return _("exited with code %(code)s") % {"code": row.exit_code}
    return ""
