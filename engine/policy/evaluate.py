"""Evaluate requests against a policy. Each violation names its rule and says what is allowed."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from engine.policy import image_names
from engine.policy import requests as r
from engine.policy.rules import Policy
from engine.schema.messages import msg

_EVERYBODYS = ("/run/user", "/run/berth", "/var/run", "/proc", "/sys", "/dev")


@dataclass(frozen=True)
class Violation:
    """One request that one rule does not allow. `rule` is its path in the policy's text."""

    rule: str
    message: str
    field: str = ""

    def __str__(self) -> str:
        return msg("%(message)s (rule %(rule)s)", message=self.message, rule=self.rule)


def evaluate(policy: Policy, requests: Iterable[r.Request]) -> list[Violation]:
    """Return the violations of `policy` among `requests`."""
    return [
        Violation(rule, message, request.field)
        for request in requests
        for rule, message in _RULES[type(request)](policy, request)
    ]


Found = Iterator[tuple[str, str]]


def _image(policy: Policy, request: r.Image) -> Found:
    if image_names.is_remote(request.name) and (policy.binds is not None):
        yield (
            "images",
            msg(
                "%(name)s is not an image of a registry, but a place on the host.",
                name=request.name,
            ),
        )
        return
    if not policy.images.limited():
        return
    if image_names.is_id(request.name):
        if request.known is None:
            yield (
                "images",
                msg(
                    "Nobody knows here which image %(name)s is: name it in full.",
                    name=request.name[:19],
                ),
            )
            return
        violations = [list(_named(policy, name, request)) for name in request.known]
        if all(violations):  # even if it has no name
            rule, description = (
                violations[0][0]
                if violations
                else ("images", msg("It has no name to judge it by."))
            )
            yield (
                rule,
                msg(
                    "The image %(name)s: %(description)s",
                    name=request.name[:19],
                    description=description,
                ),
            )
        return
    yield from _named(policy, request.name, request)


def _named(policy: Policy, text: str, request: r.Image) -> Found:
    rules = policy.images
    name = image_names.parse(image_names.local(text) if request.use == "name" else text)
    if name is None:
        yield (
            "images",
            msg(
                "%(text)s is not a full image name (registry/path:tag), and which image it would "
                "be is not certain.",
                text=text,
            ),
        )
        return
    if rules.registries is not None and not _fits(name.registry, rules.registries):
        yield (
            "images.registries",
            msg(
                "Images of %(registry)s are not allowed; %(registries)s.",
                registry=name.registry,
                registries=_only(rules.registries),
            ),
        )
    if rules.patterns is not None and not (
        _fits(name.repository, rules.patterns)
        or _fits(f"{name.repository}:{name.tag or 'latest'}", rules.patterns)
    ):
        yield (
            "images.patterns",
            msg(
                "Images called %(repository)s are not allowed; %(patterns)s.",
                repository=name.repository,
                patterns=_only(rules.patterns),
            ),
        )
    if rules.by_digest and request.use == "content" and not name.digest:
        yield (
            "images.by_digest",
            msg(
                "%(text)s must be named by its digest (%(repository)s@sha256:…).",
                text=text,
                repository=name.repository,
            ),
        )


def _archive(policy: Policy, request: r.Archive) -> Found:
    if policy.images.limited() and not policy.images.archives:
        yield (
            "images.archives",
            msg(
                "Images out of archives and of other accounts are not allowed: what they hold "
                "cannot be told by their names."
            ),
        )


def _registry(policy: Policy, request: r.Registry) -> Found:
    if request.leads and policy.images.patterns is not None:
        yield (
            "images.patterns",
            msg(
                "While only some names are allowed, they may not lead elsewhere (%(name)s).",
                name=request.name,
            ),
        )
    allowed = policy.images.registries
    if allowed is None:
        return
    host = image_names.registry_of(request.name)
    if not host or not _fits(host, allowed):
        yield (
            "images.registries",
            msg(
                "The registry %(host)s is not allowed; %(allowed)s.",
                host=host or request.name,
                allowed=_only(allowed),
            ),
        )


def _privileged(policy: Policy, request: r.Privileged) -> Found:
    if not policy.privileged:
        yield (
            "privileged",
            msg(
                "Privileged containers are not allowed (%(description)s).",
                description=request.description,
            ),
        )


