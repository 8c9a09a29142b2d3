"""Files that an operation consumes or produces.

A kind that consumes uploads has their ids among its parameters and returns them from
`Parameters.uploads()`. A kind that produces a download has a result that extends `Produced`. All
kinds use the same transport: see consoleapp/files/__init__.py.
"""

from typing import Annotated

from pydantic import Field

from engine.schema.parameters import Result


class Produced(Result):
    """A file that the operation produced. The console fetches it when the operation succeeds."""

    file_name: str = ""
    """The suggested name for saving it. Never a path."""
    file_size: Annotated[int, Field(ge=0, lt=2**50)] = 0
    """Bytes."""
    file_sha256: str = ""
