"""The means by which a kube YAML's values become demands."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from engine.policy import requests as r
from engine.policy.kube.plain_yaml import Value
from engine.policy.rules import Namespace

FIELD = "text"


@dataclass
class Read:
    """The demands so far, and what is counted over the whole file."""

    requests: list[r.Request] = field(default_factory=list)
    count: int = 0
    pods: list[str] = field(default_factory=list)
    replicas: int = 1

    def raw(self, what: str) -> None:
        """Demand raw unit files for it."""
        self.requests.append(r.Raw(description=f"{what[:200]} in kube YAML", field=FIELD))

    def option(self, description: str) -> None:
        """Demand what `--security-opt` would."""
        self.requests.append(r.SecurityOption(description=description, field=FIELD))

    def namespace(self, kind: Namespace, description: str) -> None:
        """Demand one of the host's namespaces."""
        self.requests.append(r.Namespace(kind=kind, description=description, field=FIELD))


Take = Callable[[Read, str, Value], object]
Table = Mapping[str, Take]


def take(read: Read, where: str, value: Value, table: Table) -> None:
    """Let each key of a mapping be taken by its function."""
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
    """The mappings of a sequence."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            yield each
        else:
            read.raw(where)


def anything(read: Read, where: str, value: Value) -> None:
    """Nothing in it reaches beyond the container, whatever it is."""


def true(read: Read, where: str, value: Value) -> bool:
    """Whether a switch is on; raw for what is neither on nor off."""
    if value not in ("true", "false"):
        read.raw(where)
    return value == "true"


def line(read: Read, where: str, value: Value) -> str:
    """A value on one line; "" (and raw) for another."""
    if isinstance(value, str) and value.isprintable() and value == value.strip():
        return value
    read.raw(where)
    return ""
