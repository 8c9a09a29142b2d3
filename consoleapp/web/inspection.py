"""Show inspect data of any depth as rows of a tree, up to a limit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MOST_ROWS = 2_000
_DEEPEST = 24


@dataclass(frozen=True)
class Leaf:
    """One row of the tree. `value` is None for a row that only opens a branch."""

    depth: int
    name: str
    value: str | None
    tone: str = ""
    """text, number, word (true, false, null), or empty: the color of the value."""


def tree(data: Any) -> tuple[list[Leaf], bool]:
    """Return the rows of `data` in its own order, and whether some were omitted."""
    lines: list[Leaf] = []
    for line in _walk(data, 0):
        if len(lines) == MOST_ROWS:
            return lines, True
        lines.append(line)
    return lines, False


def _walk(data: Any, depth: int) -> Iterator[Leaf]:
    pairs = data.items() if isinstance(data, Mapping) else enumerate(data)
    for name, value in pairs:
        if isinstance(value, (Mapping, list)) and value and depth < _DEEPEST:
            yield Leaf(depth, str(name), None)
            yield from _walk(value, depth + 1)
        else:
            yield Leaf(depth, str(name), *_shown(value))


def _shown(value: Any) -> tuple[str, str]:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value], "word"
    if isinstance(value, (int, float)):
        return str(value), "number"
    if isinstance(value, str) and value:
        return value, "text"
    if isinstance(value, str):
        return "empty", "empty"
    return ("none" if not value else "…"), "empty"
