"""`image.save` and `image.load`: write images to a download, and load them from an upload."""

import asyncio
import re
import shutil
from pathlib import Path

from engine.operations.context import OperationContext
from engine.operations.image_names import TRIES
from engine.podman import api
from engine.podman.image_archive import check, unpack
from engine.podman.image_copy import copy
from engine.schema.archives import ImageLoad, ImageLoaded, ImageSave, ImageSaved
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.progress import Progress

RESERVE = 256 * 2**20
"""Bytes of the disk that no archive may use."""
_LOADED = re.compile(r"^Loaded images?(?:\(s\))?: (.+)$")


async def save(context: OperationContext, parameters: ImageSave) -> ImageSaved:
    """Write the images to one archive and offer it as a download."""
    size, identities = 0, set()
    for image in parameters.images:
        found = await api.inspect_image(context.podman, image)
        if found["Id"] not in identities:
            identities.add(found["Id"])
            size += int(found.get("Size") or 0)
    output = context.files.output(context.id)
    _need_room(output.parent, size)
    argv = ["podman", *context.podman_options, "save", f"--format={parameters.format}"]
    argv += ["--multi-image-archive"] if len(parameters.images) > 1 else []
    argv += [f"--output={output}", "--", *parameters.images]
    await copy(argv, "Saving", context.report, context.files.workplace(context.id))
    context.report(Progress(message=msg("Taking the archive's digest")))
    made = await context.files.produced(context.id, _file_name(parameters.images))
    count = len(parameters.images)
    return ImageSaved(
        summary=msg(
            "%(images)s can be downloaded.",
            images=parameters.images[0] if count == 1 else msg("%(count)s images", count=count),
        ),
        images=parameters.images,
        **made.model_dump(include={"file_name", "file_size", "file_sha256"}),
    )


async def load(context: OperationContext, parameters: ImageLoad) -> ImageLoaded:
    """Check the archive, then let Podman load every image in it."""
    loaded = await load_archive(context, context.files.upload(context.id, parameters.archive))
    return ImageLoaded(summary=msg("Loaded: %(loaded)s.", loaded=", ".join(loaded)), images=loaded)


async def load_archive(context: OperationContext, archive: Path) -> list[str]:
    """Return the names (or ids) of the images that were loaded. Raises EngineError."""
    context.report(Progress(message=msg("Looking the archive through")))
    root = Path((await api.info(context.podman))["store"]["graphRoot"])
    room = shutil.disk_usage(root).free - RESERVE
    packed = await asyncio.to_thread(check, archive, room)
    if packed and context.podman.major < 5:  # Podman 4.3 cannot read compressed archives
        context.report(Progress(message=msg("Unpacking the archive")))
        plain = context.files.workplace(context.id) / "unpacked.tar"
        await asyncio.to_thread(unpack, archive, plain)
        archive = plain
    for _ in range(TRIES):
        names = await _load(context, archive)
        async with context.names:
            if all([await api.image_exists(context.podman, name) for name in names]):
                break
        # A concurrent change of its names removed this one (see image_names).
    return names


async def _load(context: OperationContext, archive: Path) -> list[str]:
    argv = ["podman", *context.podman_options, "load", f"--input={archive}"]
    try:
        words = await copy(
            *(argv, "Loading", context.report, context.files.workplace(context.id)),
            lambda words: any(map(_LOADED.match, words)),
        )
    except EngineError as error:
        if "does not match any of the supported image formats" not in error.report.message:
            raise
        raise EngineError(
            ErrorCode.INVALID,
            msg(
                "Podman could not read the archive: %(message)s",
                message=error.report.message[-500:],
            ),
            msg("Make it anew with `podman save` or `docker save`."),
        ) from error
    found = [match[1] for word in words if (match := _LOADED.match(word))]
    return [name.strip() for names in found for name in names.split(",")]


def _need_room(place: Path, size: int) -> None:
    free = shutil.disk_usage(place).free
    if size + RESERVE > free:
        raise EngineError(
            ErrorCode.UNAVAILABLE,
            msg(
                "The archive would have up to %(size)s bytes, and the account's disk has "
                "%(free)s left.",
                size=size,
                free=free,
            ),
            msg("Remove unused images, or save fewer at a time."),
        )


def _file_name(images: list[str]) -> str:
    first = images[0].rpartition("/")[2]
    plain = re.sub(r"[^a-zA-Z0-9._-]+", "-", first).strip(".-") or "image"
    return f"{plain[:80]}.tar" if len(images) == 1 else f"{plain[:80]}-and-others.tar"
