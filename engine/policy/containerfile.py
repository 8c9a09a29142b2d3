"""What a Containerfile asks for: images, and all in it that reaches out of the build.

Read more strictly than Buildah reads it: what cannot be told for certain is demanded as the worst
that it could be. `RUN --mount` of the types bind and cache has let builds out to the host more than
once (CVE-2024-1753, CVE-2024-9407, CVE-2024-9675, CVE-2024-11218), so it counts as a bind mount.
"""

import re
from collections.abc import Iterator, Mapping

from engine.policy import demands as d

FIELD = "containerfile"
_HARMLESS_MOUNTS = {"secret", "tmpfs"}
_HARMLESS = {
    "--chown", "--chmod", "--link", "--parents", "--exclude", "--checksum", "--keep-git-dir",
}  # fmt: skip
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_HEREDOC = re.compile(r"<<-?\s*[\"']?([A-Za-z_][A-Za-z0-9_]*)")


def demands(text: str, build_args: Mapping[str, str]) -> list[d.Demand]:
    """The demands of a Containerfile's text."""
    found: list[d.Demand] = []
    names: set[str] = set()
    count = 0
    values: dict[str, str] = {}
    if re.search(r"^\s*#\s*escape\s*=", text, re.I | re.M):
        found.append(d.Raw(said="An escape character of one's own (# escape=)", field=FIELD))
    for word, rest, inside in _instructions(text):
        while word == "ONBUILD":
            word, rest = _first(rest)
        options, rest = _options(rest)
        words = rest.split()
        if word == "ARG" and not count and not inside:
            for each in words:
                name, _, value = each.partition("=")
                values[name] = build_args.get(name, value.strip("\"'"))
        elif word == "FROM":
            image = _filled(words[0] if words else "", values)
            if image not in names and image != "scratch":
                found.append(d.Image(name=image, field=FIELD))
            if not inside:
                count += 1
                names |= {words[2]} if len(words) == 3 and words[1].upper() == "AS" else set()
        elif word in ("COPY", "ADD", "RUN"):
            found += _reaching(word, options, names | {str(each) for each in range(count)})
    return found


def _reaching(word: str, options: list[str], stages: set[str]) -> Iterator[d.Demand]:
    for option in options:
        name, _, value = option.partition("=")
        said = f"{word} {option}"
        if name == "--from":
            if value not in stages:
                yield d.Image(name=value, field=FIELD)
        elif name == "--mount":
            yield from _mount(said, value, stages)
        elif name == "--network":
            if value not in ("none", "default"):
                yield d.Namespace(kind="network", said=said, field=FIELD)
        elif name == "--security":
            yield d.Privileged(said=said, field=FIELD)
        elif name == "--device":
            yield d.Device(name=value.partition(":")[0], field=FIELD)
        elif name not in _HARMLESS:
            yield d.Raw(said=said, field=FIELD)


def _mount(said: str, value: str, stages: set[str]) -> Iterator[d.Demand]:
    parts = [part.strip().partition("=")[::2] for part in value.split(",")]
    types = [given for name, given in parts if name.lower() == "type"]
    if not types or not set(types) <= _HARMLESS_MOUNTS:
        yield d.Bind(source=said, field=FIELD)
    for name, given in parts:
        if name.lower() == "from" and given not in stages:
            yield d.Image(name=given, field=FIELD)


def _filled(text: str, values: Mapping[str, str]) -> str:
    """With the variables that are known; one that is not stays, and is no image's name."""
    return _VARIABLE.sub(lambda each: values.get(each[1] or each[2]) or each[0], text.strip("\"'"))


def _options(rest: str) -> tuple[list[str], str]:
    """The options that an instruction begins with, and what comes after them.

    As Docker's parser takes them: quotes and backslashes go, a blank inside of quotes stays.
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


def _instructions(text: str) -> Iterator[tuple[str, str, bool]]:
    """Instructions with their arguments on one line: comments out, continued lines joined.

    The third is whether it stands in a here-document: there it is an instruction only to a Podman
    that does not know such documents.
    """
    lines = iter(text.replace("\r\n", "\n").split("\n"))
    ends: list[str] = []
    for line in lines:
        whole = line.strip()
        if ends and whole == ends[0]:
            ends.pop(0)
            continue
        if not whole or whole.startswith("#"):
            continue
        while whole.endswith("\\") and not ends:
            following = next(lines, None)
            if following is None:
                break
            if following.strip() and not following.lstrip().startswith("#"):
                whole = f"{whole[:-1]} {following.strip()}"
        word, rest = _first(whole)
        yield word, rest, bool(ends)
        if word in ("RUN", "COPY", "ADD") and not ends:
            ends = _HEREDOC.findall(whole)


def _first(text: str) -> tuple[str, str]:
    parts = text.split(maxsplit=1)
    return (parts[0].upper() if parts else ""), (parts[1] if len(parts) > 1 else "")
