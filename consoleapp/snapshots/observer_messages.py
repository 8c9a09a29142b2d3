"""What the console's other processes tell an observer. From Redis, so it can only cost work."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from engine.schema.parameters import Model

Short = Annotated[str, StringConstraints(max_length=600)]


class Wake(Model):
    """An account is looked at, an operation of it moved (`ended`: it is over), or all is wanted."""

    account: int
    why: Literal["watched", "operation", "refresh"]
    kind: Short = ""
    ended: bool = False
    objects: Annotated[list[Short], Field(max_length=10)] = []
    """Names or ids of what the operation was about."""
