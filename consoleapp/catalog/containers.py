"""Create a template from an existing container: Podman's data about it, without its secrets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from consoleapp.i18n.rendering import in_language
from engine.schema.parameters import REDACTED, SECRET_WORDS, is_secret, redact_word
from engine.schema.run_line import Unreadable, read_arguments

_OF_THE_RUN = ("name", "remove")
_FOREIGN = ("berth.", "io.podman.", "io.buildah.", "io.containers.", "org.opencontainers.")
_OF_PODMAN = {"PODMAN_SYSTEMD_UNIT"}
_USUAL_NETWORKS = {"", "podman", "bridge", "pasta", "slirp4netns"}
_EVERYWHERE = ("", "0.0.0.0")  # noqa: S104 - to compare with
_SHORTEST_SECRET = 4
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
_OF_THE_IMAGE = {"PATH", "TERM", "HOME", "HOSTNAME", "container"}


@dataclass
class Draft:
    """Contents in JSON to start from, and what of the container they lack."""

    contents: dict[str, Any]
    left_out: list[str] = field(default_factory=list)


def draft(inspected: Mapping[str, Any]) -> Draft:
    """Return a draft from Podman's inspect data (untrusted: anybody can set labels and names)."""
    config = inspected.get("Config") or {}
    command = config.get("CreateCommand") or []
    left_out: list[str] = []
    try:
        line = read_arguments([str(word) for word in command])
        run, left_out = (
            dict(line.values),
            [f"{e.option}: {in_language(e.reason)}" for e in line.left_out],
        )
    except Unreadable:
        run = _by_hand(inspected)
        left_out.append(_("It was not made by podman run: look whether everything is here."))
    if not run.get("image"):
        run["image"] = str(inspected.get("ImageName") or "")
    left_out += _later_networks(inspected, run)
    for name in _OF_THE_RUN:
        run.pop(name, None)
    for port in run.get("ports") or []:
        port.pop("host_port", None)  # the next launch gets its own
    labels = run.get("labels") or {}
    run["labels"] = {
        name: value
        for name, value in labels.items()
        if not name.startswith(_FOREIGN) and name not in _OF_PODMAN
    }
    return Draft(_without_secrets(run, left_out), left_out)


def past_launch(run: Mapping[str, Any]) -> Draft:
    """Return a draft from a past launch's public parameters. Redacted values become parameters."""
    kept = {name: value for name, value in run.items() if name != "name"}
    labels = kept.get("labels") or {}
    kept["labels"] = {n: v for n, v in labels.items() if not n.startswith("berth.")}
    left_out: list[str] = []
    return Draft(_without_secrets(kept, left_out), left_out)


def _later_networks(inspected: Mapping[str, Any], run: Mapping[str, Any]) -> list[str]:
    """Return notes about networks that it was connected to after its creation."""
    connected = (inspected.get("NetworkSettings") or {}).get("Networks") or {}
    known = {*str(run.get("network", "")).partition(":")[0].split(","), *_USUAL_NETWORKS}
    return [
        _("The network %(name)s: the container was connected to it after it was made.")
        % {"name": name}
        for name in connected
        if name not in known
    ]


