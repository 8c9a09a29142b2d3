"""Templates as YAML files: export, import with the line of each error, and diffs of versions."""

import difflib
from typing import Any

# PyYAML is the best maintained YAML library. Its safe loader creates only plain values.
import yaml
from django.utils.translation import gettext as _
from pydantic import ValidationError

from consoleapp.catalog.definition import Contents, Wrong, as_json, parse
from consoleapp.catalog.locations import Location
from engine.schema.characters import place_of_half
from engine.schema.parameters import Line, Model

LARGEST = 64 * 1024
FORMAT = "berth/template/1"


class TemplateFile(Model):
    """What a file contains in addition to the contents."""

    name: Line


class Unreadable(ValueError):
    """Raised for an invalid file. `faults` are sentences, each with its line."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class _Loader(yaml.SafeLoader):
    """Safe, and without aliases: a few lines of them can expand to gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML's stubs
            raise yaml.MarkedYAMLError(problem=_("aliases are not allowed"), problem_mark=mark)
        return super().compose_node(parent, index)


def write(name: str, contents: Contents) -> str:
    """Return the template as YAML."""
    return _dump({"format": FORMAT, "name": name, **as_json(contents)})


def read(text: str) -> tuple[str, Contents]:
    """Return the name and contents in a file. Raises Unreadable."""
    if len(text.encode(errors="replace")) > LARGEST:
        raise Unreadable([_("The file is larger than %(size)s KiB.") % {"size": LARGEST // 1024}])
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        _refuse_doubles(root)
        data = loader.construct_document(root) if root else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        problem = error.problem or _("this is not YAML")
        if mark is None:
            raise Unreadable([f"{problem}."]) from None
        message = _("Line %(line)s: %(problem)s.") % {"line": mark.line + 1, "problem": problem}
        raise Unreadable([message]) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Unreadable(
            [_("This is not YAML: %(problem)s.") % {"problem": str(error).splitlines()[0]}]
        ) from None
    if (place := place_of_half(data)) is not None:
        message = _("%(place)s contains half of a character (a lone surrogate).")
        raise Unreadable([message % {"place": place}])
    if not isinstance(data, dict):
        raise Unreadable([_("Line 1: a template is a mapping: name, run, parameters and others.")])
    if data.pop("format", None) != FORMAT:
        raise Unreadable(
            [_("Line 1: the first line must say `format: %(format)s`.") % {"format": FORMAT}]
        )
    try:
        name = TemplateFile(name=data.pop("name", "")).name.strip()
        if not 1 <= len(name) <= 100:
            raise Unreadable(
                [
                    _("Line %(line)s: name: from 1 to 100 characters.")
                    % {"line": _line(root, ("name",))}
                ]
            )
        return name, parse(data)
    except ValidationError:
        raise Unreadable(
            [_("Line %(line)s: name: one line of text.") % {"line": _line(root, ("name",))}]
        ) from None
    except Wrong as wrong:
        raise Unreadable(
            [
                _("Line %(line)s: %(place)s: %(sentence)s")
                % {
                    "line": _line(root, where),
                    "place": ".".join(map(str, where)) or "template",
                    "sentence": message,
                }
                for where, message in wrong.faults.items()
            ]
        ) from None


def difference(before: Contents, after: Contents) -> list[tuple[str, str]]:
    """Return the lines of a unified diff, each with its type: added, removed, place, or same."""
    lines = difflib.unified_diff(
        _dump(as_json(before)).splitlines(), _dump(as_json(after)).splitlines(), lineterm="", n=4
    )
    tones = {"+": "added", "-": "removed", "@": "place"}
    return [(tones.get(line[:1], "same"), line) for line in list(lines)[2:]]


def _dump(data: dict[str, Any]) -> str:
    return yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False
    )


class _Dumper(yaml.SafeDumper):
    """Writes multi-line text as a block, which people can read and compare."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _refuse_doubles(node: Any, depth: int = 0) -> None:
    if depth > 30:
        raise yaml.MarkedYAMLError(
            problem=_("this is nested too deep"), problem_mark=node.start_mark
        )
    if isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem=_("a key must be text"), problem_mark=key.start_mark
                )
            if key.value in keys:
                raise yaml.MarkedYAMLError(
                    problem=_("%(key)s is there twice") % {"key": key.value},
                    problem_mark=key.start_mark,
                )
            keys.add(key.value)
            _refuse_doubles(value, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            _refuse_doubles(each, depth + 1)


def _line(node: Any, location: Location) -> int:
    """Return the line of the deepest part of `location` that the file contains."""
    line = node.start_mark.line + 1
    for step in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            if step >= len(node.value):
                break
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return int(line)
