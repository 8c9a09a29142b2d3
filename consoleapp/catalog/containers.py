"""A template made from a container that exists: what Podman says of it, without its secrets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from consoleapp.languages.sentences import in_language
from consoleapp.web.inspection import redacted
from engine.schema.parameters import SECRET_WORDS, is_secret
from engine.schema.run_line import Unreadable, read_arguments

_OF_THE_RUN = ("name", "remove")
_FOREIGN = ("berth.", "io.podman.", "io.buildah.", "io.containers.", "org.opencontainers.")
_OF_PODMAN = {"PODMAN_SYSTEMD_UNIT"}
_OF_THE_IMAGE = {"PATH", "TERM", "HOME", "HOSTNAME", "container"}


@dataclass
class Draft:
    """Contents in JSON to start from, and what of the container is not in them."""

    contents: dict[str, Any]
    left_out: list[str] = field(default_factory=list)


def draft(inspected: Mapping[str, Any]) -> Draft:
    """From Podman's inspect data (hostile: labels and names are other people's text)."""
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
    for name in _OF_THE_RUN:
        run.pop(name, None)
    for port in run.get("ports") or []:
        port.pop("host_port", None)  # the next one gets its own
    labels = run.get("labels") or {}
    run["labels"] = {
        name: value
        for name, value in labels.items()
        if not name.startswith(_FOREIGN) and name not in _OF_PODMAN and not is_secret(name, value)
    }
    return Draft(_without_secrets(run, left_out), left_out)


def without_secrets(run: Mapping[str, Any]) -> dict[str, Any]:
    """Contents from a past launch's public parameters: what was redacted becomes a parameter."""
    kept = {name: value for name, value in run.items() if name != "name"}
    labels = kept.get("labels") or {}
    kept["labels"] = {n: v for n, v in labels.items() if not n.startswith("berth.")}
    return _without_secrets(kept, [])


def _without_secrets(run: dict[str, Any], left_out: list[str]) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = []
    environment: dict[str, str] = {}
    for name, value in (run.get("environment") or {}).items():
        if is_secret(name, value):
            if not SECRET_WORDS.search(name):
                left_out.append(
                    _("%(name)s: its value has a password in it, which is not copied.")
                    % {"name": name}
                )
                continue
            called = re.sub(r"[^a-z0-9_]", "_", name.lower())[:40]
            called = called if called[:1].isalpha() else f"s{called}"[:40]
            parameters.append({"name": called, "type": "secret", "label": name[:100]})
            environment[name] = f"${{{called}}}"
        else:
            environment[name] = _plain(value)
    words = [_plain(word) for word in run.get("command_line") or []]
    if redacted(words) != words:
        left_out.append(_("The command's arguments: one of them looks like a secret."))
        words = []
    run = {**run, "environment": environment, "command_line": words}
    return {"parameters": parameters, "run": {n: v for n, v in run.items() if v not in ({}, [])}}


def _plain(text: str) -> str:
    return str(text).replace("${", "$${")


def _by_hand(inspected: Mapping[str, Any]) -> dict[str, Any]:
    config, host = inspected.get("Config") or {}, inspected.get("HostConfig") or {}
    pairs = [str(pair).partition("=") for pair in config.get("Env") or []]
    ports = []
    for inside, outside in (host.get("PortBindings") or {}).items():
        number, _, protocol = str(inside).partition("/")
        ports += [
            {"container_port": int(number), "protocol": protocol or "tcp"} for _ in outside or [0]
        ][:1]
    volumes = [
        {
            "source": str(mount.get("Name") or mount.get("Source") or ""),
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
        "volumes": volumes,
        "labels": {str(n): str(v) for n, v in (config.get("Labels") or {}).items()},
    }