def _without_secrets(run: dict[str, Any], left_out: list[str]) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = []
    environment: dict[str, str] = {}
    given = {str(n): str(v) for n, v in (run.get("environment") or {}).items()}
    hidden = {value for name, value in given.items() if is_secret(name, value)}
    for name, value in given.items():
        if value == REDACTED or is_secret(name, value):
            if not SECRET_WORDS.search(name):
                left_out.append(
                    _("%(name)s: its value has a password in it, which is not copied.")
                    % {"name": name}
                )
                continue
            called = re.sub(r"[^a-z0-9_]", "_", name.lower())[:40]
            called = called if called[:1].isalpha() else f"s{called}"[:40]
            if any(each["name"] == called for each in parameters):
                called = f"{called[:36]}_{len(parameters) + 1}"
            parameters.append({"name": called, "type": "secret", "label": name[:100]})
            environment[name] = f"${{{called}}}"
        elif _has_secret([value], hidden):
            left_out.append(
                _("%(name)s: its value has that of a secret in it, which is not copied.")
                % {"name": name}
            )
        else:
            environment[name] = _plain(value)
    run = {**run, "environment": environment, "labels": _labels(run, hidden, left_out)}
    for name, reason in (
        ("command_line", _("The command's arguments: one of them looks like a secret.")),
        ("entrypoint", _("The entrypoint: one of its words looks like a secret.")),
    ):
        words = run.get(name)
        if words and _has_secret(words, hidden):
            left_out.append(reason)
            del run[name]
        elif words:
            run[name] = [_plain(word) for word in words]
    health = run.get("health") or {}
    if health and _has_secret(str(health.get("command", "")).split(), hidden):
        left_out.append(_("The health check: a word of its command looks like a secret."))
        del run["health"]
    elif health:
        run["health"] = {**health, "command": _plain(health.get("command", ""))}
    return {"parameters": parameters, "run": {n: v for n, v in run.items() if v not in ({}, [])}}


def _labels(run: Mapping[str, Any], hidden: set[str], left_out: list[str]) -> dict[str, str]:
    kept = {}
    for name, value in (run.get("labels") or {}).items():
        if is_secret(name, value) or _has_secret([value], hidden):
            left_out.append(
                _("The label %(name)s: its value looks like a secret.") % {"name": name}
            )
        else:
            kept[name] = _plain(value)
    return kept


def _has_secret(words: Sequence[str], hidden: set[str]) -> bool:
    """Return whether a word looks like a secret, contains one, or follows an option for one."""
    known = [value for value in hidden if len(value) >= _SHORTEST_SECRET and value != REDACTED]
    for at, word in enumerate(words):
        before = words[at - 1] if at else ""
        after_option = before.startswith("-") and "=" not in before and SECRET_WORDS.search(before)
        if after_option or redact_word(word) != word or any(each in word for each in known):
            return True
    return False


def _plain(text: str) -> str:
    return str(text).replace("${", "$${")


def _by_hand(inspected: Mapping[str, Any]) -> dict[str, Any]:
    config, host = inspected.get("Config") or {}, inspected.get("HostConfig") or {}
    pairs = [str(pair).partition("=") for pair in config.get("Env") or []]
    ports = []
    for inside, places in (host.get("PortBindings") or {}).items():
        number, _slash, protocol = str(inside).partition("/")
        addresses = {str(place.get("HostIp") or "") for place in places or [{}]}
        ports += [
            {"container_port": int(number), "protocol": protocol or "tcp"}
            | ({"host_ip": address} if address not in _EVERYWHERE else {})
            for address in sorted(addresses)
        ]
    networks = (inspected.get("NetworkSettings") or {}).get("Networks") or {}
    own_networks = [str(name) for name in networks if name not in _USUAL_NETWORKS]
    mode = str(host.get("NetworkMode") or "")
    volumes = [
        {
            "source": _source(mount),
            "target": str(mount.get("Destination") or ""),
            "read_only": not mount.get("RW", True),
        }
        for mount in inspected.get("Mounts") or []
        if mount.get("Type") in ("bind", "volume")
    ]
    return {
        "image": str(inspected.get("ImageName") or ""),
        "command_line": [str(word) for word in config.get("Cmd") or []],
        "environment": {n: v for n, _, v in pairs if n not in _OF_THE_IMAGE},
        "ports": ports,
        "network": mode if mode in ("host", "none") else ",".join(own_networks),
        "volumes": volumes,
        "labels": {str(n): str(v) for n, v in (config.get("Labels") or {}).items()},
    }


def _source(mount: Mapping[str, Any]) -> str:
    """Return a volume's name, "" for an anonymous one (this container's alone), or a path."""
    name = str(mount.get("Name") or "")
    return "" if _ANONYMOUS.fullmatch(name) else name or str(mount.get("Source") or "")
