"""Files that come with an operation, or come of it.

A kind that takes uploads has their ids among its parameters and says so in `Parameters.uploads()`;
one that makes a file for a download has a result that extends `Produced`. The transport is then
the same for all kinds: see consoleapp/files/__init__.py.
"""

from typing import Annotated

from pydantic import Field

from engine.schema.parameters import Result


class Produced(Result):
    """A file that the operation made; the console fetches it when the operation succeeded."""

    file_name: str = ""
    """What to call it when it is saved. Never a path."""
    file_size: Annotated[int, Field(ge=0, lt=2**50)] = 0
    """Bytes."""
    file_sha256: str = ""
