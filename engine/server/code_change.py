"""Notice that the engine's code was replaced, so that the engine ends after its last operation.

Whoever upgrades Berth need not know the engines: each checks its own code while it runs.
"""

import asyncio
import logging
from pathlib import Path

from engine.schema.version import CODE, on_disk, signature

LOOK_EVERY = 10.0
log = logging.getLogger(__name__)


async def replaced(running: str, code: Path = CODE) -> None:
    """Return once the code on disk differs from `running` and is completely copied."""
    before: object = None
    other = ""
    while True:
        try:
            now = signature(code)
            if now != before or other:
                there = on_disk(code)
                if other and there == other and now == before:
                    return
                before, other = now, there if there != running else ""
        except OSError as error:
            log.warning("the engine's code cannot be read: %s", error)
        await asyncio.sleep(LOOK_EVERY)
