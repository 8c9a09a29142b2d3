"""What an operation wants that a policy may have something to say about. One class, one matter.

`field` is where the wish stands in the operation's parameters, for the form that shows the refusal.
"""

from dataclasses import dataclass
from typing import Literal

from engine.policy.rules import Namespace as Kind


@dataclass(frozen=True, kw_only=True)
class Demand:
    """The base of all."""

    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Image(Demand):
    """Content from an image. `known`: names of the image that an id stands for, if looked up."""

    name: str
    use: Literal["content", "name"] = "content"
    """name: only that the account calls something so; then no digest is asked for."""
    known: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Archive(Demand):
    """Images under names that only their archive knows."""


@dataclass(frozen=True, kw_only=True)
class Registry(Demand):
    """A registry (or registry/path) to be used in some way other than running its images.

    `leads`: images called otherwise would come from there.
    """

    name: str
    leads: bool = False


@dataclass(frozen=True, kw_only=True)
class Privileged(Demand):
    """All that a container may be given at once."""

    said: str


@dataclass(frozen=True, kw_only=True)
class Capability(Demand):
    """A capability beyond Podman's default ones; `all` for every one."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Device(Demand):
    """A device of the host."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Namespace(Demand):
    """A namespace that is not the container's own."""

    kind: Kind
    said: str


@dataclass(frozen=True, kw_only=True)
class SecurityOption(Demand):
    """As after `--security-opt`."""

    said: str


@dataclass(frozen=True, kw_only=True)
class Bind(Demand):
    """A path of the host. `resolved`: without links, as the engine found it a moment ago.

    `opens`: the place of the account's own, if any, that the path would lay open.
    """

    source: str
    read_only: bool = False
    resolved: str | None = None
    opens: str = ""


@dataclass(frozen=True, kw_only=True)
class Port(Demand):
    """Ports of the host, first to last; None: Podman chooses."""

    first: int | None
    last: int = 0


@dataclass(frozen=True, kw_only=True)
class Limits(Demand):
    """The limits of one container; None where there is none."""

    memory: int | None = None
    cpus: float | None = None
    pids: int | None = None


@dataclass(frozen=True, kw_only=True)
class OneMore(Demand):
    """One more container, or `count` of them.

    `present`: how many there are, None where nobody has counted. `pods`: those that are made anew,
    whose containers do not count as present.
    """

    count: int = 1
    pods: tuple[str, ...] = ()
    present: int | None = None


@dataclass(frozen=True, kw_only=True)
class Space(Demand):
    """More of the disk. `used`: bytes, None where nobody has measured."""

    used: int | None = None


@dataclass(frozen=True, kw_only=True)
class Terminal(Demand):
    """A terminal in a container. `recorded`: the console keeps what it shows."""

    recorded: bool = False


@dataclass(frozen=True, kw_only=True)
class Build(Demand):
    """An image of one's own."""


@dataclass(frozen=True, kw_only=True)
class KubeFile(Demand):
    """All that a YAML file of the account's asks for, which only the engine can read."""

    file: str


@dataclass(frozen=True, kw_only=True)
class Raw(Demand):
    """Something that cannot be judged by its parts: `said` is what."""

    said: str
