"""Messages of other processes to an observer. They come from Redis, so they can only cost work."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from engine.schema.parameters import Model

Short = Annotated[str, StringConstraints(max_length=600)]


class ObserverMessage(Model):
    """A user looks at an account, an operation moved (`ended`), or everything must be reread."""

    account: int
    why: Literal["watched", "operation", "refresh"]
    kind: Short = ""
    ended: bool = False
    objects: Annotated[list[Short], Field(max_length=10)] = []
    """Names or ids of the operation's objects."""
