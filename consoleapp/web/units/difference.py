"""The differences between two texts, as lines that a page can color."""

import difflib
from dataclasses import dataclass

from django.utils.translation import gettext as _

from engine.schema.unit_names import redacted

MOST_LINES = 5_000
_AROUND = 4


@dataclass(frozen=True)
class Line:
    """One line: kept, added, removed, or gap (omitted lines that are equal on both sides)."""

    change: str
    text: str
    before: int | None = None
    after: int | None = None
    """Line numbers in the old and the new text."""


def lines(old: str, new: str) -> list[Line]:
    """Compare the new text with the old one, with some lines around each change; [] if equal.

    Secrets are compared, but masked in the result.
    """
    matcher = difflib.SequenceMatcher(None, _split(old), _split(new), autojunk=False)
    before, after = _split(redacted(old)), _split(redacted(new))
    found: list[Line] = []
    shown_to = 0
    for group in matcher.get_grouped_opcodes(_AROUND):
        if group[0][1] > shown_to:
            found.append(_gap(group[0][1] - shown_to))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                found += [
                    Line("kept", before[i1 + n], i1 + n + 1, j1 + n + 1) for n in range(i2 - i1)
                ]
                continue
            found += [Line("removed", before[n], n + 1, None) for n in range(i1, i2)]
            found += [Line("added", after[n], None, n + 1) for n in range(j1, j2)]
        shown_to = group[-1][2]
    if found and shown_to < len(before):
        found.append(_gap(len(before) - shown_to))
    return found[:MOST_LINES]


def _split(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _gap(count: int) -> Line:
    return Line("gap", _("%(number)d lines are the same") % {"number": count})
