"""Details of an operation that only users who may act on its account can see.

A viewer sees that a unit was written or an image built, but not the text: nobody can tell for sure
what in it is a secret, and only operators can read the file itself.
"""

from typing import Any

from consoleapp.i18n.rendering import in_language
from consoleapp.operations.models import Operation
from engine.schema.messages import msg

TEXTS = frozenset(("text", "containerfile", "files", "yaml", "certificate"))
"""Parameters that are whole files."""
HIDDEN = msg("only shown to operators")


def parameters(operation: Operation, *, operates: bool) -> dict[str, Any]:
    """Return its parameters for a user who may act on its account, or who may only read."""
    given: dict[str, Any] = operation.parameters
    if operates:
        return given
    hidden = in_language(HIDDEN)
    return {name: hidden if name in TEXTS and value else value for name, value in given.items()}
