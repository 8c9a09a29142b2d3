"""Skopeo: images in registries. Credentials come from the account's auth file, never from argv."""

import json
import re
from typing import Any

from engine.podman.errors import understand
from engine.process import programs
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg

INSPECT_SECONDS = 8.0
RUN_SECONDS = 600.0
SLOW = msg("The registry is slow or does not answer. Try again later.")
_LEVEL = re.compile(r'level=(fatal|error) msg="(?P<words>.*)"$')


async def inspect(reference: str, *, config: bool = False) -> dict[str, Any]:
    """Return `skopeo inspect --raw` (the manifest), or the configuration. Raises EngineError."""
    flags = ["--config", "--raw"] if config else ["--raw"]
    ended = await programs.run(
        *("skopeo", "inspect", *flags, "--", f"docker://{reference}"),
        seconds=INSPECT_SECONDS,
        late=SLOW,
    )
    _need(ended)
    try:
        data = json.loads(ended.output)
    except ValueError as error:
        raise EngineError(
            ErrorCode.INVALID, msg("%(reference)s is described in no JSON.", reference=reference)
        ) from error
    if not isinstance(data, dict):
        raise EngineError(
            ErrorCode.INVALID,
            msg("%(reference)s is described in no JSON object.", reference=reference),
        )
    return data


async def run(argv: list[str]) -> None:
    """Run a Skopeo command to its end. Raises EngineError with Skopeo's own last words."""
    _need(await programs.run(*argv, seconds=RUN_SECONDS, late=SLOW))


def _need(ended: programs.Done) -> None:
    if ended.status:
        raise understand(
            last_error(ended.errors)
            or msg("skopeo ended with status %(status)s.", status=ended.status)
        )


def last_error(errors: str) -> str:
    """Return the text of its last fatal line."""
    lines = [line for line in errors.splitlines() if line.strip()]
    if not lines:
        return ""
    found = _LEVEL.search(lines[-1])
    return found["words"].replace('\\"', '"') if found else lines[-1]
