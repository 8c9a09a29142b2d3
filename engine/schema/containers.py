"""Operations on containers: their parameters and results."""

import json
import re
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from engine.schema.messages import msg
from engine.schema.parameters import (
    ContainerName,
    Environment,
    ImageReference,
    Lane,
    Line,
    Model,
    Parameters,
    Result,
    Text,
)

MIB = 1024 * 1024
OPERATION_LABEL = "berth.operation"
"""The label of every container that an operation creates. Its value is the operation's id."""
# In upper or lower case, as on the command line.
Signal = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+-]{1,15}$", to_upper=True)]
PortNumber = Annotated[int, Field(ge=1, le=65535)]
# Podman also accepts Go durations such as 1ms; users only need whole seconds.
Seconds = Annotated[int, Field(ge=0, le=86_400)]


class Port(Model):
    """One `--publish`: a container port reachable on the host (host port None: any free port)."""

    container_port: PortNumber
    host_port: PortNumber | None = None
    host_ip: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F.:]*$", max_length=45)] = ""
    protocol: Literal["tcp", "udp", "sctp"] = "tcp"
    length: Annotated[int, Field(ge=1, le=1024)] = 1
    """The number of consecutive ports, on both sides."""

    @model_validator(mode="after")
    def _in_range(self) -> "Port":
        for first in (self.container_port, self.host_port or 1):
            if first + self.length - 1 > 65535:
                raise ValueError(msg("the range ends above port 65535"))
        return self

    def spell(self) -> str:
        """Return the value of `--publish`."""

        def span(first: int) -> str:
            return f"{first}-{first + self.length - 1}" if self.length > 1 else str(first)

        host = f"[{self.host_ip}]" if ":" in self.host_ip else self.host_ip
        left = span(self.host_port) if self.host_port else ""
        prefix = f"{host}:{left}:" if host else (f"{left}:" if left else "")
        suffix = "" if self.protocol == "tcp" else f"/{self.protocol}"
        return f"{prefix}{span(self.container_port)}{suffix}"


class Volume(Model):
    """One `--volume`: a host path or a named volume ("" for an anonymous one), and its target."""

    source: Annotated[str, StringConstraints(pattern=r"^[^:\x00-\x1f\x7f]*$", max_length=4096)] = ""
    target: Annotated[str, StringConstraints(pattern=r"^/[^:\x00-\x1f\x7f]*$", max_length=4096)]
    read_only: bool = False
    selinux: Literal["", "z", "Z"] = ""
    """z: a label shared between containers; Z: a label private to this container."""
    chown: bool = False
    """`:U`: change the owner of the source to the container's user."""

    @field_validator("source")
    @classmethod
    def _source(cls, value: str) -> str:
        if value and not re.fullmatch(r"/.*|[a-zA-Z0-9][a-zA-Z0-9_.-]*", value):
            raise ValueError(msg("an absolute path, or the name of a volume"))
        return value

    def options(self) -> list[str]:
        """Return the third part of `--volume`, in Podman's spelling."""
        return (
            (["ro"] if self.read_only else [])
            + ([self.selinux] if self.selinux else [])
            + (["U"] if self.chown else [])
        )

    def spell(self) -> str:
        """Return the value of `--volume`."""
        parts = [self.source, self.target] if self.source else [self.target]
        return ":".join([*parts, ",".join(self.options())] if self.options() else parts)


class HealthCheck(Model):
    """How Podman checks whether the container's service works."""

    command: Annotated[Text, StringConstraints(min_length=1)]
    """Runs as `/bin/sh -c` in the container."""
    interval: Seconds = 30
    timeout: Annotated[int, Field(ge=1, le=86_400)] = 30
    retries: Annotated[int, Field(ge=1, le=1000)] = 3
    start_period: Seconds = 0

    def spell_command(self) -> str:
        """Return the value of `--health-cmd`, in which some first words have a special meaning."""
        first = self.command.partition(" ")[0].upper()
        is_special = first in ("NONE", "CMD", "CMD-SHELL") or self.command.lstrip().startswith("[")
        return " ".join(["CMD-SHELL", self.command] if is_special else [self.command])


class ContainerStarted(Result):
    """The container that was created (and started)."""

    id: str
    name: str
    ports: list[Port] = []


