"""Names of systemd units and their files, and texts of files, as strictly as Berth needs them.

A file is named by its path below the account's configuration directory (~/.config), such as
`containers/systemd/web.container` or `systemd/user/container-web.service`. Berth can neither read
nor write any other file.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, PlainSerializer, SerializationInfo, StringConstraints

from engine.schema.messages import msg
from engine.schema.parameters import REDACTED, SECRET_WORDS, Text, is_secret

Style = Literal["quadlet", "generate-new", "generate-classic", "other"]
"""How a unit was created.

quadlet: from a Quadlet file. generate-new: by `podman generate systemd --new`, which creates the
container at each start. generate-classic: by `generate systemd` without --new, which starts one
existing container. other: written by hand.
"""
GeneratedStyle = Literal["quadlet", "generate-new", "generate-classic"]
SourceKind = Literal[
    "container", "pod", "volume", "network", "kube", "image", "build", "service", "timer"
]
"""The file's extension: a Quadlet's, or that of a unit file that runs Podman."""

QUADLET_FOLDER = "containers/systemd"
UNIT_FOLDER = "systemd/user"
QUADLET_KINDS = ("container", "pod", "volume", "network", "kube", "image", "build")
# systemd escapes characters that a name cannot contain as \\xNN. A name has at most 255 bytes.
_WORD = r"[a-zA-Z0-9_][a-zA-Z0-9_:.@\\-]{0,247}"
_QUADLET_FILE = re.compile(
    rf"{QUADLET_FOLDER}/(?:{_WORD}/){{0,4}}{_WORD}\.(?:{'|'.join(QUADLET_KINDS)}|ya?ml|conf)"
)
_UNIT_FILE = re.compile(rf"{UNIT_FOLDER}/(?:{_WORD}\.(?:service|timer)\.d/{_WORD}\.conf|"
                        rf"{_WORD}\.(?:service|timer))")  # fmt: skip


def _is_file(path: str) -> str:
    if ".." in path or not (_QUADLET_FILE.fullmatch(path) or _UNIT_FILE.fullmatch(path)):
        raise ValueError(
            f"not a file of the account's units: it must be {QUADLET_FOLDER}/NAME.container (or "
            f".pod, .volume, .network, .kube, .image, .build) or {UNIT_FOLDER}/NAME.service, with "
            r"letters, digits, and _ . : @ - \ in the name"
        )
    return path


_LONGEST_FILE = 500
UnitFile = Annotated[str, StringConstraints(max_length=_LONGEST_FILE), AfterValidator(_is_file)]
UnitName = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-zA-Z0-9_:.@\\-]{1,250}\.(service|timer|socket|target|path|mount|slice|scope)$",
        max_length=255,
    ),
    AfterValidator(lambda name: _never_dashed(name)),
]
Digest = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
"""The SHA-256 of a file's bytes in hexadecimal; "" for a file that does not exist."""
VersionId = Annotated[str, StringConstraints(pattern=r"^[0-9]{8}T[0-9]{12}Z-[0-9a-f]{12}$")]


def _never_dashed(name: str) -> str:
    if name.startswith(("-", ".")):
        raise ValueError(msg("a unit's name begins with a letter or a digit"))
    return name


def is_file(path: str) -> bool:
    """Return whether Berth reads and writes files of this name."""
    try:
        _is_file(path)
    except ValueError:
        return False
    return len(path) <= _LONGEST_FILE


def is_template(unit: str) -> bool:
    """Return whether it is a template unit (`worker@.service`), which only runs as instances."""
    return "@" in unit and not unit.rpartition(".")[0].partition("@")[2]


def template_of(unit: str) -> str:
    """Return the template unit of an instance: `worker@.service` of `worker@1.service`, else ""."""
    stem, dot, kind = unit.rpartition(".")
    prefix, at, instance = stem.partition("@")
    return f"{prefix}@{dot}{kind}" if prefix and at and instance else ""


def instance_of(template: str, instance: str) -> str:
    """Return the name of an instance of a template unit."""
    return template.replace("@.", f"@{instance}.", 1)


def kind_of(file: str) -> str:
    """Return the extension of a file's name."""
    return file.rpartition(".")[2]


_QUOTED = re.compile(r"""(["'])([A-Za-z_][\w.-]*)=((?:\\.|(?!\1)[^\\])*)(\1|\\?$)""")
"""An unterminated quote extends to the end of the line, so that a secret in it is found, too."""
_BARE = re.compile(r"""(?<![\w"'.-])([A-Za-z_][\w.-]*)=([^\s"']\S*)""")
_YAML_NAME = re.compile(r"""\s*(?:-\s+)?name:\s*["']?([A-Za-z_][\w.-]*)["']?\s*""")
_YAML_VALUE = re.compile(r"\s*value:\s*\S")
_KEY = re.compile(r"^\s*[A-Za-z][A-Za-z0-9-]*=")


def redacted(text: str) -> str:
    """Return a unit file's text without the values of variables that hold secrets."""

    def quoted(found: "re.Match[str]") -> str:
        quote, name, value, end = found.groups()
        return f"{quote}{name}={REDACTED if is_secret(name, value) else value}{end}"

    def bare(found: "re.Match[str]") -> str:
        name, value = found.groups()
        return f"{name}={REDACTED if is_secret(name, value) else value}"

    lines: list[str] = []
    for line in text.split("\n"):
        if lines and _is_value_of_secret(lines[-1], line):
            lines.append(f"{line.partition(':')[0]}: {REDACTED}")
            continue
        key = _KEY.match(line)
        start = key.end() if key else 0
        lines.append(line[:start] + _BARE.sub(bare, _QUOTED.sub(quoted, line[start:])))
    return "\n".join(lines)


def _is_value_of_secret(before: str, line: str) -> bool:
    """Return whether it is a secret variable's value in Kubernetes YAML, named in a line above."""
    name = _YAML_NAME.fullmatch(before)
    return bool(name and _YAML_VALUE.match(line) and SECRET_WORDS.search(name[1]))


def _reveal(value: str, info: SerializationInfo) -> str:
    context = info.context if isinstance(info.context, dict) else {}
    return value if context.get("reveal") else redacted(value)


UnitText = Annotated[Text, PlainSerializer(_reveal)]
"""The text of a file. Rows and audit events hide the values of secret variables."""
