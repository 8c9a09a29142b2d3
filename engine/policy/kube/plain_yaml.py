"""Parse a YAML dialect so plain that all readers agree on it.

Podman reads the same text with another library. Where the two might differ (aliases, tags, merge
keys, directives, duplicate keys, unusual characters or positions), the whole text is refused. Every
scalar is a string here; only a missing value is None.
"""

import re
from collections.abc import Iterator
from typing import Any

# PyYAML with its C parser: Podman's parser is a translation of the same libyaml.
import yaml

from engine.schema.messages import msg

Value = dict[str, "Value"] | list["Value"] | str | None
LARGEST = 64 * 1024
_MOST_EVENTS = 5_000
_DEEPEST = 24
_ODD_CHARACTERS = re.compile(
    "[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\uffef\U00010000-\U0010ffff]"
)
_IN_FLOW = re.compile(r"[A-Za-z0-9_./@+-]*")


class Unclear(ValueError):
    """Raised for a text that cannot be evaluated. The message is worded like a violation."""


def documents(text: str) -> list[Value]:
    """Return the documents of a text. Raises Unclear."""
    text = text.replace("\r\n", "\n")
    if len(text) > LARGEST:
        raise Unclear(msg("YAML of more than %(largest)s KiB", largest=LARGEST // 1024))
    if found := _ODD_CHARACTERS.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise Unclear(msg("YAML with a tab or an odd character (line %(line)s)", line=line))
    if re.search(r"^%", text, re.M):
        raise Unclear(msg("YAML with a directive (%)"))
    try:
        return list(_documents(_counted(text)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f", line {_line(mark)}" if mark else ""
        raise Unclear(
            msg("What is no YAML (%(problem)s%(place)s)", problem=error.problem, place=place)
        ) from error
    except yaml.YAMLError as error:
        raise Unclear(msg("What is no YAML")) from error


def _counted(text: str) -> Iterator[yaml.Event]:
    for number, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        if number > _MOST_EVENTS:
            raise Unclear(msg("YAML with so many values"))
        yield event


def _documents(events: Iterator[yaml.Event]) -> Iterator[Value]:
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            yield _value(next(events), events, 0, flow=False)


def _value(event: yaml.Event, events: Iterator[yaml.Event], depth: int, *, flow: bool) -> Value:
    line = _line(event.start_mark)
    if depth > _DEEPEST:
        raise Unclear(msg("YAML that is so deep (line %(line)s)", line=line))
    if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) or event.anchor:
        raise Unclear(msg("YAML with an anchor or an alias (line %(line)s)", line=line))
    if event.tag is not None:
        raise Unclear(msg("YAML with a tag (line %(line)s)", line=line))
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event, line, flow=flow)
    flow = flow or bool(event.flow_style)
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Value] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_value(event, events, depth + 1, flow=flow))
        return items
    found: dict[str, Value] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        line = _line(event.start_mark)
        key = _value(event, events, depth + 1, flow=flow)
        if not isinstance(key, str) or "\n" in key or key == "<<":
            raise Unclear(msg("YAML with a key that is no plain word (line %(line)s)", line=line))
        if key in found:
            raise Unclear(
                msg("YAML that says %(key)s twice (line %(line)s)", key=key[:80], line=line)
            )
        found[key] = _value(next(events), events, depth + 1, flow=flow)
    return found


def _scalar(event: yaml.ScalarEvent, line: int, *, flow: bool) -> str | None:
    text = str(event.value)
    if event.style:  # quoted, or a block
        return text
    if _line(event.end_mark) != line:
        raise Unclear(
            msg("YAML with a text that goes on without quotes (line %(line)s)", line=line)
        )
    if flow and not _IN_FLOW.fullmatch(text):
        raise Unclear(f"YAML with a text that needs quotes between {{}} or [] (line {line})")
    return None if text in ("", "~", "null") else text


def _line(mark: Any) -> int:
    return int(mark.line) + 1
