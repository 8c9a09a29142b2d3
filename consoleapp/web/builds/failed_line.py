"""Find the line of a Containerfile that belongs to a step of its build."""

import re
from collections.abc import Mapping
from typing import Any

_WORD = re.compile(r"^\s*([A-Za-z]+)(\s|$)")
_STEP = re.compile(r"^(?:(\d+)/\d+ )?(\d+)")


def failed_line(containerfile: str, progress: Mapping[str, Any] | None) -> int | None:
    """Return the line (from 1) at which the failed step starts; None if none failed, or if unknown.

    `progress` is a build's (schema/progress.py), with steps called `3/5`, or `1/2 3/5` with stages.
    """
    steps = (progress or {}).get("steps") or []
    if not steps or not str(steps[-1]["status"]).startswith("failed"):
        return None
    called = _STEP.match(str(steps[-1]["id"]))
    if not called:
        return None
    stage, step = int(called[1] or 1), int(called[2])
    found = _stages(containerfile)
    if stage > len(found) or step > len(found[stage - 1]):
        return None  # such as a label from the form
    line, word = found[stage - 1][step - 1]
    words = str(steps[-1]["label"]).split(maxsplit=1)
    return line if words and words[0].upper() == word else None


def _stages(text: str) -> list[list[tuple[int, str]]]:
    """Return each stage's instructions (line and word), without lines before the first FROM."""
    stages: list[list[tuple[int, str]]] = []
    goes_on = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or not line.strip():
            continue  # also within a continued line
        found = None if goes_on else _WORD.match(line)
        goes_on = line.rstrip().endswith("\\")
        if not found:
            continue
        word = found[1].upper()
        if word == "FROM":
            stages.append([])
        if stages:
            stages[-1].append((number, word))
    return stages
