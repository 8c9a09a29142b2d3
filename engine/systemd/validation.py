"""Check a file's text before it is saved: Podman's generator, systemd-analyze, known traps."""

import os
import re
import tempfile
from pathlib import Path

from engine.process import programs
from engine.schema.errors import EngineError
from engine.schema.messages import msg
from engine.schema.unit_names import QUADLET_KINDS, kind_of
from engine.schema.unit_queries import Validation
from engine.schema.units import Problem
from engine.systemd import drop_ins, network_online, quadlets, unit_files

_VERIFIED = re.compile(r"^(?P<file>[^:\s]+\.(?:service|timer)):(?:(?P<line>\d+):)?\s*(?P<text>.*)$")
_PORT = re.compile(r"^\s*PublishPort\s*=\s*(?P<value>\S+)|(?:-p|--publish)[= ](?P<other>\S+)")


async def check(file: str, text: str) -> Validation:
    """Return the problems of `text` as the content of `file`. Writes only to a temporary folder."""
    name = file.rpartition("/")[2]
    kind = kind_of(name)
    found: list[Problem] = traps(text)
    checked, generated, unit = ["berth"], "", quadlets.unit_of(file, text)
    if kind in QUADLET_KINDS and quadlets.generator():
        services, complaints = await quadlets.generate(
            {**_neighbours(file), **_drop_ins(file), name: text}
        )
        checked.append("podman")
        generated = services.get(unit, "")
        complained = quadlets.problems(complaints, name, text)
        if not generated and not complained:
            complained = [
                Problem(severity="error", message=msg("Podman's generator makes no unit of it."))
            ] + [Problem(severity="error", message=each, source="podman") for each in complaints]
        if generated:  # a warning; the generator continued
            complained = [each.model_copy(update={"severity": "warning"}) for each in complained]
        found += complained
        if await network_online.waits_in_vain(generated):
            found.append(Problem(severity="warning", message=network_online.WHY, source="berth"))
    elif kind in QUADLET_KINDS:
        found.append(
            Problem(
                severity="error",
                message=msg(
                    "This host's Podman is older than 4.4 and makes no units of Quadlets: use "
                    "`podman generate systemd`."
                ),
                source="berth",
            )
        )
    service = text if kind in ("service", "timer") else generated
    if service:
        try:
            found += await _verify(unit, service, own=kind in ("service", "timer"))
            checked.append("systemd")
        except EngineError as error:
            found.append(
                Problem(severity="warning", message=error.report.message, source="systemd")
            )
    found.sort(key=lambda problem: (problem.severity != "error", problem.line or 0))
    return Validation(problems=found, unit=unit, generated=generated, checked_by=checked)


def traps(text: str) -> list[Problem]:
    """Find text that is well-formed but does not do what the author expects."""
    found = []
    first_port = _first_unprivileged_port()
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith(("#", ";")):
            continue
        for match in _PORT.finditer(line):
            port = _host_port(match["value"] or match["other"])
            if port and port < first_port:
                found.append(
                    _warning(
                        number,
                        msg(
                            "Port %(port)s is below %(first_port)s, which only root may use on "
                            "this host.",
                            port=port,
                            first_port=first_port,
                        ),
                    )
                )
        if re.match(r"\s*(After|Wants|Requires)\s*=.*\bnetwork-online\.target", line):
            found.append(
                _warning(
                    number,
                    msg(
                        "A user manager has no network-online.target of its own: the line has no "
                        "effect. Quadlets wait by podman-user-wait-network-online.service, which "
                        "gives up after 90 s where nothing on the host reaches that target."
                    ),
                )
            )
        if re.match(r"\s*(Notify\s*=\s*true|Type\s*=\s*notify)\s*$", line, re.I) and (
            "--sdnotify=conmon" not in text
        ):
            found.append(
                _warning(
                    number,
                    msg(
                        "The program in the container must say READY=1 itself, or the start "
                        "fails after TimeoutStartSec=."
                    ),
                )
            )
        if re.match(r"\s*User\s*=", line) and "[Service]" in text and "[Container]" not in text:
            found.append(
                _warning(
                    number, msg("User= cannot be used here: the units run as the account itself.")
                )
            )
    return found


async def _verify(unit: str, text: str, *, own: bool) -> list[Problem]:
    """Run `systemd-analyze --user verify`. Report lines only if `text` is the reader's own."""
    with tempfile.TemporaryDirectory(prefix="berth-verify-") as place:
        path = Path(place) / unit
        path.write_text(text)
        done = await programs.run(
            *("systemd-analyze", "--user", "--man=no", "--recursive-errors=no", "verify"),
            str(path),
            environment={"SYSTEMD_LOG_LEVEL": "warning", "SYSTEMD_COLORS": "0", "LC_ALL": "C"},
        )
    found = []
    for line in done.errors.splitlines():
        shown = line.replace(f"{place}/", "")
        if unit not in shown:
            continue  # about another unit of the account
        match = _VERIFIED.match(shown)
        message = match["text"] if match else shown
        at = int(match["line"]) if own and match and match["line"] else None
        warned = "ignoring" in message or "Unknown" in message or "not found" in message
        found.append(
            Problem(
                severity="warning" if warned or not done.status else "error",
                message=message.removeprefix(f"{unit}: "),
                line=at,
                source="systemd",
            )
        )
    return found


def _neighbours(file: str) -> dict[str, str]:
    """Return the other Quadlets, which the generator needs because this one may name them."""
    found = {}
    for other in unit_files.all_files():
        if other == file or kind_of(other) not in QUADLET_KINDS:
            continue
        try:
            here = unit_files.find(other)
        except EngineError:
            continue
        if here:
            found[other.rpartition("/")[2]] = here.text
    return found


def _drop_ins(file: str) -> dict[str, str]:
    """Return the Quadlet's drop-ins by folder and name, as the generator looks for them."""
    found = {}
    for path in drop_ins.of(file):
        try:
            here = unit_files.find(path)
        except EngineError:
            continue  # the page of the file shows the reason
        if here:
            found["/".join(path.split("/")[-2:])] = here.text
    return found


def _first_unprivileged_port() -> int:
    path = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    return int(path.read_text()) if os.access(path, os.R_OK) else 1024


def _host_port(value: str) -> int | None:
    parts = value.strip("\"'").partition("/")[0].rsplit(":", 2)
    if len(parts) < 2:
        return None
    first = parts[-2].rpartition(":")[2].partition("-")[0]
    return int(first) if first.isdigit() else None


def _warning(line: int, message: str) -> Problem:
    return Problem(severity="warning", message=message, line=line, source="berth")
