"""What an operation requests and a policy may limit. Each class is one subject.

`field` is its path in the operation's parameters, so that the form can show the violation there.
"""

from dataclasses import dataclass
from typing import Literal

from engine.policy.rules import Namespace as Kind


@dataclass(frozen=True, kw_only=True)
class Request:
    """The base class of all requests."""

    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Image(Request):
    """Content of an image. `known`: the names of the image behind an id, if looked up."""

    name: str
    use: Literal["content", "name"] = "content"
    """name: the account only uses it as a name; no digest is required then."""
    known: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Archive(Request):
    """Images whose names are only in their archive."""


@dataclass(frozen=True, kw_only=True)
class Registry(Request):
    """The use of a registry (or registry/path) other than running its images.

    `leads`: images of other names would come from there.
    """

    name: str
    leads: bool = False


@dataclass(frozen=True, kw_only=True)
class Privileged(Request):
    """All privileges of a container at once."""

    description: str


@dataclass(frozen=True, kw_only=True)
class Capability(Request):
    """A capability beyond Podman's defaults; `all` for every one."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Device(Request):
    """A host device."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Namespace(Request):
    """A namespace that the container shares."""

    kind: Kind
    description: str


@dataclass(frozen=True, kw_only=True)
class SecurityOption(Request):
    """A value of `--security-opt`."""

    description: str


@dataclass(frozen=True, kw_only=True)
class Bind(Request):
    """A host path. `resolved`: without links, as the engine just found it.

    `opens`: the account's own place, if any, that the path would expose.
    """

    source: str
    read_only: bool = False
    resolved: str | None = None
    opens: str = ""


@dataclass(frozen=True, kw_only=True)
class Port(Request):
    """Host ports from first to last; None: Podman chooses."""

    first: int | None
    last: int = 0


@dataclass(frozen=True, kw_only=True)
class Limits(Request):
    """The limits of one container; None if it has no limit."""

    memory: int | None = None
    cpus: float | None = None
    pids: int | None = None


@dataclass(frozen=True, kw_only=True)
class OneMore(Request):
    """One more container, or `count` of them.

    `present`: the number of existing ones, None if nobody has counted. `pods`: pods that are
    created anew, whose containers do not count as present.
    """

    count: int = 1
    pods: tuple[str, ...] = ()
    present: int | None = None


@dataclass(frozen=True, kw_only=True)
class Space(Request):
    """More disk space. `used`: bytes, None if nobody has measured."""

    used: int | None = None


@dataclass(frozen=True, kw_only=True)
class Terminal(Request):
    """A terminal in a container. `recorded`: the console records its output."""

    recorded: bool = False


@dataclass(frozen=True, kw_only=True)
class Build(Request):
    """An image built by the account."""


@dataclass(frozen=True, kw_only=True)
class KubeFile(Request):
    """Everything that one of the account's YAML files requests. Only the engine can read it."""

    file: str


@dataclass(frozen=True, kw_only=True)
class Raw(Request):
    """Something that cannot be evaluated in parts, named by `description`."""

    description: str
