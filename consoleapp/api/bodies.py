"""Parse JSON from programs so that every text in it can be written again."""

import json
import re
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from consoleapp.api.problems import wrong
from engine.schema.characters import REFUSAL, place_of_half

_SPELLED = re.compile(rb"\\u[dD][89a-fA-F]")


class Bodies(Parser):
    """ninja's parser, which also refuses lone surrogates and reports their place."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Return the body. Raises Problem."""
        data: dict[str, Any] = json.loads(request.body)
        if _SPELLED.search(request.body) and (place := place_of_half(data)) is not None:
            raise wrong(place or "body", f"{REFUSAL[:1].upper()}{REFUSAL[1:]}.")
        return data
