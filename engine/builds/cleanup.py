"""Clean up after an interrupted build.

A RUN step works in one of Buildah's containers, which stays when `podman build` is killed. It
writes files as other ids of the account, and only the account's user namespace can remove them.
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
    """Return the id of a secret that every step of the build may mount and none does."""
    return f"berth-{build}"


async def tidy(podman: Podman, options: list[str], build: UUID, place: Path) -> None:
    """Remove a build's working containers, and the files of other ids below `place`."""
    await _remove_working_containers(podman, options, build)
    if (place / "tmp").is_dir() and any((place / "tmp").iterdir()):
        # Never descend into a mounted file system: it belongs to an image.
        await _quietly(["podman", "unshare", "rm", "-rf", "--one-file-system", str(place / "tmp")])


async def tidy_all(podman: Podman, options: list[str], files: Path) -> None:
    """Do the same for all builds that ran when an engine died. `files` is its spool."""
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
    """Find the containers by the mark: Buildah stores a build's options with each of them."""
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
