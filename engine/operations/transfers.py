"""Operations between registries, by Skopeo: nothing goes through the account's store."""

import os
import tempfile
from pathlib import Path

from engine.adapters import skopeo
from engine.adapters.registry_api import open_registry, split
from engine.operations.work import Report, Work
from engine.queries.remote import digest_at, plan
from engine.schema import transfers as schema
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.progress import Progress, Step


async def copy(work: Work, parameters: schema.ImageCopy) -> schema.ImageCopied:
    """Copy one image, or a whole list. Cancelling kills Skopeo; the tag is written last."""
    digest = await _copy(parameters, work.report)
    return schema.ImageCopied(
        summary=f"{parameters.destination} is {digest}.",
        digest=digest,
        destination=parameters.destination,
    )


async def _copy(parameters: schema.ImageCopy, report: Report) -> str:
    with tempfile.TemporaryDirectory(prefix="berth-copy-") as place:
        file = Path(place) / "digest"
        argv = parameters.command()
        argv[2:2] = ["--digestfile", os.fspath(file)]
        steps: dict[str, Step] = {}

        def hear(line: str) -> None:
            kind, _, rest = line.partition(" sha256:")
            if kind in ("Copying blob", "Copying config"):
                digest = rest.split()[0][:12] if rest else "?"
                steps[digest] = Step(id=digest, label=digest, status=kind)
            elif not line.startswith(("Copying", "Writing", "Getting", "Storing")):
                return
            report(
                Progress(
                    message=line[:200],
                    unit="steps",
                    current=len(steps),
                    steps=list(steps.values())[-40:],
                )
            )

        report(Progress(message=f"Asking for {parameters.source}"))
        await skopeo.run(argv, hear)
        return file.read_text().strip()


async def sync(work: Work, parameters: schema.ImageSync) -> schema.ImagesSynced:
    """Copy each tag that is new or changed; a tag that fails ends it, those before stay."""
    work.report(Progress(message=f"Comparing {parameters.source} with {parameters.destination}"))
    rows = await plan(parameters.source, parameters.destination, parameters.pattern, seconds=None)
    chosen = set(parameters.tags)
    rows = [row for row in rows if not chosen or row[0] in chosen]
    wanted = [tag for tag, state, _ in rows if state != "same"]
    for done, tag in enumerate(wanted):
        one = schema.ImageCopy(
            source=f"{parameters.source}:{tag}", destination=f"{parameters.destination}:{tag}"
        )

        def report(progress: Progress, done: int = done, tag: str = tag) -> None:
            message = f"{tag}: {progress.message}"
            work.report(Progress(message=message, unit="steps", current=done, total=len(wanted)))

        await _copy(one, report)
    same = [tag for tag, state, _ in rows if state == "same"]
    return schema.ImagesSynced(
        summary=f"{len(wanted)} copied, {len(same)} were the same.", copied=wanted, same=same
    )


async def delete_remote(work: Work, parameters: schema.ImageDeleteRemote) -> schema.RemoteDeleted:
    """Delete what the tag means, by its digest; other tags of the same digest go with it."""
    name, _, digest = parameters.image.partition("@")
    head, slash, last = name.rpartition("/")
    repository_name, _, tag = last.partition(":")
    place = f"{head}{slash}{repository_name}"
    registry, repository = split(place)
    async with open_registry(registry, repository) as api:
        found = await digest_at(api, repository, digest or tag or "latest")
    if not found:
        raise EngineError(
            ErrorCode.NOT_FOUND, f"{parameters.image} is not there.", "It may be gone already."
        )
    if parameters.digest and parameters.digest != found:
        raise EngineError(
            ErrorCode.CONFLICT,
            f"{parameters.image} means another image by now ({found}); nothing was deleted.",
            "Look at it again before you delete it.",
        )
    argv = parameters.command()
    argv[-1] = f"docker://{place}@{found}"
    await skopeo.run(argv)
    return schema.RemoteDeleted(summary=f"{place}@{found} was deleted.", digest=found)
