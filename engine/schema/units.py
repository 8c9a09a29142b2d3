"""Operations on systemd user units and Quadlets: their parameters and results.

Every one of them is refused with the code `unavailable` where no user manager runs for the account.
"""

import shlex
from typing import ClassVar, Literal

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
    """One finding about a file's text. `line` counts from 1; None: about the whole file."""

    severity: Literal["error", "warning"]
    """error: the unit will not work; warning: it may not do what one thinks."""
    message: str
    line: int | None = None
    source: str = ""
    """Who says so: podman, systemd, berth."""


class UnitWritten(Result):
    """What stands on the disk now."""

    file: str
    digest: Digest
    """Of the new text: the one that the next unit.write of this file must name."""
    unit: str = ""
    """The unit that the file makes, "" when it makes none (a drop-in, a .yaml)."""
    version: str = ""
    """The id of the version that was replaced and kept, "" when the file is new."""
    selinux: str = ""
    """The label that was restored, "" where SELinux is off."""
    problems: list[Problem] = []


class _OneFile(Parameters):
    file: UnitFile

    def target(self) -> str:
        return self.file


class UnitWrite(_OneFile):
    """Create or replace one file of the account's units, then daemon-reload.

    Refused with `conflict` when the file is not the one that `digest` names: it changed meanwhile.
    Refused with `invalid` when the text has errors (see the query unit.validate), unless
    `even_with_errors`. The text that it replaces is kept as a version (unit.restore).
    """

    kind: ClassVar[str] = "unit.write"
    label: ClassVar[str] = "Save unit"
    result: ClassVar[type[Result]] = UnitWritten

    text: UnitText
    digest: Digest = ""
    """Of the version that the editor saw; "": the file must not exist."""
    even_with_errors: bool = False

    def command(self) -> list[str]:
        path = f"~/.config/{self.file}"
        return ["sh", "-c", f"cat >{path} && systemctl --user daemon-reload"]


class UnitDelete(_OneFile):
    """Stop and disable the unit, delete its file (kept as a version), then daemon-reload."""

    kind: ClassVar[str] = "unit.delete"
    label: ClassVar[str] = "Delete unit"
    destructive: ClassVar[bool] = True
    result: ClassVar[type[Result]] = UnitWritten

    digest: Digest = ""
    """"": whatever stands there."""

    def command(self) -> list[str]:
        return ["sh", "-c", f"rm ~/.config/{self.file} && systemctl --user daemon-reload"]


class UnitRestore(_OneFile):
    """Put a kept version of a file back (also of a file that was deleted), then daemon-reload."""

    kind: ClassVar[str] = "unit.restore"
    label: ClassVar[str] = "Restore version"
    result: ClassVar[type[Result]] = UnitWritten

    version: VersionId
    digest: Digest = ""
    """Of what stands there now, as in unit.write."""

    def command(self) -> list[str]:
        kept = f"~/.local/state/berth/units/{self.file}/{self.version}"
        return ["sh", "-c", f"cp {kept} ~/.config/{self.file} && systemctl --user daemon-reload"]


class UnitDaemonReload(Parameters):
    """`systemctl --user daemon-reload`: read all unit files anew, make units of Quadlets."""

    kind: ClassVar[str] = "unit.daemon-reload"
    label: ClassVar[str] = "Reload unit files"
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
    """`systemctl --user start`, waited for. Fails with the unit's last log lines."""

    kind: ClassVar[str] = "unit.start"
    label: ClassVar[str] = "Start unit"
    lane: ClassVar[Lane] = Lane.SLOW
    repeatable: ClassVar[bool] = True


class UnitStop(_OneUnit):
    """`systemctl --user stop`, waited for."""

    kind: ClassVar[str] = "unit.stop"
    label: ClassVar[str] = "Stop unit"
    repeatable: ClassVar[bool] = True


class UnitRestart(_OneUnit):
    """`systemctl --user restart`, waited for."""

    kind: ClassVar[str] = "unit.restart"
    label: ClassVar[str] = "Restart unit"
    lane: ClassVar[Lane] = Lane.SLOW


class UnitEnable(_OneUnit):
    """`systemctl --user enable`: start it at boot.

    A Quadlet's unit cannot be enabled: its file gets an [Install] section instead (WantedBy=
    default.target), and the result says so.
    """

    kind: ClassVar[str] = "unit.enable"
    label: ClassVar[str] = "Start at boot"
    repeatable: ClassVar[bool] = True


