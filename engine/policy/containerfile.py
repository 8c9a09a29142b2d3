"""Extract the requests of a Containerfile: its images, and everything that reaches outside.

It accepts a plain dialect, read as Buildah reads it. Anything ambiguous counts as the worst case.
`RUN --mount` of the types bind and cache has let builds escape to the host more than once
(CVE-2024-1753, CVE-2024-9407, CVE-2024-9675, CVE-2024-11218), so it counts as a bind mount.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from engine.policy import requests as r
from engine.schema.messages import msg

FIELD = "containerfile"
_HARMLESS_MOUNTS = {"secret", "tmpfs"}
_HARMLESS = {
    "--chown", "--chmod", "--link", "--parents", "--exclude", "--checksum", "--keep-git-dir",
}  # fmt: skip
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_HEREDOC = re.compile(r"(-?)([\"']?)([A-Za-z_][A-Za-z0-9_]*)\2")
_BLANK = " \t"


def requests(text: str, build_args: Mapping[str, str]) -> list[r.Request]:
    """Return the requests of a Containerfile's text.

    The text is read twice: as a Podman with support for here-documents reads it, and as one
    without, which takes their lines for instructions.
    """
    found = [request for description in _odd(text) for request in _worst(description)]
    for knows_documents in (True, False):
        found += _read(text, build_args, knows_documents)
    return list(dict.fromkeys(found))


def images(text: str, build_args: Mapping[str, str]) -> list[str]:
    """Return the images that it uses, without its own stages."""
    names = [each.name for each in _read(text, build_args, True) if isinstance(each, r.Image)]
    return [name for name in dict.fromkeys(names) if name and "$" not in name]


def later(steps: Iterable[str]) -> list[r.Request]:
    """Return the requests of a base image's ONBUILD steps."""
    return [request for step in steps for request in requests(step, {})]


def _read(text: str, build_args: Mapping[str, str], knows_documents: bool) -> list[r.Request]:
    found: list[r.Request] = []
    stages: list[str] = []
    """The name of each stage, "" if it has none."""
    values: dict[str, str] = {}
    for word, rest in _instructions(text, knows_documents):
        if not word.isascii():
            found += _worst(msg("An instruction %(word)s", word=f"{word[:20]!r}"))
            continue
        while word == "ONBUILD":
            word, rest = _first(rest)
        options, rest = _options(rest)
        words = rest.split()
        if word == "ARG" and not stages:
            for each in words:
                name, equals, value = each.partition("=")
                given = build_args.get(name, value.strip("\"'") if equals else "")
                # A variable that is set twice to different values is unknown.
                values[name] = given if values.get(name, given) == given else f"${name}"
        elif word == "FROM":
            image = _filled(words[0] if words else "", values)
            if image != "scratch" and image not in filter(None, stages):
                found.append(r.Image(name=image, field=FIELD))
                if "$" in image:
                    # The image's ONBUILD steps are unknown, too.
                    found += _worst(f"FROM {image}")
            stages.append(words[2] if len(words) == 3 and words[1].upper() == "AS" else "")
        elif word in ("COPY", "ADD", "RUN"):
            before = {*filter(None, stages[:-1]), *(str(at) for at in range(len(stages) - 1))}
            found += _reaching(word, options, before)
            if _documents(rest) is None:
                found += _worst(msg("%(word)s with a here-document of an odd name", word=word))
    return found


