"""What an operation requests that a policy may limit. One class, one matter.

`field` is where it stands in the operation's parameters, for the form that shows the violation.
"""

from dataclasses import dataclass
from typing import Literal

from engine.policy.rules import Namespace as Kind


@dataclass(frozen=True, kw_only=True)
class Request:
    """The base of all."""

    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Image(Request):
    """Content from an image. `known`: names of the image that an id stands for, if looked up."""

    name: str
    use: Literal["content", "name"] = "content"
    """name: only that the account calls something so; then no digest is asked for."""
    known: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Archive(Request):
    """Images under names that only their archive knows."""


@dataclass(frozen=True, kw_only=True)
class Registry(Request):
    """A registry (or registry/path) to be used in some way other than running its images.

    `leads`: images called otherwise would come from there.
    """

    name: str
    leads: bool = False


@dataclass(frozen=True, kw_only=True)
class Privileged(Request):
    """All that a container may be given at once."""

    description: str


@dataclass(frozen=True, kw_only=True)
class Capability(Request):
    """A capability beyond Podman's default ones; `all` for every one."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Device(Request):
    """A device of the host."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Namespace(Request):
    """A namespace that is not the container's own."""

    kind: Kind
    description: str


@dataclass(frozen=True, kw_only=True)
class SecurityOption(Request):
    """As after `--security-opt`."""

    description: str


@dataclass(frozen=True, kw_only=True)
class Bind(Request):
    """A path of the host. `resolved`: without links, as the engine found it a moment ago.

    `opens`: the place of the account's own, if any, that the path would lay open.
    """

    source: str
    read_only: bool = False
    resolved: str | None = None
    opens: str = ""


@dataclass(frozen=True, kw_only=True)
class Port(Request):
    """Ports of the host, first to last; None: Podman chooses."""

    first: int | None
    last: int = 0


@dataclass(frozen=True, kw_only=True)
class Limits(Request):
    """The limits of one container; None where there is none."""

    memory: int | None = None
    cpus: float | None = None
    pids: int | None = None


@dataclass(frozen=True, kw_only=True)
class OneMore(Request):
    """One more container, or `count` of them.

    `present`: how many there are, None where nobody has counted. `pods`: those that are made anew,
    whose containers do not count as present.
    """

    count: int = 1
    pods: tuple[str, ...] = ()
    present: int | None = None


@dataclass(frozen=True, kw_only=True)
class Space(Request):
    """More of the disk. `used`: bytes, None where nobody has measured."""

    used: int | None = None


@dataclass(frozen=True, kw_only=True)
class Terminal(Request):
    """A terminal in a container. `recorded`: the console keeps what it shows."""

    recorded: bool = False


@dataclass(frozen=True, kw_only=True)
class Build(Request):
    """An image of one's own."""


@dataclass(frozen=True, kw_only=True)
class KubeFile(Request):
    """All that a YAML file of the account's asks for, which only the engine can read."""

    file: str


@dataclass(frozen=True, kw_only=True)
class Raw(Request):
    """Something that cannot be evaluated by its parts: `description` is what."""

    description: str
