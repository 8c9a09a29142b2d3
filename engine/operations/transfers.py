"""Operations between registries with Skopeo. Nothing passes through the account's storage."""

import os
import tempfile
from pathlib import Path

from engine.operations.context import OperationContext, Report, Unsettled
from engine.podman import image_copy, skopeo
from engine.process.cancellation import heed
from engine.queries.remote_images import digest_at, plan
from engine.registries.registry_api import open_registry, split
from engine.schema import transfers as schema
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import joined, msg
from engine.schema.progress import Progress

_MOST_IN_A_ROW = 3
_MOST_NAMED = 20


async def copy(context: OperationContext, parameters: schema.ImageCopy) -> schema.ImageCopied:
    """Copy an image, or a whole list. Cancelling ends Skopeo; the tag is written last."""
    digest = await _copy(context, parameters, context.report)
    return schema.ImageCopied(
        summary=msg(
            "%(destination)s is %(digest)s.", destination=parameters.destination, digest=digest
        ),
        digest=digest,
        destination=parameters.destination,
    )


async def _copy(context: OperationContext, parameters: schema.ImageCopy, report: Report) -> str:
    with tempfile.TemporaryDirectory(prefix="berth-copy-") as place:
        file = Path(place) / "digest"
        argv = parameters.command()
        argv[2:2] = ["--digestfile", os.fspath(file)]
        message = msg("Copying %(source)s", source=parameters.source)
        await image_copy.copy(
            *(argv, message, report, context.files.workplace(context.id)),
            lambda words: file.exists() and bool(file.read_text().strip()),
        )
        return file.read_text().strip()


async def sync(context: OperationContext, parameters: schema.ImageSync) -> schema.ImagesSynced:
    """Copy each tag that is new or changed.

    If a tag fails, the others are still copied, unless several fail in a row: then the registry is
    at fault. Raises EngineError that names the failed tags.
    """
    await context.podman.registry_files.require()
    context.report(
        Progress(
            message=msg(
                "Comparing %(source)s with %(destination)s",
                source=parameters.source,
                destination=parameters.destination,
            )
        )
    )
    rows = await plan(parameters.source, parameters.destination, parameters.pattern, seconds=None)
    chosen = set(parameters.tags)
    rows = [row for row in rows if not chosen or row[0] in chosen]
    wanted = [tag for tag, state, _ in rows if state != "same"]
    copied: list[str] = []
    failed: dict[str, EngineError] = {}
    in_a_row = 0
    for done, tag in enumerate(wanted):
        one = schema.ImageCopy(
            source=f"{parameters.source}:{tag}", destination=f"{parameters.destination}:{tag}"
        )

        def report(progress: Progress, done: int = done, tag: str = tag) -> None:
            message = msg("%(tag)s: %(message)s", tag=tag, message=progress.message)
            context.report(
                Progress(
                    message=message,
                    unit="steps",
                    current=done,
                    total=len(wanted),
                    steps=progress.steps,
                )
            )

        try:
            await _copy(context, one, report)
            copied.append(tag)
            in_a_row = 0
            heed()
        except EngineError as error:
            failed[tag] = error
            in_a_row += 1
            if in_a_row == _MOST_IN_A_ROW:
                break
    if failed:
        raise _partly(wanted, copied, failed)
    same = [tag for tag, state, _ in rows if state == "same"]
    return schema.ImagesSynced(
        summary=msg(
            "%(copied)s copied, %(same)s were the same.", copied=len(copied), same=len(same)
        ),
        copied=copied,
        same=same,
    )


def _partly(wanted: list[str], copied: list[str], failed: dict[str, EngineError]) -> EngineError:
    first = next(iter(failed.values())).report
    reasons = joined(
        (
            msg("%(tag)s: %(message)s", tag=tag, message=error.report.message)
            for tag, error in failed.items()
        ),
        "; ",
    )
    left = len(wanted) - len(copied) - len(failed)
    return EngineError(
        first.code,
        (
            msg(
                "%(copied)s of %(wanted)s tags were copied%(copied2)s. Failed: %(reasons)s The "
                "other %(left)s were not tried: one after the other failed.",
                copied=len(copied),
                wanted=len(wanted),
                copied2=_named(copied),
                reasons=reasons,
                left=left,
            )
            if left
            else msg(
                "%(copied)s of %(wanted)s tags were copied%(copied2)s. Failed: %(reasons)s",
                copied=len(copied),
                wanted=len(wanted),
                copied2=_named(copied),
                reasons=reasons,
            )
        ),
        joined([first.remedy, msg("Synchronising again copies only what is missing.")]),
    )


def _named(tags: list[str]) -> str:
    if not tags:
        return ""
    more = f" and {len(tags) - _MOST_NAMED} more" if len(tags) > _MOST_NAMED else ""
    return f" ({', '.join(tags[:_MOST_NAMED])}{more})"


async def delete_remote(
    context: OperationContext, parameters: schema.ImageDeleteRemote
) -> schema.RemoteDeleted:
    """Delete the image behind a tag by its digest. All tags of the digest are deleted with it."""
    await context.podman.registry_files.require()
    name, _, digest = parameters.image.partition("@")
    head, slash, last = name.rpartition("/")
    repository_name, _, tag = last.partition(":")
    place = f"{head}{slash}{repository_name}"
    found = context.noted or await _digest(place, digest or tag or "latest")
    if not found:
        raise EngineError(
            ErrorCode.NOT_FOUND,
            msg("%(image)s is not there.", image=parameters.image),
            msg("It may be gone already."),
        )
    if parameters.digest and parameters.digest != found:
        raise EngineError(
            ErrorCode.CONFLICT,
            msg(
                "%(image)s means another image by now (%(found)s); nothing was deleted.",
                image=parameters.image,
                found=found,
            ),
            msg("Look at it again before you delete it."),
        )
    if not context.noted or await _is_there(place, found):
        context.note(found)
        argv = parameters.command()
        argv[-1] = f"docker://{place}@{found}"
        try:
            await skopeo.run(argv)
        except EngineError:
            # The registry may have deleted it, and its answer may have been lost.
            if await _is_there(place, found):
                raise
    return schema.RemoteDeleted(
        summary=msg("%(place)s@%(found)s was deleted.", place=place, found=found), digest=found
    )


async def _digest(place: str, tag: str) -> str:
    registry, repository = split(place)
    async with open_registry(registry, repository) as api:
        return await digest_at(api, repository, tag)


async def _is_there(place: str, digest: str) -> bool:
    """Return whether the registry still has it. Raises Unsettled if it does not answer."""
    try:
        return bool(await _digest(place, digest))
    except EngineError as error:
        raise Unsettled from error