def _odd(text: str) -> Iterator[str]:
    """Find text that Buildah and this module might read differently."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    odd = sorted({letter for letter in plain if _is_odd(letter)})
    if odd:
        yield msg("A character that is not plain (U+%(odd)s)", odd=f"{ord(odd[0]):04X}")
    for line in plain.split("\n"):
        comment = line.strip()
        name, equals, _ = comment.partition("=")
        if comment.startswith("#") and equals and name.strip("# \t").lower() == "escape":
            yield msg("An escape character of one's own (# escape=)")


def _is_odd(letter: str) -> bool:
    """Return whether it is a blank that not every reader accepts, or an invisible character."""
    if letter in " \t\n":
        return False
    return letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp", "Zs")


def _worst(description: str) -> list[r.Request]:
    """Return every request that ambiguous text could make."""
    return [
        r.Raw(description=description, field=FIELD),
        r.Image(name=description, field=FIELD),
        r.Bind(source=description, field=FIELD),
    ]


def _reaching(word: str, options: list[str], stages: set[str]) -> Iterator[r.Request]:
    for option in options:
        name, _, value = option.partition("=")
        description = f"{word} {option}"
        if name == "--from":
            if value not in stages:
                yield r.Image(name=value, field=FIELD)
        elif name == "--mount":
            yield from _mount(description, value, stages)
        elif name == "--network":
            if value not in ("none", "default"):
                yield r.Namespace(kind="network", description=description, field=FIELD)
        elif name == "--security":
            yield r.Privileged(description=description, field=FIELD)
        elif name == "--device":
            yield r.Device(name=value.partition(":")[0], field=FIELD)
        elif name not in _HARMLESS:
            yield r.Raw(description=description, field=FIELD)


def _mount(description: str, value: str, stages: set[str]) -> Iterator[r.Request]:
    parts = [part.strip().partition("=")[::2] for part in value.split(",")]
    types = [given for name, given in parts if name.lower() == "type"]
    if not types or not set(types) <= _HARMLESS_MOUNTS:
        yield r.Bind(source=description, field=FIELD)
    for name, given in parts:
        if name.lower() == "from" and given not in stages:
            yield r.Image(name=given, field=FIELD)


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Substitute known variables. An unknown one stays, and is not a valid image name."""
    return _VARIABLE.sub(lambda each: values.get(each[1] or each[2]) or each[0], text.strip("\"'"))


def _options(rest: str) -> tuple[list[str], str]:
    """Return an instruction's leading options, and the rest.

    Follows Docker's parser: quotes and backslashes are removed, and a blank within quotes stays.
    """
    found: list[str] = []
    while (rest := rest.lstrip()).startswith("--"):
        option, quote, at = "", "", 0
        while at < len(rest) and (quote or not rest[at].isspace()):
            letter = rest[at]
            if letter == "\\" and at + 1 < len(rest):
                at += 1
                option += rest[at]
            elif letter == quote:
                quote = ""
            elif not quote and letter in "\"'":
                quote = letter
            else:
                option += letter
            at += 1
        rest = rest[at:]
        if option == "--":
            break
        found.append(option)
    return found, rest.strip()


def _instructions(text: str, knows_documents: bool) -> Iterator[tuple[str, str]]:
    """Yield instructions with their arguments on one line, as Buildah's parser does.

    Comments and empty lines are dropped, even within a continued line. A backslash at the end of a
    line (and blanks after it) is dropped together with the line break. If `knows_documents`, the
    lines of a here-document are skipped.
    """
    lines = iter(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"))
    for line in lines:
        if _is_empty(line):
            continue
        parts = []
        part, ends = _continued(line.lstrip(_BLANK))
        parts.append(part)
        while not ends:
            following = next(lines, None)
            if following is None:
                break
            if not _is_empty(following):
                part, ends = _continued(following)
                parts.append(part)
        word, rest = _first("".join(parts))
        yield word, rest
        if knows_documents and word in ("RUN", "COPY", "ADD"):
            for dash, name in _documents(rest) or []:
                for inside in lines:
                    if (inside.lstrip("\t") if dash else inside) == name:
                        break


def _documents(rest: str) -> list[tuple[bool, str]] | None:
    """Return an instruction's here-documents: whether to strip tabs, and the delimiter of each.

    None if readers may differ about where one ends.
    """
    found = []
    for word in rest.split():
        begun, _, name = word.lstrip("0123456789").partition("<<")
        if begun or "<<" not in word or "<" in name:
            continue
        plain = _HEREDOC.fullmatch(name)
        if not plain:
            return None
        found.append((bool(plain[1]), plain[3]))
    return found


def _is_empty(line: str) -> bool:
    shown = line.strip(_BLANK)
    return not shown or shown.startswith("#")


def _continued(line: str) -> tuple[str, bool]:
    """Return a line without its trailing backslash, and whether it ends there."""
    shown = line.rstrip(_BLANK)
    return (shown[:-1], False) if shown.endswith("\\") else (line, True)


def _first(text: str) -> tuple[str, str]:
    parts = text.split(maxsplit=1)
    return (parts[0].upper() if parts else ""), (parts[1] if len(parts) > 1 else "")
