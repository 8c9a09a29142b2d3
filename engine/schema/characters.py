"""Lone surrogates ("halves" of characters), which a Python string can hold and UTF-8 cannot.

JSON can contain them (`"\\ud800"`), and file names that are not UTF-8 decode to them. Input that
contains one is refused. Existing text is shown with a replacement character.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

from engine.schema.messages import msg

HALF = re.compile("[\ud800-\udfff]")
REFUSAL = msg("must not contain half of a character (a lone surrogate)")


def readable(text: str) -> str:
    """Return `text` with a replacement character for each lone surrogate."""
    return HALF.sub("\N{REPLACEMENT CHARACTER}", text) if HALF.search(text) else text


def place_of_half(data: Any) -> str | None:
    """Return the dotted path of the first lone surrogate in JSON-like `data`, or None."""
    waiting: list[tuple[str, Any]] = [("", data)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str):
            if HALF.search(value):
                return place
        elif isinstance(value, Mapping):
            for name, each in value.items():
                if isinstance(name, str) and HALF.search(name):
                    return f"{place}.{readable(name)}".strip(".")
                waiting.append((f"{place}.{name}".strip("."), each))
        elif isinstance(value, (list, tuple)):
            waiting += [(f"{place}.{at}".strip("."), each) for at, each in enumerate(value)]
    return None


def as_json(model: BaseModel, *, context: Mapping[str, Any] | None = None) -> str:
    """Return the model as JSON, with a replacement character for each lone surrogate.

    `context` is for the serializers of its fields, such as `messages.ENGLISH`.
    """
    given = dict(context) if context else None
    try:
        return model.model_dump_json(context=given)
    except PydanticSerializationError:
        whole = model.model_dump(mode="json", context=given)
        return readable(json.dumps(whole, ensure_ascii=False))