class UnitDisable(_OneUnit):
    """`systemctl --user disable`: do not start it at boot. Of a Quadlet, [Install] is removed."""

    kind: ClassVar[str] = "unit.disable"
    label: ClassVar[str] = "Do not start at boot"
    repeatable: ClassVar[bool] = True


class UnitResetFailed(_OneUnit):
    """`systemctl --user reset-failed`: forget its failure, so that it may be started again."""

    kind: ClassVar[str] = "unit.reset-failed"
    label: ClassVar[str] = "Forget failure"
    repeatable: ClassVar[bool] = True


class NotCarriedOver(Model):
    """An option of a container that its new unit does not have, and why."""

    option: str
    reason: str


class ContainerKept(Result):
    """The unit that keeps a container running now."""

    unit: str
    style: str
    files: list[str] = []
    """Below ~/.config."""
    container: str
    """The container's name; it is a new one, made by the unit (classic: the same one)."""
    not_carried_over: list[NotCarriedOver] = []
    anonymous_volumes: list[str] = []
    """Volumes without a name that the old container had (classic: none are in the way)."""
    named_volumes: list[str] = []
    """What their data was copied into, in the same order: the new container mounts these."""
    starts_at_boot: bool = False
    """False when lingering is off (a warning then says so)."""


class ContainerAutostart(Parameters):
    """Keep a container running, also after a reboot: make a unit for it and start that.

    The unit's own container takes the place of the one that was made by hand (all styles but
    classic); when it does not come up, the old one is put back and started, and the files go.
    """

    kind: ClassVar[str] = "container.autostart"
    label: ClassVar[str] = "Keep running"
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    result: ClassVar[type[Result]] = ContainerKept

    container: ContainerName
    style: GeneratedStyle | None = None
    """None: quadlet where Podman can (4.4 and later), else generate-new."""

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
    """Make the same container's unit anew in another style; the old files are kept as versions."""

    kind: ClassVar[str] = "unit.convert"
    label: ClassVar[str] = "Convert unit"
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
    """What `podman auto-update` says of one container."""

    unit: str
    container: str
    image: str
    policy: str
    updated: str
    """Podman's word: true, false, pending, failed, rolled back."""


class AutoUpdateResult(Result):
    """What became of each container that has a policy."""

    containers: list[AutoUpdated] = []


class AutoUpdateRun(Parameters):
    """`podman auto-update`: newer images for containers labelled io.containers.autoupdate.

    Their units are restarted; one that then does not start goes back to the image that it had.
    """

    kind: ClassVar[str] = "autoupdate.run"
    label: ClassVar[str] = "Update now"
    repeatable: ClassVar[bool] = True
    stoppable: ClassVar[bool] = True
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
    """Enable and start podman-auto-update.timer: `autoupdate.run` once a day."""

    kind: ClassVar[str] = "autoupdate.enable"
    label: ClassVar[str] = "Update every day"
    repeatable: ClassVar[bool] = True

    def command(self) -> list[str]:
        return ["systemctl", "--user", "enable", "--now", "podman-auto-update.timer"]


class AutoUpdateDisable(_Session):
    """Stop and disable podman-auto-update.timer."""

    kind: ClassVar[str] = "autoupdate.disable"
    label: ClassVar[str] = "Do not update by itself"
    repeatable: ClassVar[bool] = True

    def command(self) -> list[str]:
        return ["systemctl", "--user", "disable", "--now", "podman-auto-update.timer"]


class LingerEnable(_Session):
    """`loginctl enable-linger`: the account's units start at boot, and go on after a logout."""

    kind: ClassVar[str] = "linger.enable"
    label: ClassVar[str] = "Turn lingering on"
    repeatable: ClassVar[bool] = True

    def command(self) -> list[str]:
        return ["loginctl", "enable-linger"]


class LingerDisable(_Session):
    """`loginctl disable-linger`: its units end with its last login, Berth's engine with them."""

    kind: ClassVar[str] = "linger.disable"
    label: ClassVar[str] = "Turn lingering off"
    destructive: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True

    def command(self) -> list[str]:
        return ["loginctl", "disable-linger"]
