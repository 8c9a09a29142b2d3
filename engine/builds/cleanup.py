"""What a build that was cut short leaves behind, and how it goes.

A RUN step works in a container of Buildah's, which stays when `podman build` is killed, and writes
as other ids of the account, whose files only its own user namespace may remove.
"""

import logging
from contextlib import aclosing
from pathlib import Path
from uuid import UUID

from engine.podman import api
from engine.podman.client import Podman
from engine.process import programs

log = logging.getLogger(__name__)


def mark(build: UUID) -> str:
    """The id of a secret that every step of the build may mount and none does."""
    return f"berth-{build}"


async def tidy(podman: Podman, options: list[str], build: UUID, place: Path) -> None:
    """Remove the working containers of a build, and from its work `place` what others own."""
    await _remove_working_containers(podman, options, build)
    if (place / "tmp").is_dir() and any((place / "tmp").iterdir()):
        # Never into a file system that is mounted there: that would be an image's own.
        await _quietly(["podman", "unshare", "rm", "-rf", "--one-file-system", str(place / "tmp")])


async def tidy_all(podman: Podman, options: list[str], files: Path) -> None:
    """The same for all builds that were at work when an engine died; `files` is its spool."""
    for place in files.glob("*/work/tmp"):
        await tidy(podman, options, UUID(place.parents[1].name), place.parent)


async def _quietly(argv: list[str]) -> None:
    try:
        async with aclosing(programs.lines(argv)) as lines:
            async for line in lines:
                log.info("%s: %s", argv[1], line)
    except programs.Failure as failure:
        log.warning("%s: %s", " ".join(argv[:3]), failure)


async def _remove_working_containers(podman: Podman, options: list[str], build: UUID) -> None:
    """Buildah keeps the options of a build with each of its containers, so the mark is there."""
    store = (await api.info(podman))["store"]
    folder = Path(store["graphRoot"]) / f"{store['graphDriverName']}-containers"
    marked = mark(build).encode()
    for state in folder.glob("*/userdata/buildah.json"):
        try:
            ours = marked in state.read_bytes()
        except FileNotFoundError:
            continue
        if ours:
            container = state.parent.parent.name
            await _quietly(["podman", *options, "rm", "--force", "--", container])
