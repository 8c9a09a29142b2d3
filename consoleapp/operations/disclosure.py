"""What of an operation only those see who may also act on its account.

A viewer sees that a unit was written or an image built, not the text: what a secret is in it nobody
can tell for sure, and the file itself is for operators as well.
"""

from typing import Any

from consoleapp.i18n.sentences import in_language
from consoleapp.operations.models import Operation

TEXTS = frozenset(("text", "containerfile", "files", "yaml", "certificate"))
"""Parameters that are whole files."""
HIDDEN = "only shown to operators"


def parameters(operation: Operation, *, operates: bool) -> dict[str, Any]:
    """Its parameters for somebody who may act on its account, or who may only look."""
    given: dict[str, Any] = operation.parameters
    if operates:
        return given
    hidden = in_language(HIDDEN)
    return {name: hidden if name in TEXTS and value else value for name, value in given.items()}
