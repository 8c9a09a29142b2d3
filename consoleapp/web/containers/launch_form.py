"""Convert the launch form's values (from a post, template, or pasted line) to ContainerRun."""

import re
import shlex
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from pydantic import ValidationError

from consoleapp.i18n.model_errors import for_reader
from consoleapp.web.containers.env_file import read_env
from consoleapp.web.text_areas import as_typed
from engine.schema import image_names
from engine.schema.containers import ContainerRun, Port
from engine.schema.parameters import REDACTED
from engine.schema.run_line import seconds, size

TEXTS = (
    "image", "name", "command_line", "entrypoint", "env_text", "user", "workdir", "hostname",
    "network", "memory", "cpus", "pids", "restart", "restart_tries", "pull", "stop_signal",
    "stop_timeout", "health_command", "health_interval", "health_timeout", "health_retries",
    "health_start_period",
)  # fmt: skip
FLAGS = ("remove", "read_only", "init", "tty", "interactive")
ROWS = {
    "environment": ("name", "value"),
    "ports": ("host_ip", "host", "container", "protocol"),
    "volumes": ("source", "target", "mode", "selinux"),
    "labels": ("name", "value"),
}
_PLACES = {"restart_tries": "restart", "health": "health_command"}


@dataclass
class Launch:
    """The form's state: texts, flags, and rows as typed, with errors at the exact field and row."""

    texts: dict[str, str] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    """By the text's name, or `ports-0` for a row; "" for errors of the whole form."""
    retype: list[str] = field(default_factory=list)
    """Variables whose secret values must be entered again."""
    places: bool = False
    """Whether a value may contain a template's parameter, `${name}`."""

    @classmethod
    def of_post(cls, post: QueryDict, *, places: bool = False) -> "Launch":
        """Return it as typed, without empty rows."""
        launch = cls(places=places)
        launch.texts = {name: as_typed(post.get(name, "")).strip() for name in TEXTS}
        launch.texts["env_text"] = as_typed(post.get("env_text", ""))  # its lines have numbers
        launch.flags = {name: name in post for name in FLAGS}
        for group, columns in ROWS.items():
            lists = [post.getlist(f"{group}-{column}") for column in columns]
            count = max(map(len, lists), default=0)
            rows = [
                {
                    c: (as_typed(values[at]) if at < len(values) else "")
                    for c, values in zip(columns, lists, strict=True)
                }
                for at in range(min(count, 500))
            ]
            launch.rows[group] = [row for row in rows if any(_essence(group, row))]
        return launch

    @classmethod
    def of_values(cls, values: dict[str, Any]) -> "Launch":
        """Return it for ContainerRun's fields in JSON (a template, past launch, or pasted line)."""
        texts = {name: str(values[name]) for name in TEXTS if values.get(name) not in (None, "")}
        texts["command_line"] = shlex.join(values.get("command_line") or [])
        entrypoint = values.get("entrypoint")
        texts["entrypoint"] = "" if entrypoint is None else shlex.join(entrypoint) or "''"
        if values.get("memory"):
            memory = values["memory"]
            texts["memory"] = _short_size(memory) if isinstance(memory, int) else str(memory)
        for name, value in (values.get("health") or {}).items():
            texts[f"health_{name}"] = str(value)
        launch = cls(texts, {name: bool(values.get(name)) for name in FLAGS})
        environment = values.get("environment") or {}
        launch.retype = [name for name, value in environment.items() if value == REDACTED]
        launch.rows = {
            "environment": [
                {"name": name, "value": "" if value == REDACTED else value}
                for name, value in environment.items()
            ],
            "ports": [_port_row(port) for port in values.get("ports") or []],
            "volumes": [_volume_row(volume) for volume in values.get("volumes") or []],
            "labels": [{"name": n, "value": v} for n, v in (values.get("labels") or {}).items()],
        }
        return launch

    def parameters(self) -> ContainerRun | None:
        """Return the typed parameters, or None with `errors` set."""
        values = self.values()
        if self.errors:
            return None
        try:
            return image_names.checked(ContainerRun.model_validate(values))
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_input=False):
                self.place(fault)
        return None

    def values(self) -> dict[str, Any]:
        """Return ContainerRun's fields, not validated yet. `errors` has what could not be read."""
        values: dict[str, Any] = {name: self.flags.get(name, False) for name in FLAGS}
        self._take_texts(values)
        self._take_rows(values)
        return values

    def _take_texts(self, values: dict[str, Any]) -> None:
        plain = ("image", "name", "user", "workdir", "hostname", "network", "cpus", "pids",
                 "restart", "restart_tries", "pull", "stop_signal", "stop_timeout")  # fmt: skip
        values |= {name: self.texts[name] for name in plain if self.texts.get(name)}
        for name in ("command_line", "entrypoint"):
            if text := self.texts.get(name):
                self._try(values, name, shlex.split, text, _("The quotes do not match."))
        if values.get("entrypoint") == [""]:
            values["entrypoint"] = []
        if text := self.texts.get("memory"):
            self._try(values, "memory", size, text, _("A size such as 512m or 2g."))
        if self.texts.get("health_command"):
            health: dict[str, Any] = {"command": self.texts["health_command"]}
            for name in ("interval", "timeout", "start_period"):
                if text := self.texts.get(f"health_{name}"):
                    self._try(
                        health, name, seconds, text, _("A time such as 30s."), f"health_{name}"
                    )
            if text := self.texts.get("health_retries"):
                health["retries"] = text
            values["health"] = health
        values.setdefault("image", "")

    def _try(
        self, into: dict[str, Any], name: str, read: Any, text: str, words: str, place: str = ""
    ) -> None:
        try:
            into[name] = text if self.places and text.startswith("${") else read(text)
        except ValueError:
            self.errors[place or name] = words

    def _take_rows(self, values: dict[str, Any]) -> None:
        pasted, bad = read_env(self.texts.get("env_text", ""))
        if bad:
            self.errors["env_text"] = bad
        environment = dict(pasted)
        for at, row in enumerate(self.rows.get("environment", [])):
            if not row["name"].strip():
                self.errors[f"environment-{at}"] = _("The variable has no name.")
            environment[row["name"].strip()] = row["value"]
        labels = {}
        for at, row in enumerate(self.rows.get("labels", [])):
            if not row["name"].strip():
                self.errors[f"labels-{at}"] = _("The label has no name.")
            labels[row["name"].strip()] = row["value"]
        values["environment"], values["labels"] = environment, labels
        values["ports"] = [
            port
            for at, row in enumerate(self.rows.get("ports", []))
            if (port := self._port(at, row)) is not None
        ]
        values["volumes"] = [
            {
                "source": row["source"].strip(),
                "target": row["target"].strip(),
                "read_only": "ro" in row["mode"].split(","),
                "selinux": row["selinux"] if row["selinux"] in ("z", "Z") else "",
                "chown": "U" in row["mode"].split(","),
            }
            for row in self.rows.get("volumes", [])
        ]

    def _port(self, at: int, row: dict[str, str]) -> dict[str, Any] | None:
        inside, host = row["container"].strip(), row["host"].strip()
        span = re.compile(r"^([0-9]{1,9})(?:-([0-9]{1,9}))?$")
        if self.places and "${" in inside + host:
            return {
                "container_port": inside,
                "host_port": host or None,
                "host_ip": row["host_ip"].strip(),
                "protocol": row["protocol"] or "tcp",
            }
        found, outside = span.match(inside), span.match(host) if host else None
        if not found or (host and not outside):
            self.errors[f"ports-{at}"] = _("A port is a number, or a range such as 8000-8010.")
            return None
        length = int(found[2] or found[1]) - int(found[1]) + 1
        if outside and int(outside[2] or outside[1]) - int(outside[1]) + 1 != length:
            self.errors[f"ports-{at}"] = _("The two ranges are not equally long.")
            return None
        if length < 1:
            self.errors[f"ports-{at}"] = _("The range ends before it begins.")
            return None
        return {
            "container_port": int(found[1]),
            "host_port": int(outside[1]) if outside else None,
            "host_ip": row["host_ip"].strip(),
            "protocol": row["protocol"] or "tcp",
            "length": length,
        }

    def place(self, fault: Any) -> None:
        """Assign one of pydantic's errors (loc, type, msg) to its field or row."""
        words = for_reader(fault)
        match fault["loc"]:
            case ("health", name, *_):
                place = f"health_{name}"
            case ("environment" | "labels" as group, str() as key, *_):
                names = [row["name"].strip() for row in self.rows.get(group, [])]
                place = f"{group}-{names.index(key)}" if key in names else "env_text"
            case (str() as group, int() as at, *_) if group in ROWS:
                place = f"{group}-{at}"
            case (str() as name, *_):
                place = _PLACES.get(name, name)
            case _:
                place = ""
        if place == "image" and fault["type"] == "string_pattern_mismatch":
            words = _("This is not an image's name, like registry.example/team/app:1.")
        self.errors.setdefault(place, words)