def _capability(policy: Policy, request: r.Capability) -> Found:
    name = request.name.upper().removeprefix("CAP_")
    allowed = policy.capabilities
    if allowed is None:
        if name == "ALL" and not policy.privileged:
            yield (
                "privileged",
                msg("All capabilities at once are as good as a privileged container."),
            )
        return
    wanted = [each.upper().removeprefix("CAP_") for each in allowed]
    # `ALL` must be allowed by name: no pattern matches it.
    if not (name in wanted or (name != "ALL" and _fits(name, wanted))):
        yield (
            "capabilities",
            msg(
                "The capability %(name)s is not allowed; %(wanted)s.",
                name=name,
                wanted=_only(wanted),
            ),
        )


def _device(policy: Policy, request: r.Device) -> Found:
    name = str(PurePosixPath(request.name))
    plain = ".." not in PurePosixPath(name).parts
    if policy.devices is not None and not (plain and _fits(name, policy.devices)):
        yield (
            "devices",
            msg(
                "The device %(name)s is not allowed; %(devices)s.",
                name=request.name,
                devices=_only(policy.devices),
            ),
        )


def _namespace(policy: Policy, request: r.Namespace) -> Found:
    allowed = policy.namespaces
    if allowed is not None and request.kind not in allowed:
        yield (
            "namespaces",
            msg(
                "Containers may not share this %(kind)s namespace (%(description)s); %(allowed)s.",
                kind=request.kind,
                description=request.description,
                allowed=_only(list(allowed)),
            ),
        )
    elif request.kind == "network" and policy.ports is not None:
        yield (
            "ports",
            msg(
                "With a network that is not the container's own (%(description)s) it could have "
                "any port of the host.",
                description=request.description,
            ),
        )


def _security_option(policy: Policy, request: r.SecurityOption) -> Found:
    description = request.description.replace(":", "=", 1)  # Docker's older spelling
    if policy.security_opt is not None and not _fits(description, policy.security_opt):
        yield (
            "security_opt",
            msg(
                "The security option %(description)s is not allowed; %(security_opt)s.",
                description=description,
                security_opt=_only(policy.security_opt),
            ),
        )


def _bind(policy: Policy, request: r.Bind) -> Found:
    rules = policy.binds
    if rules is None:
        return
    # pathlib treats two leading slashes as special, and nothing else does.
    path = PurePosixPath(re.sub(r"^/+", "/", request.resolved or request.source))
    if not path.is_absolute() or ".." in path.parts:
        yield (
            "binds.roots",
            msg(
                "The path %(source)s is not allowed: only plain, absolute paths can be judged.",
                source=request.source,
            ),
        )
        return
    shown = request.source
    if request.resolved and request.resolved.rstrip("/") != request.source.rstrip("/"):
        shown = f"{request.source} (which is {request.resolved})"
    if request.opens:
        yield (
            "binds",
            msg(
                "%(shown)s would lay open %(opens)s, which holds the account's own keys.",
                shown=shown,
                opens=request.opens,
            ),
        )
    elif any(_meets(path, PurePosixPath(each)) for each in _EVERYBODYS):
        yield (
            "binds",
            msg(
                "%(shown)s leads to what runs the host, and is never shared under a policy.",
                shown=shown,
            ),
        )
    elif _within(path, rules.roots):
        return
    elif _within(path, rules.read_only):
        if not request.read_only:
            yield (
                "binds.read_only",
                msg("The path %(shown)s may only be mounted read-only.", shown=shown),
            )
    else:
        yield (
            "binds.roots",
            msg(
                "The path %(shown)s is not allowed; %(only)s.",
                shown=shown,
                only=_only([*rules.roots, *rules.read_only]),
            ),
        )


def _within(path: PurePosixPath, roots: list[str]) -> bool:
    return any(path.is_relative_to(root) for root in roots)


def _meets(path: PurePosixPath, place: PurePosixPath) -> bool:
    return path.is_relative_to(place) or place.is_relative_to(path)


