"""Operations on images in the account's storage."""

from engine.operations import image_names
from engine.operations.context import OperationContext
from engine.podman import api
from engine.podman.answers import pruned
from engine.schema import images as schema
from engine.schema.containers import Pruned
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.parameters import Result

_LIST = "a manifest list"
"""Recorded instead of the name, since the list may be gone when the removal is repeated."""


async def remove(context: OperationContext, parameters: schema.ImageRemove) -> schema.ImagesRemoved:
    """Remove one name, and the image or the manifest list with its last name.

    The images in a list stay.
    """
    if context.noted:
        listed = context.noted == _LIST
    elif listed := await image_names.is_list(context, parameters.image):
        context.note(_LIST)
    elif await api.image_exists(context.podman, parameters.image):
        context.note(parameters.image)
    try:
        async with context.names:
            answer = await _remove(context, parameters, listed=listed)
    except EngineError as error:
        if context.noted and error.report.code is ErrorCode.NOT_FOUND:
            answer = {}  # the first attempt did it before Podman or the engine died
        elif "in use by" in error.report.message or "used by" in error.report.message:
            raise await _with_users(context, parameters.image, error) from error
        else:
            raise
    return schema.ImagesRemoved(
        summary=msg("%(image)s was removed.", image=parameters.image),
        untagged=answer.get("Untagged") or [],
        deleted=answer.get("Deleted") or [],
        warnings=[str(text) for text in answer.get("Errors") or []],
    )


async def _remove(
    context: OperationContext, parameters: schema.ImageRemove, *, listed: bool
) -> api.Answer:
    # Removing a list by Podman's call for images would remove the image in it instead.
    if listed:
        return await api.remove_manifest(context.podman, parameters.image)
    return await api.remove_image(context.podman, parameters.image, force=parameters.force)


async def prune(context: OperationContext, parameters: schema.ImagePrune) -> Pruned:
    """Remove images without a name (with `all`, all without a container)."""
    async with context.names:
        answer = await api.prune_images(context.podman, all=parameters.all)
    return pruned(answer, "image")


async def tag(context: OperationContext, parameters: schema.ImageTag) -> Result:
    """Add a name."""
    async with context.names:
        identity = await image_names.id_of(context, parameters.image)
        await image_names.give(context, parameters.tag, identity)
    return Result(
        summary=msg("%(image)s is also called %(tag)s.", image=parameters.image, tag=parameters.tag)
    )


async def untag(context: OperationContext, parameters: schema.ImageUntag) -> Result:
    """Remove names."""
    async with context.names:
        # By its id, since the requested name may be one of those to remove.
        identity = context.noted or await image_names.id_of(context, parameters.image)
        context.note(identity)
        for name in parameters.tags:
            await image_names.take(context, name, identity, again=bool(context.noted))
    return Result(
        summary=msg(
            "%(tags)s: taken away from %(image)s.",
            tags=", ".join(parameters.tags),
            image=parameters.image,
        )
    )


async def _with_users(context: OperationContext, image: str, error: EngineError) -> EngineError:
    """Add the names of the containers to an error in which Podman has only ids."""
    # By its id: they may use it under another name.
    identity = str((await api.inspect_image(context.podman, image))["Id"])
    rows = await api.list_containers(context.podman, filters={"ancestor": [identity]})
    names = ", ".join(row["Names"][0] for row in rows)
    report = error.report
    return EngineError(
        report.code,
        report.message,
        msg("Used by %(names)s. %(remedy)s", names=names, remedy=report.remedy)
        if names
        else report.remedy,
    )
