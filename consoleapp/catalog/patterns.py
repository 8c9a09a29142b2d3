"""Users' regular expressions, checked by an engine whose time is linear in the value.

It is Rust's, which comes with pydantic. It supports neither look-around nor back-references, which
make other engines slow.
"""

from functools import lru_cache
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError


class Wrong(ValueError):
    """Raised for an invalid regular expression. Its text says why."""


@lru_cache(maxsize=512)
def _whole(pattern: str) -> TypeAdapter[str]:
    try:
        # Check it alone first: the text around it must not change its meaning.
        TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])
        return TypeAdapter(Annotated[str, StringConstraints(pattern=rf"^(?:{pattern})$")])
    except SchemaError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("error:")] or lines
        raise Wrong(errors[-1].removeprefix("error:").strip()) from None


def check(pattern: str) -> None:
    """Raise Wrong if it is invalid."""
    _whole(pattern)


def matches(pattern: str, value: str) -> bool:
    """Return whether the pattern matches all of the value. Raises Wrong."""
    adapter = _whole(pattern)
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True
