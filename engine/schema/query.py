"""The base class of all queries, which read from an engine without changing anything."""

from typing import ClassVar

from pydantic import model_validator

from engine.schema.parameters import Model, Role, whole_characters


class Query(Model):
    """The base class of all queries. `query` is its name on the wire."""

    _whole = model_validator(mode="before")(whole_characters)

    query: ClassVar[str]
    role: ClassVar[Role] = Role.VIEWER
    duplex: ClassVar[bool] = False
    """Takes input while it answers (a terminal)."""
