"""Demands held against a policy. Every refusal names its rule, and says what would be allowed."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from engine.policy import image_names
from engine.policy import requests as d
from engine.policy.rules import Policy

_EVERYBODYS = ("/run/user", "/run/berth", "/var/run", "/proc", "/sys", "/dev")


@dataclass(frozen=True)
class Refusal:
    """One demand that one rule does not allow. `rule` is its place in the policy's text."""

    rule: str
    message: str
    field: str = ""

    def __str__(self) -> str:
        return f"{self.message} (rule {self.rule})"


def judge(policy: Policy, demands: Iterable[d.Demand]) -> list[Refusal]:
    """What `policy` refuses of `demands`."""
    return [
        Refusal(rule, message, demand.field)
        for demand in demands
        for rule, message in _JUDGES[type(demand)](policy, demand)
    ]


Found = Iterator[tuple[str, str]]


def _image(policy: Policy, demand: d.Image) -> Found:
    if image_names.is_elsewhere(demand.name) and (policy.binds is not None):
        yield "images", f"{demand.name} is not an image of a registry, but a place on the host."
        return
    if not policy.images.limited():
        return
    if image_names.is_id(demand.name):
        if demand.known is None:
            yield "images", f"Nobody knows here which image {demand.name[:19]} is: name it in full."
            return
        verdicts = [list(_named(policy, name, demand)) for name in demand.known]
        if all(verdicts):  # also when it has no name at all
            rule, said = (
                verdicts[0][0] if verdicts else ("images", "It has no name to judge it by.")
            )
            yield rule, f"The image {demand.name[:19]}: {said}"
        return
    yield from _named(policy, demand.name, demand)


def _named(policy: Policy, text: str, demand: d.Image) -> Found:
    rules = policy.images
    name = image_names.parse(image_names.local(text) if demand.use == "name" else text)
    if name is None:
        yield (
            "images",
            f"{text} is not a full image name (registry/path:tag), and which image it would "
            "be is not certain.",
        )
        return
    if rules.registries is not None and not _fits(name.registry, rules.registries):
        yield (
            "images.registries",
            f"Images of {name.registry} are not allowed; {_only(rules.registries)}.",
        )
    if rules.patterns is not None and not (
        _fits(name.repository, rules.patterns)
        or _fits(f"{name.repository}:{name.tag or 'latest'}", rules.patterns)
    ):
        yield (
            "images.patterns",
            f"Images called {name.repository} are not allowed; {_only(rules.patterns)}.",
        )
    if rules.by_digest and demand.use == "content" and not name.digest:
        yield (
            "images.by_digest",
            f"{text} must be named by its digest ({name.repository}@sha256:…).",
        )


def _archive(policy: Policy, demand: d.Archive) -> Found:
    if policy.images.limited() and not policy.images.archives:
        yield (
            "images.archives",
            "Images out of archives and of other accounts are not allowed: what they hold cannot "
            "be told by their names.",
        )


def _registry(policy: Policy, demand: d.Registry) -> Found:
    if demand.leads and policy.images.patterns is not None:
        yield (
            "images.patterns",
            f"While only some names are allowed, they may not lead elsewhere ({demand.name}).",
        )
    allowed = policy.images.registries
    if allowed is None:
        return
    host = image_names.registry_of(demand.name)
    if not host or not _fits(host, allowed):
        yield (
            "images.registries",
            f"The registry {host or demand.name} is not allowed; {_only(allowed)}.",
        )


def _privileged(policy: Policy, demand: d.Privileged) -> Found:
    if not policy.privileged:
        yield "privileged", f"Privileged containers are not allowed ({demand.said})."


def _capability(policy: Policy, demand: d.Capability) -> Found:
    name = demand.name.upper().removeprefix("CAP_")
    allowed = policy.capabilities
    if allowed is None:
        if name == "ALL" and not policy.privileged:
            yield "privileged", "All capabilities at once are as good as a privileged container."
        return
    wanted = [each.upper().removeprefix("CAP_") for each in allowed]
    # `ALL` must be allowed by name: no pattern means it.
    if not (name in wanted or (name != "ALL" and _fits(name, wanted))):
        yield "capabilities", f"The capability {name} is not allowed; {_only(wanted)}."


def _device(policy: Policy, demand: d.Device) -> Found:
    name = str(PurePosixPath(demand.name))
    plain = ".." not in PurePosixPath(name).parts
    if policy.devices is not None and not (plain and _fits(name, policy.devices)):
        yield "devices", f"The device {demand.name} is not allowed; {_only(policy.devices)}."


def _namespace(policy: Policy, demand: d.Namespace) -> Found:
    allowed = policy.namespaces
    if allowed is not None and demand.kind not in allowed:
        yield (
            "namespaces",
            f"Containers may not share this {demand.kind} namespace ({demand.said}); "
            f"{_only(list(allowed))}.",
        )
    elif demand.kind == "network" and policy.ports is not None:
        yield (
            "ports",
            f"With a network that is not the container's own ({demand.said}) it could have any "
            "port of the host.",
        )


def _security_option(policy: Policy, demand: d.SecurityOption) -> Found:
    said = demand.said.replace(":", "=", 1)  # Docker's older spelling
    if policy.security_opt is not None and not _fits(said, policy.security_opt):
        yield (
            "security_opt",
            f"The security option {said} is not allowed; {_only(policy.security_opt)}.",
        )