def _essence(group: str, row: dict[str, str]) -> list[str]:
    chosen_from_lists = {"ports": ("protocol",), "volumes": ("mode", "selinux")}
    return [v.strip() for c, v in row.items() if c not in chosen_from_lists.get(group, ())]


def _port_row(values: dict[str, Any]) -> dict[str, str]:
    if "${" in f"{values.get('host_port')}{values.get('container_port')}":
        return {
            "host_ip": values.get("host_ip", ""),
            "host": str(values.get("host_port") or ""),
            "container": str(values["container_port"]),
            "protocol": values.get("protocol", "tcp"),
        }
    port = Port.model_validate(values)

    def span(first: int | None) -> str:
        if first is None:
            return ""
        return f"{first}-{first + port.length - 1}" if port.length > 1 else str(first)

    return {
        "host_ip": port.host_ip,
        "host": span(port.host_port),
        "container": span(port.container_port),
        "protocol": port.protocol,
    }


def _volume_row(values: dict[str, Any]) -> dict[str, str]:
    mode = ",".join(
        word for word, name in (("ro", "read_only"), ("U", "chown")) if values.get(name)
    )
    return {
        "source": values.get("source", ""),
        "target": values.get("target", ""),
        "mode": mode,
        "selinux": values.get("selinux", ""),
    }


def _short_size(count: int) -> str:
    for unit, factor in (("g", 1024**3), ("m", 1024**2), ("k", 1024)):
        if count % factor == 0:
            return f"{count // factor}{unit}"
    return f"{count}b"
