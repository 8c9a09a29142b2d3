"""Quadlet files: the unit that each defines, the spelling of values, Podman's generator.

Format: podman-systemd.unit(5), based on systemd.syntax(7).
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
    """Return the path of Podman's generator of user units; "" before Podman 4.4."""
    return next((path for path in GENERATORS if os.access(path, os.X_OK)), "")


def unit_of(file: str, text: str = "") -> str:
    """Return the unit that a file defines; "" if it defines none (a drop-in, a .yaml file)."""
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
    """Quote one word of a value that is split into words and used on a service's command line."""
    if _SAFE_WORD.fullmatch(text):
        return text
    return '"' + "".join(_escaped(letter) for letter in text) + '"'


def is_plain(value: str) -> bool:
    """Return whether a value can follow a key that takes the rest of its line unchanged."""
    return bool(_SAFE_VALUE.fullmatch(value))


def _escaped(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    return f"\\x{ord(letter):02x}" if ord(letter) < 32 or ord(letter) == 127 else letter


def sections(text: str) -> list[str]:
    """Return the names of its sections."""
    return [found[1] for line in text.splitlines() if (found := _SECTION.match(line))]


def with_install(text: str) -> str:
    """Return the text with an [Install] section, so that the unit starts at boot."""
    if "Install" in sections(text):
        return re.sub(r"(?m)^[ \t]*\[Install\][ \t]*$", _INSTALL, text, count=1)
    return text.rstrip("\n") + f"\n\n{_INSTALL}\n"


def without_install(text: str) -> str:
    """Return the text without its [Install] section."""
    kept, skipping = [], False
    for line in text.splitlines():
        if found := _SECTION.match(line):
            skipping = found[1] == "Install"
        if not skipping:
            kept.append(line)
    return "\n".join(kept).rstrip("\n") + "\n"


async def generate(files: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Run the generator on some files by name. Return services by name, and error messages."""
    with tempfile.TemporaryDirectory(prefix="berth-quadlet-") as place:
        for name, text in files.items():
            path = Path(place) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return await dry_run({"QUADLET_UNIT_DIRS": place})


async def dry_run(environment: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Run the generator without writing. Return services by name, and error messages."""
    done = await programs.run(
        generator(), "--user", "--dryrun", environment={**environment, "LC_ALL": "C"}
    )
    services: dict[str, str] = {}
    # It prints ---NAME--- before each service, and prints all even if some fail.
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
    """Return the messages about one file, each with the line that it most likely concerns."""
    found = []
    for complaint in complaints:
        match = _UNCONVERTED.search(complaint)
        if match and match[1].rpartition("/")[2] != name:
            continue
        if not match and name not in complaint:
            continue
        message = match[2] if match else complaint
        message = re.sub(r" in \S*/berth-quadlet-\S+", "", message)
        found.append(
            Problem(severity="error", message=message, line=_line(message, text), source="podman")
        )
    return found


def _line(message: str, text: str) -> int | None:
    """Return the line that a message refers to: by number, by key, or by group."""
    numbered = re.search(r"line (\d+)", message)
    if numbered:
        return int(numbered[1])
    lines = text.splitlines()
    for quoted in re.findall(r"'([^']+)'|\"([^\"]+)\"", message):
        key = quoted[0] or quoted[1]
        for number, line in enumerate(lines, start=1):
            if re.match(rf"\s*{re.escape(key)}\s*=", line) or line.strip() == f"[{key}]":
                return number
    for number, line in enumerate(lines, start=1):
        value = line.partition("=")[2].strip()
        if value and len(value) > 2 and value in message:
            return number
    return None


def failures(complaints: list[str]) -> dict[str, str]:
    """Return why the generator rejected files, by file name."""
    return {
        match[1].rpartition("/")[2]: match[2]
        for complaint in complaints
        if (match := _UNCONVERTED.search(complaint))
    }