class ContainerRun(Parameters):
    """`podman run -d`: create a container and start it."""

    kind: ClassVar[str] = "container.run"
    label: ClassVar[str] = msg("Launch container")
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.QUICK
    result: ClassVar[type[Result]] = ContainerStarted

    image: ImageReference
    name: ContainerName | None = None
    command_line: Annotated[list[Text], Field(max_length=1000)] = []
    """The arguments after the image."""
    entrypoint: Annotated[list[Text], Field(max_length=100)] | None = None
    """None: the image's entry point; []: no entry point."""
    environment: Environment = {}
    ports: Annotated[list[Port], Field(max_length=200)] = []
    volumes: Annotated[list[Volume], Field(max_length=200)] = []
    user: Annotated[Line, StringConstraints(pattern=r"^[a-zA-Z0-9_.:-]*$")] = ""
    workdir: Annotated[Line, StringConstraints(pattern=r"^(/.*)?$")] = ""
    hostname: Annotated[
        str, StringConstraints(pattern=r"^([a-zA-Z0-9][a-zA-Z0-9.-]*)?$", max_length=253)
    ] = ""
    labels: dict[Line, Text] = {}
    network: Annotated[str, StringConstraints(pattern=r"^([a-zA-Z0-9][a-zA-Z0-9_.:=,-]*)?$")] = ""
    """"" for Podman's default; none, host, slirp4netns, pasta, or a network's name."""
    memory: Annotated[int, Field(ge=4 * MIB, le=2**63 - 1)] | None = None
    """Bytes."""
    cpus: Annotated[float, Field(gt=0, le=1024)] | None = None
    pids: Annotated[int, Field(ge=1, le=4_194_304)] | None = None
    restart: Literal["no", "on-failure", "always", "unless-stopped"] = "no"
    restart_tries: Annotated[int, Field(ge=0, le=1000)] = 0
    """With on-failure: stop after this many attempts; 0 for no limit."""
    health: HealthCheck | None = None
    pull: Literal["missing", "always", "never", "newer"] = "missing"
    remove: bool = False
    """`--rm`: remove the container when it exits."""
    read_only: bool = False
    init: bool = False
    tty: bool = False
    interactive: bool = False
    stop_signal: Signal | None = None
    stop_timeout: Seconds | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "ContainerRun":
        if self.remove and self.restart not in ("no", "on-failure"):
            raise ValueError(
                msg("a container that is removed when it ends cannot also be restarted")
            )
        taken: set[tuple[str, str, int]] = set()
        for port in self.ports:
            if port.host_port is None:
                continue
            for offset in range(port.length):
                key = (port.host_ip, port.protocol, port.host_port + offset)
                if key in taken:
                    raise ValueError(msg("host port %(key)s is used twice", key=key[2]))
                taken.add(key)
        targets = [volume.target for volume in self.volumes]
        if len(targets) != len(set(targets)):
            raise ValueError(msg("two volumes have the same place in the container"))
        return self

    def target(self) -> str:
        return self.name or ""

    def command(self) -> list[str]:
        return self._argv(self.model_dump(mode="json")["environment"])

    def command_in_full(self) -> list[str]:
        """Return the command with its secrets, for Podman's own record only.

        `podman generate systemd` reads that record.
        """
        return self._argv(self.environment)

    def _argv(self, environment: dict[str, str]) -> list[str]:
        argv = ["podman", "run", "-d"]
        options: list[tuple[str, str | None]] = [
            ("--name", self.name),
            ("--pull", self.pull if self.pull != "missing" else None),
            ("--hostname", self.hostname or None),
            ("--user", self.user or None),
            ("--workdir", self.workdir or None),
            ("--network", self.network or None),
            ("--memory", f"{self.memory}b" if self.memory else None),
            ("--cpus", f"{self.cpus:g}" if self.cpus else None),
            ("--pids-limit", str(self.pids) if self.pids else None),
            ("--restart", self._restart()),
            ("--stop-signal", self.stop_signal),
            ("--stop-timeout", str(self.stop_timeout) if self.stop_timeout is not None else None),
        ]
        for option, value in options:
            if value is not None:
                argv += [option, value]
        flags = {
            "--rm": self.remove,
            "--read-only": self.read_only,
            "--init": self.init,
            "--tty": self.tty,
            "--interactive": self.interactive,
        }
        argv += [flag for flag, on in flags.items() if on]
        for port in self.ports:
            argv += ["--publish", port.spell()]
        for volume in self.volumes:
            argv += ["--volume", volume.spell()]
        for name, value in environment.items():
            argv += ["--env", f"{name}={value}"]
        for name, value in self.labels.items():
            argv += ["--label", f"{name}={value}"]
        if self.health:
            argv += [
                f"--health-cmd={self.health.spell_command()}",
                f"--health-interval={self.health.interval}s",
                f"--health-timeout={self.health.timeout}s",
                f"--health-retries={self.health.retries}",
                f"--health-start-period={self.health.start_period}s",
            ]
        if self.entrypoint is not None:
            argv += ["--entrypoint", json.dumps(self.entrypoint) if self.entrypoint else ""]
        return [*argv, "--", self.image, *self.command_line]

    def _restart(self) -> str | None:
        if self.restart == "no":
            return None
        tries = self.restart == "on-failure" and self.restart_tries
        return f"{self.restart}:{self.restart_tries}" if tries else self.restart


