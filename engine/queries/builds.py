"""The output of builds."""

from collections.abc import AsyncIterator

from engine.builds import build_log
from engine.podman.client import Podman
from engine.schema.queries import BuildLines, LogLine


async def log(_: Podman, query: BuildLines) -> AsyncIterator[LogLine]:
    """Yield the log of one build; with `follow`, until the build ends."""
    async for line in build_log.reading(query.build, follow=query.follow):
        yield line
