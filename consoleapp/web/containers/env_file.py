"""Parse the text of an .env file by python-dotenv's rules: quotes, escapes, comments, `export`.

Nothing is expanded: `$NAME` in a value stays.
"""

import io
import re

from django.utils.translation import gettext as _
from dotenv.parser import parse_stream

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def read_env(text: str) -> tuple[dict[str, str], str]:
    """Return the variables of an .env file's text, and the error ("" for none)."""
    found: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        line = binding.original.line + _blank_lines(binding.original.string)
        if binding.error:
            message = _("Line %(number)d is not NAME=value, or a quote in it has no end.")
            return found, message % {"number": line}
        if binding.key is None:
            continue  # a comment, or blank lines
        if binding.value is None or not _NAME.fullmatch(binding.key):
            return found, _("Line %(number)d is not NAME=value.") % {"number": line}
        found[binding.key] = binding.value
    return found, ""


def _blank_lines(text: str) -> int:
    """Return the number of blank lines at the start, which belong to what follows."""
    return text[: len(text) - len(text.lstrip())].count("\n")
