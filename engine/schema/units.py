"""Operations on systemd user units and Quadlets: their parameters and results.

They are all refused with the code `unavailable` if the account has no running user manager.
"""

import shlex
from typing import ClassVar, Literal

from engine.schema.messages import Prose, msg
from engine.schema.parameters import ContainerName, Lane, Model, Parameters, Result
from engine.schema.unit_names import (
    Digest,
    GeneratedStyle,
    UnitFile,
    UnitName,
    UnitText,
    VersionId,
)


class Problem(Model):
    """One finding in a file's text. `line` counts from 1; None: the whole file."""

    severity: Literal["error", "warning"]
    """error: the unit will not work; warning: it may not do what the author expects."""
    message: Prose
    line: int | None = None
    source: str = ""
    """The source of the finding: podman, systemd, or berth."""


class UnitWritten(Result):
    """The file as it now exists."""

    file: str
    digest: Digest
    """The digest of the new text. Pass it to the next unit.write of this file."""
    unit: str = ""
    """The unit that the file defines; "" if it defines none (a drop-in, a .yaml file)."""
    version: str = ""
    """The id of the version that was replaced and kept; "" if the file is new."""
    selinux: str = ""
    """The SELinux label that was restored; "" if SELinux is off."""
    problems: list[Problem] = []


class _OneFile(Parameters):
    file: UnitFile

    def target(self) -> str:
        return self.file


class UnitWrite(_OneFile):
    """Create or replace one file of the account's units, then reload the user manager.

    Refused with `conflict` if the file is not the one that `digest` names: it changed in the
    meantime. Refused with `invalid` if the text has errors (see the query unit.validate), unless
    `even_with_errors` is set. The replaced text is kept as a version (unit.restore).
    """

    kind: ClassVar[str] = "unit.write"
    label: ClassVar[str] = msg("Save unit")
    result: ClassVar[type[Result]] = UnitWritten

    text: UnitText
    digest: Digest = ""
    """The digest of the version that the editor loaded; "": the file must not exist."""
    even_with_errors: bool = False

    def command(self) -> list[str]:
        path = f"~/.config/{self.file}"
        return ["sh", "-c", f"cat >{path} && systemctl --user daemon-reload"]


class UnitDelete(_OneFile):
    """Stop and disable the unit, delete its file (kept as a version), then daemon-reload."""

    kind: ClassVar[str] = "unit.delete"
    label: ClassVar[str] = msg("Delete unit")
    harmless: ClassVar[bool] = True
    destructive: ClassVar[bool] = True
    result: ClassVar[type[Result]] = UnitWritten

    digest: Digest = ""
    """"" to delete any content."""

    def command(self) -> list[str]:
        return ["sh", "-c", f"rm ~/.config/{self.file} && systemctl --user daemon-reload"]


class UnitRestore(_OneFile):
    """Restore a version of a file (even of a deleted file), then daemon-reload."""

    kind: ClassVar[str] = "unit.restore"
    label: ClassVar[str] = msg("Restore version")
    harmless: ClassVar[bool] = True
    result: ClassVar[type[Result]] = UnitWritten

    version: VersionId
    digest: Digest = ""
    """The digest of the current content, as in unit.write."""

    def command(self) -> list[str]:
        kept = f"~/.local/state/berth/units/{self.file}/{self.version}"
        return ["sh", "-c", f"cp {kept} ~/.config/{self.file} && systemctl --user daemon-reload"]


class UnitDaemonReload(Parameters):
    """`systemctl --user daemon-reload`: reread all unit files and run Podman's generator."""

    kind: ClassVar[str] = "unit.daemon-reload"
    label: ClassVar[str] = msg("Reload unit files")
    harmless: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True

    def target(self) -> str:
        return ""

    def command(self) -> list[str]:
        return ["systemctl", "--user", "daemon-reload"]


class _OneUnit(Parameters):
    unit: UnitName

    def target(self) -> str:
        return self.unit

    def command(self) -> list[str]:
        return ["systemctl", "--user", self.kind.partition(".")[2], "--", self.unit]


class UnitStart(_OneUnit):
    """`systemctl --user start`: start and wait. On failure, report the unit's last log lines."""

    kind: ClassVar[str] = "unit.start"
    label: ClassVar[str] = msg("Start unit")
    harmless: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    repeatable: ClassVar[bool] = True


class UnitStop(_OneUnit):
    """`systemctl --user stop`: stop and wait."""

    kind: ClassVar[str] = "unit.stop"
    label: ClassVar[str] = msg("Stop unit")
    harmless: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True


class UnitRestart(_OneUnit):
    """`systemctl --user restart`: restart and wait."""

    kind: ClassVar[str] = "unit.restart"
    label: ClassVar[str] = msg("Restart unit")
    harmless: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW


class UnitEnable(_OneUnit):
    """`systemctl --user enable`: start the unit at boot.

    A Quadlet's unit cannot be enabled. Instead, its file gets an [Install] section
    (WantedBy=default.target), and the result says so.
    """

    kind: ClassVar[str] = "unit.enable"
    label: ClassVar[str] = msg("Start at boot")
    harmless: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True


class UnitDisable(_OneUnit):
    """`systemctl --user disable`: do not start it at boot. Of a Quadlet, [Install] is removed."""

    kind: ClassVar[str] = "unit.disable"
    label: ClassVar[str] = msg("Do not start at boot")
    harmless: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True