def _bind(policy: Policy, demand: d.Bind) -> Found:
    rules = policy.binds
    if rules is None:
        return
    # Two slashes at the beginning are kept apart by pathlib, and by nobody else.
    path = PurePosixPath(re.sub(r"^/+", "/", demand.resolved or demand.source))
    if not path.is_absolute() or ".." in path.parts:
        yield (
            "binds.roots",
            f"The path {demand.source} is not allowed: only plain, absolute paths can be judged.",
        )
        return
    shown = demand.source
    if demand.resolved and demand.resolved.rstrip("/") != demand.source.rstrip("/"):
        shown = f"{demand.source} (which is {demand.resolved})"
    if demand.opens:
        yield "binds", f"{shown} would lay open {demand.opens}, which holds the account's own keys."
    elif any(_meets(path, PurePosixPath(each)) for each in _EVERYBODYS):
        yield "binds", f"{shown} leads to what runs the host, and is never shared under a policy."
    elif _within(path, rules.roots):
        return
    elif _within(path, rules.read_only):
        if not demand.read_only:
            yield "binds.read_only", f"The path {shown} may only be mounted read-only."
    else:
        yield (
            "binds.roots",
            f"The path {shown} is not allowed; {_only([*rules.roots, *rules.read_only])}.",
        )


def _within(path: PurePosixPath, roots: list[str]) -> bool:
    return any(path.is_relative_to(root) for root in roots)


def _meets(path: PurePosixPath, place: PurePosixPath) -> bool:
    return path.is_relative_to(place) or place.is_relative_to(path)


def _port(policy: Policy, demand: d.Port) -> Found:
    rules = policy.ports
    if rules is None:
        return
    if demand.first is None:
        if not rules.random:
            yield "ports.random", f"A port of the host must be given; {_only(rules.ranges)}."
    elif not rules.allows(demand.first, demand.last or demand.first):
        last = demand.last or demand.first
        shown = f"{demand.first}" if last == demand.first else f"{demand.first}-{last}"
        yield "ports.ranges", f"The host port {shown} is not allowed; {_only(rules.ranges)}."


def _limits(policy: Policy, demand: d.Limits) -> Found:
    for word, rule, value in (
        ("memory", policy.memory, demand.memory),
        ("cpus", policy.cpus, demand.cpus),
        ("pids", policy.pids, demand.pids),
    ):
        most = f"at most {_amount(word, rule.most)}" if rule.most is not None else "any"
        if value is None:
            if rule.required:
                yield f"{word}.required", f"A limit on {_WORDS[word]} is needed ({most})."
        elif rule.most is not None and value > rule.most:
            given = _amount(word, value)
            yield f"{word}.most", f"{given} is too much {_WORDS[word]}: {most}."


_WORDS = {"memory": "memory", "cpus": "processor time", "pids": "processes"}


def _amount(word: str, value: float | None) -> str:
    if value is None:
        return "any"
    return human(int(value)) if word == "memory" else f"{value:g}"


def human(amount: int) -> str:
    """Bytes for a reader."""
    value = float(amount)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.4g} {unit}"
        value /= 1024
    return f"{value:.4g} TiB"


def _one_more(policy: Policy, demand: d.OneMore) -> Found:
    most = policy.containers
    if most is None or demand.present is None or demand.present + demand.count <= most:
        return
    if demand.count > 1:
        yield (
            "containers",
            f"The account has {demand.present} other containers, and may have {most}: "
            f"{demand.count} more are too many.",
        )
    else:
        yield (
            "containers",
            f"The account has {demand.present} containers, and may have {most}: remove one first.",
        )


def _space(policy: Policy, demand: d.Space) -> Found:
    most = policy.disk.most
    if most is not None and demand.used is not None and demand.used >= most:
        yield (
            "disk.most",
            f"The account takes {human(demand.used)} of the disk, and may take {human(most)}: "
            "remove images or volumes first.",
        )


def _terminal(policy: Policy, demand: d.Terminal) -> Found:
    if not policy.terminal:
        yield "terminal", "Terminals are not allowed."
    elif policy.terminal == "recorded" and not demand.recorded:
        yield "terminal", "Terminals must be recorded, and this one would not be."


def _build(policy: Policy, demand: d.Build) -> Found:
    if not policy.builds:
        yield "builds", "Images of one's own (builds, commits) are not allowed."


def _raw(policy: Policy, demand: d.Raw) -> Found:
    if not policy.raw_quadlets:
        yield "raw_quadlets", f"{demand.said} is not allowed: it could do what other rules refuse."


def _kube_file(policy: Policy, demand: d.KubeFile) -> Found:
    """Nothing against it where nobody can read it: the engine judges what stands in it."""
    yield from ()


_JUDGES: dict[type[d.Demand], Callable[[Policy, Any], Found]] = {
    d.Image: _image,
    d.Archive: _archive,
    d.Registry: _registry,
    d.Privileged: _privileged,
    d.Capability: _capability,
    d.Device: _device,
    d.Namespace: _namespace,
    d.SecurityOption: _security_option,
    d.Bind: _bind,
    d.Port: _port,
    d.Limits: _limits,
    d.OneMore: _one_more,
    d.Space: _space,
    d.Terminal: _terminal,
    d.Build: _build,
    d.KubeFile: _kube_file,
    d.Raw: _raw,
}


def _fits(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def _only(allowed: list[str]) -> str:
    return f"only {', '.join(allowed)}" if allowed else "none is"
