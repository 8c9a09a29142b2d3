"""A policy as written in TOML. What it does not mention is allowed, except raw units."""

import re
import tomllib
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from engine.schema.kinds import KINDS
from engine.schema.messages import joined, msg
from engine.schema.parameters import Model
from engine.schema.run_line import size


def _bytes(value: Any) -> Any:
    return size(value) if isinstance(value, str) else value


def _absolute(path: str) -> str:
    parts = PurePosixPath(path)
    if not parts.is_absolute() or ".." in parts.parts:
        raise ValueError(msg("must be an absolute path without `..`"))
    return str(parts)


def _range(text: str) -> str:
    found = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text)
    if not found or not 1 <= int(found[1]) <= int(found[2] or found[1]) <= 65535:
        raise ValueError(msg("must be a port or a range such as 8000-8999"))
    return text


def _terminals(value: Any) -> Any:
    if not isinstance(value, bool) and value != "recorded":
        raise ValueError(msg('must be true, false or "recorded"'))
    return value


def _span(value: Any) -> Any:
    found = re.fullmatch(r"(\d{1,6})\s*([mhd])", value) if isinstance(value, str) else None
    if not found:
        raise ValueError(msg("must be a time such as 30m, 24h or 7d"))
    return timedelta(minutes=int(found[1]) * {"m": 1, "h": 60, "d": 1440}[found[2]])


def _of_kinds(pattern: str) -> str:
    if not any(fnmatchcase(kind, pattern) for kind in KINDS):
        raise ValueError(msg("no kind of operation is called %(pattern)s", pattern=pattern))
    return pattern


Bytes = Annotated[int, BeforeValidator(_bytes), Field(ge=1)]
"""A number, or a size such as `512m` or `2g`."""
Folder = Annotated[str, StringConstraints(max_length=4096), AfterValidator(_absolute)]
Range = Annotated[str, AfterValidator(_range)]
Glob = Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^[^\x00-\x20]+$")]
Namespace = Literal["network", "pid", "ipc", "user", "uts", "cgroup"]
Terminals = Annotated[bool | Literal["recorded"], BeforeValidator(_terminals)]
"""Allowed, allowed while recorded, or forbidden."""


class Images(Model):
    """Where images may come from, and what their names may be."""

    registries: list[Glob] | None = None
    """Hosts, with their port if they have one; `localhost` for local images."""
    patterns: list[Glob] | None = None
    """registry/path, optionally with `:tag`; * matches anything."""
    by_digest: bool = False
    """Only name@sha256:…."""
    archives: bool = False
    """If one of the above is set: whether archives may bring images with other names."""

    def limited(self) -> bool:
        """Return whether any rule limits images."""
        return self.registries is not None or self.patterns is not None or self.by_digest


class Binds(Model):
    """Host paths that containers may see, after resolving symbolic links."""

    roots: list[Folder] = []
    read_only: list[Folder] = []


class Ports(Model):
    """Host ports that may be published."""

    ranges: list[Range] = []
    random: bool = False
    """A port that Podman chooses."""

    def allows(self, first: int, last: int) -> bool:
        """Return whether one of the ranges contains all of first..last."""
        spans = [each.partition("-") for each in self.ranges]
        return any(int(low) <= first and last <= int(high or low) for low, _, high in spans)


class MemoryLimit(Model):
    """A container's memory."""

    required: bool = False
    most: Bytes | None = None


class CpusLimit(Model):
    """A container's processors."""

    required: bool = False
    most: Annotated[float, Field(gt=0)] | None = None


class PidsLimit(Model):
    """A container's processes."""

    required: bool = False
    most: Annotated[int, Field(ge=1)] | None = None


class Disk(Model):
    """The disk space of the account's images, containers, and volumes."""

    warn: Bytes | None = None
    most: Bytes | None = None


class Policy(Model):
    """One policy. Each of several (host, account, groups) is evaluated, so the strictest wins."""

    images: Images = Images()
    privileged: bool = True
    capabilities: list[Glob] | None = None
    """Capabilities that may be added, such as NET_BIND_SERVICE."""
    devices: list[Glob] | None = None
    namespaces: list[Namespace] | None = None
    """Host namespaces that containers may share."""
    security_opt: list[Glob] | None = None
    """Such as `label=disable` or `seccomp=*`."""
    binds: Binds | None = None
    ports: Ports | None = None
    memory: MemoryLimit = MemoryLimit()
    cpus: CpusLimit = CpusLimit()
    pids: PidsLimit = PidsLimit()
    containers: Annotated[int, Field(ge=0)] | None = None
    """The maximum number of the account's containers."""
    disk: Disk = Disk()
    terminal: Terminals = True
    builds: bool = True
    """Builds, and commits of containers."""
    raw_quadlets: bool = False
    """Unit files with any content: they could do everything that the other rules forbid."""


class Approval(Policy):
    """The same rules again: what exceeds these waits for approval."""

    raw_quadlets: bool = True
    kinds: list[Annotated[Glob, AfterValidator(_of_kinds)]] = []
    """Kinds of operations that always wait, such as `container.remove` and `unit.*`."""
    approvers: list[Annotated[str, StringConstraints(min_length=1, max_length=150)]] = []
    """Groups of users. None: the owners of the account."""
    expires_after: Annotated[
        timedelta,
        BeforeValidator(_span),
        Field(ge=timedelta(minutes=1), le=timedelta(days=90)),
    ] = timedelta(hours=24)

    @model_validator(mode="after")
    def _can_require_approval(self) -> Self:
        """Refuse rules that the console cannot evaluate before it waits."""
        if self.terminal is not True:
            raise ValueError(
                msg("a terminal is opened at once and cannot wait: forbid it or allow it")
            )
        if self.disk != Disk():
            raise ValueError(
                msg("only the engine measures the disk, and it cannot ask: no disk here")
            )
        return self


class ApprovalPolicy(Policy):
    """A policy in the console, which knows users and can ask for their approval."""

    approval: Approval | None = None


class HostPolicy(Policy):
    """The host's file: rules for all accounts, and additional ones for single accounts."""

    accounts: dict[Annotated[str, StringConstraints(max_length=100)], Policy] = {}


class Unreadable(ValueError):
    """Raised for a text that is not a valid policy. The message says where and why."""


_Any = TypeVar("_Any", bound=Policy)


def read(text: str) -> ApprovalPolicy:
    """Parse a policy. Raises Unreadable."""
    return _read(text, ApprovalPolicy)


def read_host(text: str) -> HostPolicy:
    """Parse the host's policy. Raises Unreadable."""
    return _read(text, HostPolicy)


def _read(text: str, model: type[_Any]) -> _Any:
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(msg("This is not TOML: %(error)s.", error=error)) from error
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        raise Unreadable(joined(map(_described, faults[:5]), "; ")) from error


def _words(fault: Any) -> str:
    if fault["type"] == "extra_forbidden" and fault["loc"][-1] == "approval":
        return msg("only policies that are kept in the console can ask for approval")
    if fault["type"] == "extra_forbidden":
        return msg("there is no such rule")
    if fault["type"] == "value_error":
        return str(fault["ctx"]["error"])
    return str(fault["msg"])


def _described(fault: Any) -> str:
    place = ".".join(map(str, fault["loc"]))
    return msg("%(place)s: %(why)s", place=place, why=_words(fault))