class UnitResetFailed(_OneUnit):
    """`systemctl --user reset-failed`: clear the failure so that the unit can start again."""

    kind: ClassVar[str] = "unit.reset-failed"
    label: ClassVar[str] = msg("Forget failure")
    harmless: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True


class NotCarriedOver(Model):
    """A container option that its new unit lacks, and why."""

    option: str
    reason: Prose


class ContainerKept(Result):
    """The unit that now keeps a container running."""

    unit: str
    style: str
    files: list[str] = []
    """Paths below ~/.config."""
    container: str
    """The name of the new container that the unit created (classic: of the existing container)."""
    not_carried_over: list[NotCarriedOver] = []
    anonymous_volumes: list[str] = []
    """The old container's anonymous volumes (empty for classic, which keeps the container)."""
    named_volumes: list[str] = []
    """The volumes that received their data, in the same order. The new container mounts these."""
    starts_at_boot: bool = False
    """False if lingering is off (with a warning)."""


class ContainerAutostart(Parameters):
    """Keep a container running, even after a reboot: create a unit for it and start the unit.

    In every style but classic, the unit's own container replaces the one that was created by hand.
    If it does not start, the old container is restored and started, and the files are removed.
    """

    kind: ClassVar[str] = "container.autostart"
    label: ClassVar[str] = msg("Keep running")
    harmless: ClassVar[bool] = True
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    result: ClassVar[type[Result]] = ContainerKept

    container: ContainerName
    style: GeneratedStyle | None = None
    """None: quadlet if Podman supports it (4.4 and later), otherwise generate-new."""

    def target(self) -> str:
        return self.container

    def command(self) -> list[str]:
        if self.style in (None, "quadlet"):
            quoted = shlex.quote(f".config/containers/systemd/{self.container}.container")
            unit = shlex.quote(f"{self.container}.service")
            done = f"systemctl --user daemon-reload && systemctl --user start {unit}"
            return ["sh", "-c", f"$EDITOR {quoted} && {done}"]
        new = ["--new"] if self.style == "generate-new" else []
        return ["podman", "generate", "systemd", "--files", "--name", *new, "--", self.container]


class UnitConvert(_OneUnit):
    """Recreate a container's unit in another style. The old files are kept as versions."""

    kind: ClassVar[str] = "unit.convert"
    label: ClassVar[str] = msg("Convert unit")
    harmless: ClassVar[bool] = True
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    result: ClassVar[type[Result]] = ContainerKept

    style: GeneratedStyle

    def command(self) -> list[str]:
        new = ["--new"] if self.style == "generate-new" else []
        name = self.unit.removesuffix(".service").removeprefix("container-")
        if self.style == "quadlet":
            return [
                "sh",
                "-c",
                f"$EDITOR {shlex.quote(f'.config/containers/systemd/{name}.container')}",
            ]
        return ["podman", "generate", "systemd", "--files", "--name", *new, "--", name]


class AutoUpdated(Model):
    """The result of `podman auto-update` for one container."""

    unit: str
    container: str
    image: str
    policy: str
    updated: str
    """Podman's own value: true, false, pending, failed, or rolled back."""


class AutoUpdateResult(Result):
    """The result for each container that has an update policy."""

    containers: list[AutoUpdated] = []


class AutoUpdateRun(Parameters):
    """`podman auto-update`: update the images of containers labeled io.containers.autoupdate.

    Podman restarts their units and rolls back to the previous image if a unit then does not start.
    So it is not stopped in between: nobody would roll back.
    """

    kind: ClassVar[str] = "autoupdate.run"
    label: ClassVar[str] = msg("Update now")
    harmless: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    result: ClassVar[type[Result]] = AutoUpdateResult

    rollback: bool = True

    def target(self) -> str:
        return ""

    def command(self) -> list[str]:
        return ["podman", "auto-update", *([] if self.rollback else ["--rollback=false"])]


class _Session(Parameters):
    """An operation on the account's session itself."""

    def target(self) -> str:
        return ""


class AutoUpdateEnable(_Session):
    """Enable and start podman-auto-update.timer, which runs `podman auto-update` once a day."""

    kind: ClassVar[str] = "autoupdate.enable"
    label: ClassVar[str] = msg("Update every day")
    harmless: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True

    def command(self) -> list[str]:
        return ["systemctl", "--user", "enable", "--now", "podman-auto-update.timer"]


class AutoUpdateDisable(_Session):
    """Stop and disable podman-auto-update.timer."""

    kind: ClassVar[str] = "autoupdate.disable"
    label: ClassVar[str] = msg("Do not update by itself")
    harmless: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True

    def command(self) -> list[str]:
        return ["systemctl", "--user", "disable", "--now", "podman-auto-update.timer"]


class LingerEnable(_Session):
    """`loginctl enable-linger`: start the account's units at boot and keep them after logout."""

    kind: ClassVar[str] = "linger.enable"
    label: ClassVar[str] = msg("Turn lingering on")
    harmless: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True

    def command(self) -> list[str]:
        return ["loginctl", "enable-linger"]


class LingerDisable(_Session):
    """`loginctl disable-linger`: stop the units, and Berth's engine, with the last login."""

    kind: ClassVar[str] = "linger.disable"
    label: ClassVar[str] = msg("Turn lingering off")
    harmless: ClassVar[bool] = True
    destructive: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True

    def command(self) -> list[str]:
        return ["loginctl", "disable-linger"]