def _port(policy: Policy, request: r.Port) -> Found:
    rules = policy.ports
    if rules is None:
        return
    if request.first is None:
        if not rules.random:
            yield (
                "ports.random",
                msg("A port of the host must be given; %(ranges)s.", ranges=_only(rules.ranges)),
            )
    elif not rules.allows(request.first, request.last or request.first):
        last = request.last or request.first
        shown = f"{request.first}" if last == request.first else f"{request.first}-{last}"
        yield (
            "ports.ranges",
            msg(
                "The host port %(shown)s is not allowed; %(ranges)s.",
                shown=shown,
                ranges=_only(rules.ranges),
            ),
        )


def _limits(policy: Policy, request: r.Limits) -> Found:
    for word, rule, value in (
        ("memory", policy.memory, request.memory),
        ("cpus", policy.cpus, request.cpus),
        ("pids", policy.pids, request.pids),
    ):
        most = f"at most {_amount(word, rule.most)}" if rule.most is not None else "any"
        if value is None:
            if rule.required:
                yield (
                    f"{word}.required",
                    msg(
                        "A limit on %(words)s is needed (%(most)s).", words=_WORDS[word], most=most
                    ),
                )
        elif rule.most is not None and value > rule.most:
            given = _amount(word, value)
            yield (
                f"{word}.most",
                msg(
                    "%(given)s is too much %(words)s: %(most)s.",
                    given=given,
                    words=_WORDS[word],
                    most=most,
                ),
            )


_WORDS = {"memory": "memory", "cpus": "processor time", "pids": "processes"}


def _amount(word: str, value: float | None) -> str:
    if value is None:
        return "any"
    return human(int(value)) if word == "memory" else f"{value:g}"


def human(amount: int) -> str:
    """Format bytes for a reader."""
    value = float(amount)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.4g} {unit}"
        value /= 1024
    return f"{value:.4g} TiB"


def _one_more(policy: Policy, request: r.OneMore) -> Found:
    most = policy.containers
    if most is None or request.present is None or request.present + request.count <= most:
        return
    if request.count > 1:
        yield (
            "containers",
            msg(
                "The account has %(present)s other containers, and may have %(most)s: %(count)s "
                "more are too many.",
                present=request.present,
                most=most,
                count=request.count,
            ),
        )
    else:
        yield (
            "containers",
            msg(
                "The account has %(present)s containers, and may have %(most)s: remove one first.",
                present=request.present,
                most=most,
            ),
        )


def _space(policy: Policy, request: r.Space) -> Found:
    most = policy.disk.most
    if most is not None and request.used is not None and request.used >= most:
        yield (
            "disk.most",
            msg(
                "The account takes %(used)s of the disk, and may take %(most)s: remove images or "
                "volumes first.",
                used=human(request.used),
                most=human(most),
            ),
        )


def _terminal(policy: Policy, request: r.Terminal) -> Found:
    if not policy.terminal:
        yield "terminal", msg("Terminals are not allowed.")
    elif policy.terminal == "recorded" and not request.recorded:
        yield "terminal", msg("Terminals must be recorded, and this one would not be.")


def _build(policy: Policy, request: r.Build) -> Found:
    if not policy.builds:
        yield "builds", msg("Images of one's own (builds, commits) are not allowed.")


def _raw(policy: Policy, request: r.Raw) -> Found:
    if not policy.raw_quadlets:
        yield (
            "raw_quadlets",
            msg(
                "%(description)s is not allowed: it could do what other rules refuse.",
                description=request.description,
            ),
        )


def _kube_file(policy: Policy, request: r.KubeFile) -> Found:
    """Allow a file that nobody here can read: the engine evaluates its content."""
    yield from ()


_RULES: dict[type[r.Request], Callable[[Policy, Any], Found]] = {
    r.Image: _image,
    r.Archive: _archive,
    r.Registry: _registry,
    r.Privileged: _privileged,
    r.Capability: _capability,
    r.Device: _device,
    r.Namespace: _namespace,
    r.SecurityOption: _security_option,
    r.Bind: _bind,
    r.Port: _port,
    r.Limits: _limits,
    r.OneMore: _one_more,
    r.Space: _space,
    r.Terminal: _terminal,
    r.Build: _build,
    r.KubeFile: _kube_file,
    r.Raw: _raw,
}


def _fits(text: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def _only(allowed: list[str]) -> str:
    return f"only {', '.join(allowed)}" if allowed else "none is"
