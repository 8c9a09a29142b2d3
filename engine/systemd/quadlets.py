"""Quadlet files: which unit one makes, how its values are spelled, what Podman's generator says.

The format: podman-systemd.unit(5), and systemd.syntax(7) below it.
"""

import os
import re
import tempfile
from pathlib import Path

from engine.process import programs
from engine.schema.unit_names import QUADLET_KINDS, kind_of
from engine.schema.units import Problem

GENERATORS = (
    "/usr/lib/systemd/user-generators/podman-user-generator",
    "/usr/local/lib/systemd/user-generators/podman-user-generator",
    "/usr/libexec/podman/quadlet",
)
_SUFFIX = {"pod": "-pod", "volume": "-volume", "network": "-network", "image": "-image",
           "build": "-build"}  # fmt: skip
_SAFE_WORD = re.compile(r"[A-Za-z0-9_@:,./=+-]+")
_SAFE_VALUE = re.compile(r"(?! )[A-Za-z0-9_@:,./=+\[\] -]+(?<! )")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "%": "%%", "$": "$$"}
_UNCONVERTED = re.compile(r'converting "?([^":]+)"?: (.*)')
_INSTALL = "[Install]\nWantedBy=default.target"
_SECTION = re.compile(r"^\s*\[(.+)\]\s*$")


def generator() -> str:
    """Podman's generator of user units, "" where this Podman has none (before 4.4)."""
    return next((path for path in GENERATORS if os.access(path, os.X_OK)), "")


def unit_of(file: str, text: str = "") -> str:
    """The unit that a file makes; "" for one that makes none (a drop-in, a .yaml)."""
    name = file.rpartition("/")[2]
    kind = kind_of(name)
    if kind in ("service", "timer"):
        return name
    if kind not in QUADLET_KINDS:
        return ""
    given = re.search(r"^[ \t]*ServiceName[ \t]*=[ \t]*(\S+)[ \t]*$", text, re.M)
    stem = given[1] if given else name.removesuffix(f".{kind}") + _SUFFIX.get(kind, "")
    return f"{stem}.service"


def word(text: str) -> str:
    """One word of a value that is split into words, and ends up on a service's command line."""
    if _SAFE_WORD.fullmatch(text):
        return text
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def is_plain(value: str) -> bool:
    """Whether a value may stand after a key that takes the rest of its line as it is."""
    return bool(_SAFE_VALUE.fullmatch(value))


def _escaped(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    return f"\\x{ord(letter):02x}" if ord(letter) < 32 or ord(letter) == 127 else letter


def sections(text: str) -> list[str]:
    """The names of its sections."""
    return [found[1] for line in text.splitlines() if (found := _SECTION.match(line))]


def with_install(text: str) -> str:
    """The text with an [Install] section, so that the unit starts at boot."""
    if "Install" in sections(text):
        return re.sub(r"(?m)^[ \t]*\[Install\][ \t]*$", _INSTALL, text, count=1)
    return text.rstrip("\n") + f"\n\n{_INSTALL}\n"


def without_install(text: str) -> str:
    """The text without its [Install] section."""
    kept, skipping = [], False
    for line in text.splitlines():
        if found := _SECTION.match(line):
            skipping = found[1] == "Install"
        if not skipping:
            kept.append(line)
    return "\n".join(kept).rstrip("\n") + "\n"


async def generate(files: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """What the generator makes of some files, given by name: services by name, and complaints."""
    with tempfile.TemporaryDirectory(prefix="berth-quadlet-") as place:
        for name, text in files.items():
            path = Path(place) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return await dry_run({"QUADLET_UNIT_DIRS": place})


async def dry_run(environment: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """The generator's dry run: services by name, and its complaints."""
    done = await programs.run(
        generator(), "--user", "--dryrun", environment={**environment, "LC_ALL": "C"}
    )
    services: dict[str, str] = {}
    # It prints ---NAME--- before each service, and all of them even when some do not convert.
    pieces = re.split(r"(?m)^---(.+)---$", done.output)
    for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
        services[name.rpartition("/")[2]] = text.strip("\n") + "\n"
    complaints = [
        line.partition("]: ")[2] or line
        for line in done.errors.splitlines()
        if line.strip() and "Loading source unit file" not in line
    ]
    return services, complaints


def problems(complaints: list[str], name: str, text: str) -> list[Problem]:
    """Complaints about one file, each with the line that it is most likely about."""
    found = []
    for complaint in complaints:
        said = _UNCONVERTED.search(complaint)
        if said and said[1].rpartition("/")[2] != name:
            continue
        if not said and name not in complaint:
            continue
        message = said[2] if said else complaint
        message = re.sub(r" in \S*/berth-quadlet-\S+", "", message)
        found.append(
            Problem(severity="error", message=message, line=_line(message, text), source="podman")
        )
    return found


def _line(message: str, text: str) -> int | None:
    """The line that a complaint names: by number, by key, or by group."""
    numbered = re.search(r"line (\d+)", message)
    if numbered:
        return int(numbered[1])
    lines = text.splitlines()
    for quoted in re.findall(r"'([^']+)'|\"([^\"]+)\"", message):
        said = quoted[0] or quoted[1]
        for number, line in enumerate(lines, start=1):
            if re.match(rf"\s*{re.escape(said)}\s*=", line) or line.strip() == f"[{said}]":
                return number
    for number, line in enumerate(lines, start=1):
        value = line.partition("=")[2].strip()
        if value and len(value) > 2 and value in message:
            return number
    return None


def failures(complaints: list[str]) -> dict[str, str]:
    """Why the generator made no unit of a file, by the file's name."""
    return {
        said[1].rpartition("/")[2]: said[2]
        for complaint in complaints
        if (said := _UNCONVERTED.search(complaint))
    }
