"""The editor's form: the launch form's fields, and the parameters as rows of a table."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from consoleapp.catalog.definition import Contents, Wrong, as_json, parse
from consoleapp.catalog.locations import Location
from consoleapp.web.containers.launch_form import Launch
from consoleapp.web.text_areas import as_typed

COLUMNS = ("name", "type", "label", "rule", "default", "required", "help")
_PLAIN: dict[str, Any] = {
    "protocol": "tcp", "length": 1, "restart": "no", "pull": "missing", "restart_tries": "0",
}  # fmt: skip


@dataclass
class Editor:
    """The editor's state: everything as typed, with errors at their fields."""

    name: str = ""
    icon: str = "box"
    description: str = ""
    note: str = ""
    launch: Launch = field(default_factory=lambda: Launch(places=True))
    parameters: list[dict[str, str]] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    """By name, icon, description, or `parameters-0` for a row."""
    left_out: list[str] = field(default_factory=list)
    """What the template lacks of a container."""

    @classmethod
    def of_post(cls, post: QueryDict) -> "Editor":
        """Return it as typed, without empty rows."""
        lists = [post.getlist(f"parameter-{column}")[:50] for column in COLUMNS]
        rows = [
            {column: as_typed(value) for column, value in zip(COLUMNS, values, strict=True)}
            for values in zip(*lists, strict=False)
        ]
        return cls(
            name=post.get("template_name", "").strip(),
            icon=post.get("icon", "").strip() or "box",
            description=as_typed(post.get("description", "")),
            note=post.get("note", "").strip(),
            launch=Launch.of_post(post, places=True),
            parameters=[r for r in rows if r["name"].strip() or r["label"] or r["rule"]],
        )

    @classmethod
    def of_json(cls, name: str, contents: dict[str, Any]) -> "Editor":
        """Return it for contents in JSON."""
        launch = Launch.of_values(contents.get("run") or {})
        launch.places = True
        return cls(
            name=name,
            icon=contents.get("icon", "box"),
            description=contents.get("description", ""),
            launch=launch,
            parameters=[_row(each) for each in contents.get("parameters") or []],
        )

    @classmethod
    def of_contents(cls, name: str, contents: Contents) -> "Editor":
        """Return it for a version."""
        return cls.of_json(name, as_json(contents))

    def contents(self) -> Contents | None:
        """Return the contents, or None with `errors` and the launch form's errors set."""
        if not 1 <= len(self.name) <= 100:
            self.errors["name"] = _("Enter a name of 1 to 100 characters.")
        run = _compact(self.launch.values())
        parameters = [self._parameter(at, row) for at, row in enumerate(self.parameters)]
        if self.launch.errors or self.errors:
            return None
        try:
            return parse(
                {
                    "icon": self.icon,
                    "description": self.description,
                    "parameters": parameters,
                    "run": run,
                }
            )
        except Wrong as wrong:
            for location, sentence in wrong.faults.items():
                self._place(location, sentence)
        return None

    def _parameter(self, at: int, row: dict[str, str]) -> dict[str, Any]:
        kind, rule = row["type"], row["rule"].strip()
        values: dict[str, Any] = {
            "type": kind,
            "name": row["name"].strip(),
            "label": row["label"].strip(),
            "help": row["help"].strip(),
        }
        if kind in ("text", "number", "choice"):
            values["default"] = row["default"].strip(" ")
        if kind != "port":
            values["required"] = row["required"] != "no"
        if kind == "text" and rule:
            values["pattern"] = rule
        elif kind == "choice":
            values["choices"] = [each.strip() for each in rule.split("|") if each.strip()]
        elif kind in ("number", "port") and rule:
            found = re.fullmatch(r"(-?\d{1,15})?\s*(?:\.\.|–|-)\s*(-?\d{1,15})?", rule)
            if not found:
                self.errors[f"parameters-{at}"] = _("Write a range as 1-10.")
                return values
            names = ("minimum", "maximum") if kind == "number" else ("first", "last")
            values |= {n: int(v) for n, v in zip(names, found.groups(), strict=True) if v}
        return {name: value for name, value in values.items() if value not in ("", None)}

    def _place(self, location: Location, sentence: str) -> None:
        match location:
            case ("parameters", int() as at, *_):
                self.errors.setdefault(f"parameters-{at}", sentence)
            case ("run", *rest):
                if rest[:1] in (["command_line"], ["entrypoint"]):
                    rest = rest[:1]
                ended = sentence if sentence.endswith((".", "。")) else f"{sentence}."
                self.launch.place({"loc": tuple(rest), "type": "", "msg": ended})
            case ("icon" | "description" as name, *_):
                self.errors.setdefault(name, sentence)
            case _:
                self.errors.setdefault("", sentence)


def _row(parameter: dict[str, Any]) -> dict[str, str]:
    kind = parameter.get("type", "text")
    low = parameter.get("minimum", parameter.get("first"))
    high = parameter.get("maximum", parameter.get("last"))
    rule = parameter.get("pattern", "")
    if kind == "choice":
        rule = " | ".join(parameter.get("choices", []))
    elif low is not None or high is not None:
        rule = f"{'' if low is None else low}-{'' if high is None else high}"
    return {
        "name": parameter.get("name", ""),
        "type": kind,
        "label": parameter.get("label", ""),
        "rule": rule,
        "default": parameter.get("default", ""),
        "required": "yes" if parameter.get("required", True) else "no",
        "help": parameter.get("help", ""),
    }


def _compact(run: dict[str, Any]) -> dict[str, Any]:
    """Drop what means nothing: empty values and Podman's own defaults."""

    def plain(values: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value
            for name, value in values.items()
            if value not in (None, "", False) and _PLAIN.get(name) != value
        }

    kept = plain(run)
    for group in ("ports", "volumes"):
        kept[group] = [plain(row) for row in run.get(group) or []]
    for name in ("command_line", "environment", "labels", "ports", "volumes"):
        if not kept.get(name):
            kept.pop(name, None)
    return kept
