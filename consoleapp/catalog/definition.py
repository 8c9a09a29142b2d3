"""A version of a template: its parameters, and the container created from them."""

import copy
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, cast

from django.utils.translation import gettext as _
from pydantic import (
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from consoleapp.catalog import locations
from consoleapp.catalog.parameters import (
    ChoiceParameter,
    NumberParameter,
    Parameter,
    PortParameter,
    SecretParameter,
    WrongValue,
)
from consoleapp.i18n.model_errors import for_reader
from engine.schema import image_names
from engine.schema.containers import ContainerRun
from engine.schema.parameters import SECRET_WORDS, URL_WITH_PASSWORD, Model
from engine.schema.run_line import size

OWN_LABELS = "berth."
"""The prefix of labels that only Berth writes."""
TYPES = ("text", "number", "choice", "port", "secret")
_SAMPLE_PORT = 20_000


class Wrong(ValueError):
    """Raised with everything that is wrong: sentences by location."""

    faults: dict[locations.Location, str]

    def __init__(self, faults: Mapping[Any, str]) -> None:
        super().__init__("; ".join(faults.values()))
        self.faults = dict(faults)


class Contents(Model):
    """`run` has ContainerRun's fields. Texts may contain parameters (`${name}`)."""

    description: Annotated[str, StringConstraints(max_length=20_000)] = ""
    """Markdown."""
    icon: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")] = "box"
    """The name of a Tabler icon."""
    parameters: Annotated[list[Parameter], Field(max_length=50)] = []
    run: dict[str, JsonValue]

    @model_validator(mode="after")
    def _makes_sense(self, info: ValidationInfo) -> "Contents":
        is_kept = bool(info.context and info.context.get("kept"))
        if faults := {**_faults_of_names(self), **_faults_of_places(self, is_kept=is_kept)}:
            raise Wrong(faults)
        _check_run(self)
        return self

    def allots(self, values: Mapping[str, str]) -> list[tuple[int, PortParameter | None]]:
        """Return the indexes in `run.ports` whose host port is allotted, with their parameter."""
        known = {each.name: each for each in self.parameters}
        found: list[tuple[int, PortParameter | None]] = []
        for index, port in enumerate(_ports(self.run)):
            given = port.get("host_port")
            parameter = known.get(locations.whole(given)) if isinstance(given, str) else None
            if given is None and port.get("length", 1) == 1:
                found.append((index, None))
            elif isinstance(parameter, PortParameter) and not values.get(parameter.name):
                found.append((index, parameter))
        return found


def summary_of(description: str) -> str:
    """Return a description's first line without Markdown syntax."""
    line = next((each for each in description.splitlines() if each.strip()), "")
    line = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", line)
    return re.sub(r"[#*_`>]", "", line).strip()[:300]


def parse(data: Any, *, kept: bool = False) -> Contents:
    """Return the contents from JSON or YAML. Raises Wrong.

    A `kept` version can be displayed and edited even if it could not be saved now; a launch does
    not set `kept`.
    """
    try:
        return Contents.model_validate(data, context={"kept": kept})
    except ValidationError as error:
        faults: dict[locations.Location, str] = {}
        for fault in error.errors(include_url=False, include_input=False):
            cause = fault.get("ctx", {}).get("error")
            if isinstance(cause, Wrong):
                faults |= cause.faults
                continue
            # pydantic adds the tag of the parameter union to the path.
            place = tuple(p for n, p in enumerate(fault["loc"]) if not (n == 2 and p in TYPES))
            faults[place] = for_reader(fault)
        raise Wrong(faults) from None


def read_values(contents: Contents, typed: Mapping[str, str]) -> dict[str, str]:
    """Return typed values as fields get them; "" for a port to allot. Raises Wrong, by name."""
    values, faults = {}, {}
    known = {each.name for each in contents.parameters}
    for name in typed:
        if name not in known:
            faults[("values", name)] = _("The template has no such parameter.")
    for each in contents.parameters:
        text = typed.get(each.name, "")
        if not isinstance(each, SecretParameter):
            text = text.strip(" ") or getattr(each, "default", "")
        if not text:
            if getattr(each, "required", False):
                faults[("values", each.name)] = _("Fill this in.")
            values[each.name] = ""
            continue
        try:
            values[each.name] = each.read(text)
        except WrongValue as error:
            faults[("values", each.name)] = str(error)
    if faults:
        raise Wrong(faults)
    return values


def fill(
    contents: Contents,
    values: Mapping[str, str],
    ports: Mapping[int, int],
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return ContainerRun's fields in JSON, with `values` inserted and `ports` by index.

    A variable whose parameter is empty is omitted. Raises Wrong.
    """
    run = copy.deepcopy(contents.run)
    numeric = {e.name for e in contents.parameters if isinstance(e, NumberParameter)}
    chosen = {
        e.name
        for e in contents.parameters
        if isinstance(e, ChoiceParameter) or values.get(e.name) == getattr(e, "default", None)
    }
    faults: dict[locations.Location, str] = {}
    for location, text in locations.texts(contents.run):
        *parents, last = location
        inside: Any = run
        for step in parents:
            inside = inside[step]
        names = locations.named(text)
        if location[0] == "ports" and names and not values.get(names[0]):
            inside[last] = None
            continue
        if locations.whole(text) and not values.get(names[0]) and len(location) == 1:
            inside.pop(last)
            continue
        if locations.whole(text) and not values.get(names[0]) and location[0] == "environment":
            inside.pop(last)
            continue
        try:
            filled = locations.put(location, text, values, numeric, chosen)
            inside[last] = size(filled) if location == ("memory",) else filled
        except locations.Misplaced as error:
            # Reported where the user typed it.
            faults[("values", names[0])] = str(error)
        except ValueError:
            faults[("values", names[0]) if names else location] = _("A size such as 512m or 2g.")
    if faults:
        raise Wrong(faults)
    for index, port in ports.items():
        cast(Any, run["ports"])[index]["host_port"] = port  # checked by the model
    return {**run, **(more or {})}


def container(filled: dict[str, Any], model: type[ContainerRun] = ContainerRun) -> ContainerRun:
    """Return the typed container. Raises Wrong, by location in `run`."""
    try:
        return image_names.checked(model.model_validate(filled))
    except ValidationError as error:
        raise Wrong(_by_location(error)) from None


def _by_location(error: ValidationError) -> dict[locations.Location, str]:
    faults: dict[locations.Location, str] = {}
    for fault in error.errors(include_url=False, include_input=False):
        faults[("run", *fault["loc"])] = for_reader(fault)
    return faults


def _ports(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    ports = run.get("ports")
    return [port for port in ports if isinstance(port, dict)] if isinstance(ports, list) else []


def _faults_of_names(contents: Contents) -> dict[locations.Location, str]:
    faults: dict[locations.Location, str] = {}
    known: set[str] = set()
    used = {name for _, text in locations.texts(contents.run) for name in locations.named(text)}
    for number, each in enumerate(contents.parameters):
        if each.name in known:
            faults[("parameters", number, "name")] = _("Two parameters are called %(name)s.") % {
                "name": each.name
            }
        elif each.name not in used:
            faults[("parameters", number, "name")] = _(
                "Nothing uses it: write %(place)s where its value belongs."
            ) % {"place": f"${{{each.name}}}"}
        known.add(each.name)
    return faults


def _faults_of_places(contents: Contents, *, is_kept: bool) -> dict[locations.Location, str]:
    known = {each.name: each for each in contents.parameters}
    faults: dict[locations.Location, str] = {}
    labels = contents.run.get("labels")
    for key in labels if isinstance(labels, dict) else ():
        if key.startswith(OWN_LABELS):
            faults[("run", "labels", key)] = _("Labels that begin with berth. are Berth's own.")
    for location, text in locations.texts(contents.run):
        names = locations.named(text)
        # Before any other error, which would quote a part of it.
        if fault := _secret_fault(location, text, known):
            faults[("run", *location)] = fault
            continue
        for name in names:
            if name not in known:
                faults[("run", *location)] = _(
                    "There is no parameter %(name)s. Write %(plain)s for the plain text."
                ) % {"name": repr(name), "plain": f"$${{{name}}}"}
        if names and ("run", *location) not in faults:
            try:
                locations.check(contents.run, location, text, programs=not is_kept)
            except locations.Misplaced as error:
                faults[("run", *location)] = str(error)
        if fault := _port_fault(location, text, known):
            faults.setdefault(("run", *location), fault)
    return faults


def _port_fault(location: locations.Location, text: str, known: Mapping[str, Any]) -> str:
    is_port = location[0] == "ports" and location[-1] == "host_port"
    for name in locations.named(text):
        if isinstance(known.get(name), PortParameter) and not is_port:
            return _("A port parameter can only be a host port.")
    return ""


def _secret_fault(location: locations.Location, text: str, known: Mapping[str, Any]) -> str:
    """Return an error if a secret is anywhere but in a variable, which rows and events hide."""
    secret = any(isinstance(known.get(name), SecretParameter) for name in locations.named(text))
    if location[0] != "environment":
        return _("A secret can only be the value of an environment variable.") if secret else ""
    hidden = bool(SECRET_WORDS.search(str(location[-1])))
    if secret and not (hidden and locations.whole(text)):
        return _(
            "A secret must be the whole value of a variable whose name says that it is one "
            "(PASSWORD, TOKEN, SECRET, KEY): by that name Berth keeps it out of every log."
        )
    if not secret and text and (hidden or URL_WITH_PASSWORD.search(text)):
        return _("This looks like a secret: make it a secret parameter, typed at the launch.")
    return ""


def _check_run(contents: Contents) -> None:
    """Check that Podman accepts the fixed parts, with a sample value for each parameter."""
    try:
        sample = {each.name: sample_of(contents, each) for each in contents.parameters}
        ports = {index: _SAMPLE_PORT + n for n, (index, _) in enumerate(contents.allots(sample))}
        container(fill(contents, sample, ports))
    except Wrong:
        raise
    except (KeyError, TypeError, AttributeError, IndexError):
        raise Wrong({("run",): _("This is not what a container's parameters look like.")}) from None


def sample_of(contents: Contents, parameter: Any) -> str:
    """Return a value that the parameter might have, for checks and previews."""
    if default := getattr(parameter, "default", ""):
        return str(default)
    if isinstance(parameter, ChoiceParameter):
        return parameter.choices[0]
    if isinstance(parameter, NumberParameter):
        return str(parameter.minimum if parameter.minimum is not None else parameter.maximum or 1)
    if isinstance(parameter, PortParameter):
        return ""
    used = [
        loc
        for loc, text in locations.texts(contents.run)
        if parameter.name in locations.named(text)
    ]
    if any(loc == ("memory",) for loc in used):
        return "64m"
    numbers = ("cpus", "pids", "stop_timeout", "container_port", "host_port")
    return "1" if any(loc[-1] in numbers for loc in used) else "sample"


def as_json(contents: Contents) -> dict[str, Any]:
    """Return it for rows, files, and the API, without default values."""
    data: dict[str, Any] = json.loads(contents.model_dump_json(exclude_defaults=True))
    for kept, each in zip(data.get("parameters", []), contents.parameters, strict=True):
        kept["type"] = each.type
    return data
