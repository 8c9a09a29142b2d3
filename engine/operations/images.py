"""Operations on images that are in the account's store."""

import json
from typing import Any
from urllib.parse import quote

from engine.operations.containers import pruned
from engine.operations.work import Work
from engine.schema import images as schema
from engine.schema.containers import Pruned
from engine.schema.errors import EngineError
from engine.schema.parameters import Result


def path(image: str, action: str = "") -> str:
    """The image's place in Podman's API."""
    return f"/images/{quote(image, safe='')}" + (f"/{action}" if action else "")


async def remove(work: Work, parameters: schema.ImageRemove) -> schema.ImagesRemoved:
    """Remove one name, and the image with its last name."""
    try:
        answer = await work.podman.call(
            "DELETE",
            path(parameters.image),
            params={"force": "true" if parameters.force else "false"},
        )
    except EngineError as error:
        if "in use by" in error.report.message or "used by" in error.report.message:
            raise await _with_users(work, parameters.image, error) from error
        raise
    return schema.ImagesRemoved(
        summary=f"{parameters.image} was removed.",
        untagged=answer.get("Untagged") or [],
        deleted=answer.get("Deleted") or [],
        warnings=[str(text) for text in answer.get("Errors") or []],
    )


async def prune(work: Work, parameters: schema.ImagePrune) -> Pruned:
    """Remove what has no name (or, with `all`, no container)."""
    answer = await work.podman.call(
        "POST", "/images/prune", params={"all": "true" if parameters.all else "false"}
    )
    return pruned(answer, "image")


async def tag(work: Work, parameters: schema.ImageTag) -> Result:
    """Give it one more name."""
    await work.podman.call("POST", path(parameters.image, "tag"), params=named(parameters.tag))
    return Result(summary=f"{parameters.image} is also called {parameters.tag}.")


async def untag(work: Work, parameters: schema.ImageUntag) -> Result:
    """Take names away."""
    for name in parameters.tags:
        await work.podman.call("POST", path(parameters.image, "untag"), params=named(name))
    return Result(summary=f"{', '.join(parameters.tags)}: taken away from {parameters.image}.")


def named(reference: str) -> dict[str, str]:
    """The parameters `repo` and `tag` of a name."""
    repository, _, tagged = reference.rpartition(":")
    if not repository or "/" in tagged:
        return {"repo": reference, "tag": "latest"}
    return {"repo": repository, "tag": tagged}


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
