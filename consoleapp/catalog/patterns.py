"""People's own regular expressions: checked by an engine whose time is linear in the value.

It is Rust's, which pydantic brings. It knows no look-around and no back-references, which are what
makes other engines slow.
"""

from functools import lru_cache
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError


class Wrong(ValueError):
    """Raised for what is no regular expression of that engine; its text says why."""


@lru_cache(maxsize=512)
def _whole(pattern: str) -> TypeAdapter[str]:
    try:
        # By itself first: what is put around it must not make something else of it.
        TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])
        return TypeAdapter(Annotated[str, StringConstraints(pattern=rf"^(?:{pattern})$")])
    except SchemaError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        said = [line for line in lines if line.startswith("error:")] or lines
        raise Wrong(said[-1].removeprefix("error:").strip()) from None


def check(pattern: str) -> None:
    """Raises Wrong."""
    _whole(pattern)


def matches(pattern: str, value: str) -> bool:
    """Whether the pattern describes all of the value. Raises Wrong."""
    adapter = _whole(pattern)
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True