class ContainerReplace(ContainerRun):
    """`podman run -d --replace`: a new container in place of the existing one of that name.

    Named volumes stay. If the new container cannot start, the old one is restored.
    """

    kind: ClassVar[str] = "container.replace"
    label: ClassVar[str] = msg("Relaunch container")
    destructive: ClassVar[bool] = True

    name: Annotated[ContainerName, StringConstraints(max_length=200)]

    def _argv(self, environment: dict[str, str]) -> list[str]:
        return [*(argv := super()._argv(environment))[:3], "--replace", *argv[3:]]


class _OneContainer(Parameters):
    container: ContainerName

    def target(self) -> str:
        return self.container

    def _verb(self) -> list[str]:
        return ["podman", self.kind.split(".")[1]]

    def command(self) -> list[str]:
        return [*self._verb(), "--", self.container]


class ContainerStart(_OneContainer):
    """`podman start`."""

    kind: ClassVar[str] = "container.start"
    label: ClassVar[str] = msg("Start")
    harmless: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True


class ContainerStop(_OneContainer):
    """`podman stop`: send the stop signal, then SIGKILL after `timeout` seconds (None: its own)."""

    kind: ClassVar[str] = "container.stop"
    label: ClassVar[str] = msg("Stop")
    harmless: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True

    timeout: Annotated[int, Field(ge=0, le=3600)] | None = None

    def command(self) -> list[str]:
        timeout = ["--time", str(self.timeout)] if self.timeout is not None else []
        return ["podman", "stop", *timeout, "--", self.container]


class ContainerRestart(_OneContainer):
    """`podman restart`."""

    kind: ClassVar[str] = "container.restart"
    label: ClassVar[str] = msg("Restart")
    harmless: ClassVar[bool] = True

    timeout: Annotated[int, Field(ge=0, le=3600)] | None = None

    def command(self) -> list[str]:
        timeout = ["--time", str(self.timeout)] if self.timeout is not None else []
        return ["podman", "restart", *timeout, "--", self.container]


class ContainerKill(_OneContainer):
    """`podman kill`: send one signal immediately."""

    kind: ClassVar[str] = "container.kill"
    label: ClassVar[str] = msg("Kill")
    harmless: ClassVar[bool] = True
    destructive: ClassVar[bool] = True
    urgent: ClassVar[bool] = True

    signal: Signal = "SIGKILL"

    def command(self) -> list[str]:
        return ["podman", "kill", "--signal", self.signal, "--", self.container]


class ContainerPause(_OneContainer):
    """`podman pause`."""

    kind: ClassVar[str] = "container.pause"
    label: ClassVar[str] = msg("Pause")
    harmless: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True


class ContainerUnpause(_OneContainer):
    """`podman unpause`."""

    kind: ClassVar[str] = "container.unpause"
    label: ClassVar[str] = msg("Resume")
    harmless: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True


class ContainerRename(_OneContainer):
    """`podman rename`."""

    kind: ClassVar[str] = "container.rename"
    label: ClassVar[str] = msg("Rename")
    harmless: ClassVar[bool] = True

    name: ContainerName

    def command(self) -> list[str]:
        return ["podman", "rename", "--", self.container, self.name]


class ContainerRemove(_OneContainer):
    """`podman rm`."""

    kind: ClassVar[str] = "container.remove"
    label: ClassVar[str] = msg("Remove")
    harmless: ClassVar[bool] = True
    destructive: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True

    force: bool = False
    """Remove it even if it is running (Podman stops it first)."""
    volumes: bool = False
    """Also remove its anonymous volumes."""

    def command(self) -> list[str]:
        flags = (["--force"] if self.force else []) + (["--volumes"] if self.volumes else [])
        return ["podman", "rm", *flags, "--", self.container]


class Pruned(Result):
    """The objects that a prune removed, and the bytes it freed."""

    removed: list[str] = []
    bytes_reclaimed: int = 0


class ContainerPrune(Parameters):
    """`podman container prune`: remove every container that is not running."""

    kind: ClassVar[str] = "container.prune"
    label: ClassVar[str] = msg("Remove stopped containers")
    harmless: ClassVar[bool] = True
    destructive: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    result: ClassVar[type[Result]] = Pruned

    def target(self) -> str:
        return ""

    def command(self) -> list[str]:
        return ["podman", "container", "prune", "--force"]


class ContainerCommitted(Result):
    """The image that was created."""

    image_id: str


class ContainerCommit(_OneContainer):
    """`podman commit`: create an image from a container's current file system."""

    kind: ClassVar[str] = "container.commit"
    label: ClassVar[str] = msg("Commit to image")
    lane: ClassVar[Lane] = Lane.SLOW
    result: ClassVar[type[Result]] = ContainerCommitted

    image: ImageReference
    message: Line = ""
    author: Line = ""
    pause: bool = False
    """The default of the command line. Not every host can pause a rootless container."""

    def command(self) -> list[str]:
        argv = ["podman", "commit"]
        argv += ["--message", self.message, "--format", "docker"] if self.message else []
        argv += ["--author", self.author] if self.author else []
        argv += ["--pause"] if self.pause else []
        return [*argv, "--", self.container, self.image]
