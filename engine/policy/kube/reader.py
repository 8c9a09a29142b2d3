"""Helpers that turn the values of a Kubernetes YAML file into requests."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from engine.policy import requests as r
from engine.policy.kube.plain_yaml import Value
from engine.policy.rules import Namespace
from engine.schema.messages import msg

FIELD = "text"


@dataclass
class Read:
    """The requests so far, and the counts for the whole file."""

    requests: list[r.Request] = field(default_factory=list)
    count: int = 0
    pods: list[str] = field(default_factory=list)
    replicas: int = 1

    def raw(self, what: str) -> None:
        """Request raw unit files because of `what`."""
        self.requests.append(
            r.Raw(description=msg("%(what)s in kube YAML", what=what[:200]), field=FIELD)
        )

    def option(self, description: str) -> None:
        """Request what `--security-opt` would."""
        self.requests.append(r.SecurityOption(description=description, field=FIELD))

    def namespace(self, kind: Namespace, description: str) -> None:
        """Request one of the host's namespaces."""
        self.requests.append(r.Namespace(kind=kind, description=description, field=FIELD))


Take = Callable[[Read, str, Value], object]
Table = Mapping[str, Take]


def take(read: Read, where: str, value: Value, table: Table) -> None:
    """Read each key of a mapping with its function."""
    if value is None:
        return
    if not isinstance(value, dict):
        read.raw(where)
        return
    for key, each in value.items():
        place = f"{where}.{key[:60]}"
        if key not in table:
            read.raw(place)
        elif each is not None:
            table[key](read, place, each)


def each_of(read: Read, where: str, value: Value) -> Iterator[dict[str, Value]]:
    """Yield the mappings of a sequence."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            yield each
        else:
            read.raw(where)


def anything(read: Read, where: str, value: Value) -> None:
    """Accept any value: it has no effect outside of the container."""


def true(read: Read, where: str, value: Value) -> bool:
    """Return whether a switch is on. Any other value is raw."""
    if value not in ("true", "false"):
        read.raw(where)
    return value == "true"


def line(read: Read, where: str, value: Value) -> str:
    """Return a value on one line, or "" (and raw) for anything else."""
    if isinstance(value, str) and value.isprintable() and value == value.strip():
        return value
    read.raw(where)
    return ""
