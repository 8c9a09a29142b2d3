"""Text for readers: English that keeps the msgid and the parameters it was made of.

Whoever writes a sentence calls `msg("The image %(name)s is not here.", name=name)`. The result
is a string, the English text, so that logs, audit events and programs need not know about it. Pages
translate the msgid and put the parameters in (`consoleapp/i18n/rendering.py`). Between processes
and in rows, a message with parameters is `{"msgid": …, "params": {…}}`; one without is its msgid,
a plain string. Text that others wrote, such as Podman, is a plain string, too.

An engine may be hostile, so a message that comes from one is limited in size and depth, and its
msgid has no other placeholders than `%(name)s`, each with its parameter.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    SerializationInfo,
)
from pydantic_core import CoreSchema, core_schema

LONGEST_MSGID = 2_000
LONGEST_TEXT = 8_000
"""Characters of a text; what a row or an audit event stores of it."""
MOST_PARAMS = 20
"""Placeholders of a msgid."""
DEEPEST = 8
"""Messages inside of messages, such as the reason in "Not done: …"."""
ENGLISH = {"english": True}
"""The context in which models are serialized for programs: messages as plain English text."""
_PLACE = re.compile(r"%%|%\((\w+)\)s")
_OTHER_PLACE = re.compile(r"%(?!\(\w+\)s)")
_KEYS = {"msgid", "params"}


class Message(str):
    """The English text of a message. `str()` keeps it, also of an exception that carries it."""

    msgid: str
    params: Mapping[str, str]
    depth: int
    """1 if no parameter is a message with parameters, and so on."""

    def __new__(cls, msgid: str, params: Mapping[str, str]) -> "Message":
        self = super().__new__(cls, filled(msgid, params))
        self.msgid = msgid
        self.params = params
        self.depth = 1 + max((_depth(each) for each in params.values()), default=-1)
        return self

    def __str__(self) -> str:
        return self

    def __getnewargs__(self) -> tuple[str, Mapping[str, str]]:  # type: ignore[override]
        return self.msgid, self.params


def msg(msgid: str, /, **params: object) -> Message:
    """Return the message `msgid` with `params`; those that are messages stay messages.

    `bin/translations` finds the msgid here, so it must be a literal.
    """
    return Message(msgid, {name: _nested(str(value)) for name, value in params.items()})


def _nested(text: str) -> str:
    """Return it as a parameter. What would make the message too deep is only its text."""
    return text + "" if _depth(text) >= DEEPEST else text


def _depth(text: str) -> int:
    return text.depth if isinstance(text, Message) else 0


def joined(texts: Iterable[str], separator: str = " ") -> str:
    """Return the texts that are not empty with `separator` between them, as a message."""
    found = [text for text in texts if text]
    if len(found) == 1 or not any(map(_depth, found)) or len(found) > MOST_PARAMS:
        return separator.join(found) if len(found) != 1 else found[0]
    params = {f"text{at}": text for at, text in enumerate(found, 1)}
    return msg(separator.replace("%", "%%").join(f"%({name})s" for name in params), **params)


def filled(msgid: str, params: Mapping[str, str]) -> str:
    """Return `msgid` with its parameters in their places. Without any, it stays as it is."""
    if not params:
        return msgid

    def value(match: re.Match[str]) -> str:
        return params.get(match[1], match[0]) if match[1] else "%"

    return _PLACE.sub(value, msgid)


def changed(text: str, change: Callable[[str], str]) -> str:
    """Return `text` with its msgid and parameters passed through `change`, which is idempotent.

    A plain string where the message would come out otherwise than its text.
    """
    if not isinstance(text, Message) or not text.params:
        return change(text)
    msgid = change(text.msgid)
    if places(msgid) == set(text.params):
        made = Message(msgid, {name: changed(each, change) for name, each in text.params.items()})
        if change(made) == made:
            return made
    return change(text + "")


def places(msgid: str) -> set[str]:
    """Return the names of the parameters in `msgid`."""
    return set(_PLACE.findall(msgid)) - {""}


def read(value: Any) -> str:
    """Return the text or message that `value` (JSON) is. Raises ValueError."""
    return _read(value, DEEPEST)


def _read(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping) or set(value) != _KEYS or depth == 0:
        raise ValueError("no message")
    msgid, params = value["msgid"], value["params"]
    if not isinstance(msgid, str) or not isinstance(params, Mapping):
        raise ValueError("no message")
    if len(msgid) > LONGEST_MSGID or msgid.count("%(") > MOST_PARAMS:
        raise ValueError("no message")
    if not params or places(msgid) != set(params) or _OTHER_PLACE.search(msgid.replace("%%", "")):
        raise ValueError("no message")
    found = Message(msgid, {name: _read(each, depth - 1) for name, each in params.items()})
    if len(found) > LONGEST_TEXT:
        return found[:LONGEST_TEXT]
    return found


def dump(value: Any) -> Any:
    """Return `value` (JSON) with its messages as they are stored and sent."""
    if isinstance(value, Message):
        if not value.params:
            return value.msgid
        return {"msgid": value.msgid, "params": {n: dump(v) for n, v in value.params.items()}}
    if isinstance(value, Mapping):
        return {name: dump(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [dump(each) for each in value]
    return value


def load(value: Any) -> Any:
    """Return stored or sent `value` (JSON) with its messages. What only looks like one stays."""
    if isinstance(value, list):
        return [load(each) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == _KEYS:
        try:
            return read(value)
        except ValueError:
            pass
    return {name: load(each) for name, each in value.items()}


class _Prose:
    """Make pydantic read and write messages in a field of type str."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            read,
            serialization=core_schema.plain_serializer_function_ser_schema(
                _serialized, info_arg=True, when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string"}


def _serialized(value: str, info: SerializationInfo) -> Any:
    if isinstance(info.context, Mapping) and info.context.get("english"):
        return value + ""
    return dump(value)


Prose = Annotated[str, _Prose()]
"""A field with text for readers: a plain string or a message."""

WithMessages = Annotated[
    dict[str, Any],
    AfterValidator(load),
    PlainSerializer(dump, return_type=dict[str, Any], when_used="json"),
]
"""A field with JSON whose texts may be messages."""


def cut_to(most: int) -> Callable[[str], str]:
    """Return a function that keeps messages of up to `most` characters, and cuts longer ones."""
    return lambda text: text if len(text) <= most else text[:most]
