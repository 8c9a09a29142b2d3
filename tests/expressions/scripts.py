"""The regular expressions of pages: in scripts, and in `pattern` attributes of templates."""

import re
from pathlib import Path

from tests.expressions.found import ROOT, Expression

# A literal starts where a value may: after one of these, never after a name or a bracket.
_LITERAL = re.compile(
    r"(?:^|[=(,:\[!&|?{;+>]|\breturn)\s*/(?![*/])((?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)/([dgimsuvy]*)"
)
_COMMENT = re.compile(r"^\s*(?://|\*|/\*)")
_ATTRIBUTE = re.compile(r"""\bpattern=(["'])(.*?)\1""")


def expressions() -> list[Expression]:
    """Return all of them, each once."""
    found = {}
    for file in sorted((ROOT / "static/js").glob("*.js")):
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            if not _COMMENT.match(line):
                for pattern, flags in _LITERAL.findall(line):
                    found[pattern, flags] = _made(file, number, pattern, flags)
    for file in sorted((ROOT / "templates").rglob("*.html")):
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            for _, pattern in _ATTRIBUTE.findall(line):
                found[pattern, "v"] = _made(file, number, f"^(?:{pattern})$", "v")
    return list(found.values())


def _made(file: Path, number: int, pattern: str, flags: str) -> Expression:
    place = f"{file.relative_to(ROOT)}:{number}"
    return Expression(place, pattern, int(re.I) if "i" in flags else 0, (flags,))
