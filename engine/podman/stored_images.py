"""Read parts of an image's configuration from storage that Podman's inspect omits."""

import base64
import json
from pathlib import Path
from typing import Any

from engine.schema.messages import msg

_LARGEST = 8 * 1024 * 1024


class Unreadable(Exception):
    """Raised if storage has no such image, or it is unreadable."""


def later_steps(root: Path, driver: str, identity: str) -> list[str]:
    """Return the ONBUILD steps of an image, by its id. Raises Unreadable.

    Podman ignores the case of names and merges duplicate objects, so every list of that name
    counts, wherever it is.
    """
    name = base64.b64encode(f"sha256:{identity}".encode()).decode()
    try:
        with (root / f"{driver}-images" / identity / f"={name}").open("rb") as opened:
            text = opened.read(_LARGEST + 1)
        if len(text) > _LARGEST:
            raise Unreadable(msg("its configuration is too large"))
        found: list[Any] = []

        def look(pairs: list[tuple[str, Any]]) -> None:
            found.extend(value for key, value in pairs if key.lower() == "onbuild" and value)

        json.loads(text, object_pairs_hook=look)
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    return [
        str(step) for steps in found for step in (steps if isinstance(steps, list) else [steps])
    ]
