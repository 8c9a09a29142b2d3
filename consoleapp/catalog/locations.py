"""Where a template's `${name}` may occur in a container's parameters, and what may replace it.

A value is put into an already parsed field and never parsed again, so it cannot become another
option, another mount, or another host path. `$${` is a literal `${`.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

PLACE = re.compile(r"\$\$\{|\$\{([^{}]*)\}")
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
# The following argument is a program: for a shell, Perl, Ruby, Python, Node.js, a database.
_PROGRAM = re.compile(
    r"-[A-Za-z]*c|-[A-Za-z]{0,2}[eE]|--?(?:eval|exec|execute|command|init-command)"
)
_PHP = re.compile(r"(?:^|[/-])php[0-9.]*$")
_NAMES = {"name", "hostname"}
_WHOLE = {"memory", "cpus", "pids", "stop_timeout"}
Location = tuple[str | int, ...]


class Misplaced(ValueError):
    """Raised for a forbidden place or value, at `location`."""

    def __init__(self, location: Location, sentence: str) -> None:
        super().__init__(sentence)
        self.location = location


def texts(values: Any, at: Location = ()) -> Iterator[tuple[Location, str]]:
    """Yield every text in the (JSON) values, with its location."""
    if isinstance(values, str):
        yield at, values
    elif isinstance(values, Mapping):
        for key, value in values.items():
            yield from texts(value, (*at, str(key)))
    elif isinstance(values, list):
        for number, value in enumerate(values):
            yield from texts(value, (*at, number))


def named(text: str) -> list[str]:
    """Return the parameters in the text."""
    return [match[1] for match in PLACE.finditer(text) if match[1] is not None]


def whole(text: str) -> str:
    """Return the parameter if the text consists of exactly one placeholder, else ""."""
    match = PLACE.fullmatch(text)
    return (match[1] or "") if match else ""


def check(run: Mapping[str, Any], location: Location, text: str, *, programs: bool = True) -> None:
    """Raise Misplaced if a parameter may not occur here.

    Without `programs`, one may be part of a program, as in versions saved earlier.
    """
    alone = bool(whole(text))
    match location:
        case ("image",) | ("labels" | "environment", str()):
            return
        case (str() as field,) if field in _NAMES:
            return
        case (str() as field,) if field in _WHOLE:
            if not alone:
                raise Misplaced(location, _("A parameter must be the whole of this value."))
        case ("command_line" | "entrypoint", int() as number):
            if not alone and not re.match(r"-{0,2}[A-Za-z0-9_-]+=\$\{[^{}]*\}$", text):
                raise Misplaced(
                    location, _("A parameter is a whole argument, or all that follows `--option=`.")
                )
            if programs:
                option = "" if alone else text.partition("=")[0]
                _check_is_no_program(run, location, number, option)
        case ("ports", int(), "host_port" | "container_port"):
            if not alone:
                raise Misplaced(location, _("A parameter must be the whole of a port."))
        case ("volumes", int(), "source"):
            if "/" in text:
                raise Misplaced(location, _("A parameter cannot be part of a path on the host."))
        case ("volumes", int(), "target"):
            return
        case _:
            raise Misplaced(location, _("A parameter cannot stand here."))


def _check_is_no_program(
    run: Mapping[str, Any], location: Location, number: int, option: str
) -> None:
    """Raise Misplaced for the text of a program, where the value would be code.

    `option` is "" for a separate argument, whose option precedes it.
    """
    before = [str(word) for word in run[str(location[0])][:number]]
    if location[0] == "command_line" and isinstance(run.get("entrypoint"), list):
        before = [*map(str, run["entrypoint"]), *before]
    programs = [*before[:1], str(run.get("image") or "").rpartition(":")[0]]
    if not option:
        option = next((word for word in reversed(before) if word != "--"), "")
    is_php = option == "-r" and any(_PHP.search(each) for each in programs)
    if is_php or _PROGRAM.fullmatch(option):
        text = _("What follows %(option)s is a program: give the value in a variable instead.")
        if option.endswith("c") and not option.startswith("--"):
            text = _("What follows -c is read by a shell: give the value in a variable instead.")
        raise Misplaced(location, text % {"option": option})


def put(
    location: Location,
    text: str,
    values: Mapping[str, str],
    numeric: set[str],
    chosen: Collection[str] = (),
) -> str:
    """Return the text with the values inserted. Raises Misplaced for a value of the wrong kind.

    `numeric` are the parameters that are numbers. `chosen` are those whose value the template's
    author wrote: a choice, or the default.
    """
    for name in named(text):
        is_image = location == ("image",) and name in chosen and bool(whole(text))
        if not is_image:
            _check_value(location, text, values[name], is_number=name in numeric)
    return PLACE.sub(
        lambda match: "${" if match[1] is None else values[match[1]],
        text,
    )


def _check_value(location: Location, text: str, value: str, *, is_number: bool) -> None:
    match location:
        case ("image",) if whole(text):
            # Only the author chooses a registry.
            if "/" in value or ".." in value:
                raise Misplaced(
                    location,
                    _("An image's name without a registry, such as redis:7, can stand here."),
                )
            return
        case ("image",):
            # With a slash or a colon in it, `redis:${tag}` could be another registry's image.
            wanted = _("Only letters, digits, and . _ - can stand in an image's name.")
        case ("volumes", *_):
            wanted = _("Only letters, digits, and . _ - can stand in a volume.")
        case ("command_line" | "entrypoint", int()) if whole(text) and not is_number:
            if value.startswith("-"):
                raise Misplaced(location, _("This may not begin with a dash."))
            return
        case _:
            return
    if not _WORD.fullmatch(value) or ".." in value:
        raise Misplaced(location, wanted)
