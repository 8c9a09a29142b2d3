"""Where in a container's parameters a template's `${name}` may stand, and what it may become.

A value is put into a field that was parsed before, and is never parsed again: it cannot become
another option, another mount or another path on the host. `$${` is a plain `${`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

PLACE = re.compile(r"\$\$\{|\$\{([^{}]*)\}")
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_NAMES = {"name", "hostname"}
_WHOLE = {"memory", "cpus", "pids", "stop_timeout"}
Location = tuple[str | int, ...]


class Misplaced(ValueError):
    """Raised for a place or a value that is not allowed; `location` says where."""

    def __init__(self, location: Location, sentence: str) -> None:
        super().__init__(sentence)
        self.location = location


def texts(values: Any, at: Location = ()) -> Iterator[tuple[Location, str]]:
    """Every text in the (JSON) values, with its location."""
    if isinstance(values, str):
        yield at, values
    elif isinstance(values, Mapping):
        for key, value in values.items():
            yield from texts(value, (*at, str(key)))
    elif isinstance(values, list):
        for number, value in enumerate(values):
            yield from texts(value, (*at, number))


def named(text: str) -> list[str]:
    """The parameters that the text has places for."""
    return [match[1] for match in PLACE.finditer(text) if match[1] is not None]


def whole(text: str) -> str:
    """The parameter that the text is nothing but a place for, "" when it is more or less."""
    match = PLACE.fullmatch(text)
    return (match[1] or "") if match else ""


def check(run: Mapping[str, Any], location: Location, text: str) -> None:
    """Raises Misplaced where a parameter may not stand."""
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
            words = run[str(location[0])]
            if number and re.fullmatch(r"-[a-z]*c", str(words[number - 1])):
                raise Misplaced(
                    location,
                    _("What follows -c is read by a shell: give the value in a variable instead."),
                )
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


def put(location: Location, text: str, values: Mapping[str, str], numeric: set[str]) -> str:
    """The text with the values in their places. Raises Misplaced for a value of the wrong kind."""
    for name in named(text):
        _check_value(location, text, values[name], is_number=name in numeric)
    return PLACE.sub(
        lambda match: "${" if match[1] is None else values[match[1]],
        text,
    )


def _check_value(location: Location, text: str, value: str, *, is_number: bool) -> None:
    match location:
        case ("image",) if not whole(text):
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
