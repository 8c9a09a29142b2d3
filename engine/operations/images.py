"""Operations on images that are in the account's store."""

import json
from typing import Any

from engine.operations import image_names
from engine.operations.containers import pruned
from engine.operations.context import Work
from engine.operations.image_names import path
from engine.schema import images as schema
from engine.schema.containers import Pruned
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.parameters import Result


async def remove(work: Work, parameters: schema.ImageRemove) -> schema.ImagesRemoved:
    """Remove one name, and the image with its last name."""
    if not work.noted and await work.podman.exists(path(parameters.image)):
        work.note(parameters.image)
    try:
        async with work.names:
            answer = await work.podman.call(
                "DELETE",
                path(parameters.image),
                params={"force": "true" if parameters.force else "false"},
            )
    except EngineError as error:
        if work.noted and error.report.code is ErrorCode.NOT_FOUND:
            answer = {}  # the first try got so far, before Podman or the engine died
        elif "in use by" in error.report.message or "used by" in error.report.message:
            raise await _with_users(work, parameters.image, error) from error
        else:
            raise
    return schema.ImagesRemoved(
        summary=f"{parameters.image} was removed.",
        untagged=answer.get("Untagged") or [],
        deleted=answer.get("Deleted") or [],
        warnings=[str(text) for text in answer.get("Errors") or []],
    )


async def prune(work: Work, parameters: schema.ImagePrune) -> Pruned:
    """Remove what has no name (or, with `all`, no container)."""
    async with work.names:
        answer = await work.podman.call(
            "POST", "/images/prune", params={"all": "true" if parameters.all else "false"}
        )
    return pruned(answer, "image")


async def tag(work: Work, parameters: schema.ImageTag) -> Result:
    """Give it one more name."""
    async with work.names:
        identity = await image_names.id_of(work, parameters.image)
        await image_names.give(work, parameters.tag, identity)
    return Result(summary=f"{parameters.image} is also called {parameters.tag}.")


async def untag(work: Work, parameters: schema.ImageUntag) -> Result:
    """Take names away."""
    async with work.names:
        # By its id, since the name that it was asked for by may be one of those that go.
        identity = work.noted or await image_names.id_of(work, parameters.image)
        work.note(identity)
        for name in parameters.tags:
            await image_names.take(work, name, identity, again=bool(work.noted))
    return Result(summary=f"{', '.join(parameters.tags)}: taken away from {parameters.image}.")


async def _with_users(work: Work, image: str, error: EngineError) -> EngineError:
    """The same error with the names of the containers, where Podman only gives ids."""
    # By its id: they may use it by another of its names.
    identity = str((await work.podman.call("GET", path(image, "json")))["Id"])
    rows: list[dict[str, Any]] = await work.podman.call(
        "GET",
        "/containers/json",
        params={"all": "true", "filters": json.dumps({"ancestor": [identity]})},
    )
    names = ", ".join(row["Names"][0] for row in rows or [])
    report = error.report
    return EngineError(
        report.code, report.message, f"Used by {names}. {report.remedy}" if names else report.remedy
    )
