"""Operations on manifest lists."""

from typing import Any

from engine.operations.context import OperationContext, Unsettled
from engine.operations.pushes import to_registry
from engine.podman import api
from engine.podman.image_copy import copy
from engine.process.cancellation import heed, unstoppable
from engine.schema import manifests as schema
from engine.schema.errors import EngineError, ErrorCode, Unanswered
from engine.schema.images import ImagePushed
from engine.schema.messages import msg
from engine.schema.progress import Progress

_ABOUT_TO = msg("about to be created")


async def create(
    context: OperationContext, parameters: schema.ManifestCreate
) -> schema.ManifestMade:
    """Create a list. Raises EngineError if the name is taken. On failure, nothing remains."""
    async with context.names:
        if await _listed(context, parameters.name) is None:  # otherwise, Podman refuses it below
            context.note(_ABOUT_TO)
        identity = await _podman(context, "create", "--", parameters.name)
        context.note(identity)
    return await _fill(context, parameters, identity)


async def resume_create(
    context: OperationContext, parameters: schema.ManifestCreate
) -> schema.ManifestMade:
    """Continue with the list that was created, or create it.

    Raises Unsettled for a list of that name that somebody else may have created.
    """
    if not context.noted:
        return await create(context, parameters)
    if await _listed(context, parameters.name) is None:
        try:
            return await create(context, parameters)
        except EngineError as error:
            # The program that the dead engine started may have finished only now.
            if error.report.code is not ErrorCode.CONFLICT:
                raise
    listed = await _listed(context, parameters.name)
    identity = await _identity(context, parameters.name)
    if identity != context.noted and (context.noted != _ABOUT_TO or listed):
        raise Unsettled
    context.note(identity)
    return await _fill(context, parameters, identity)


async def _fill(
    context: OperationContext, parameters: schema.ManifestCreate, identity: str
) -> schema.ManifestMade:
    try:
        heed()
        for image in parameters.images:
            # `create` itself would look for them in a registry.
            await _podman(
                context, *schema.ManifestAdd(name=parameters.name, image=image).command()[2:]
            )
            heed()
    except Unanswered:
        raise  # recovery continues it
    except BaseException:
        await unstoppable(_podman(context, "rm", "--", parameters.name))
        raise
    count = len(parameters.images)
    return schema.ManifestMade(
        summary=(
            msg("%(name)s was made with %(count)s image.", name=parameters.name, count=count)
            if count == 1
            else msg("%(name)s was made with %(count)s images.", name=parameters.name, count=count)
        ),
        name=parameters.name,
        list_id=identity,
    )


async def add(context: OperationContext, parameters: schema.ManifestAdd) -> schema.ManifestMade:
    """Add an image. For a remote one, fetch only the manifest."""
    context.report(Progress(message=msg("Adding %(image)s", image=parameters.image)))
    answer = await _podman(context, *parameters.command()[2:])
    return schema.ManifestMade(
        summary=msg("%(image)s is in %(name)s.", image=parameters.image, name=parameters.name),
        name=parameters.name,
        list_id=answer,
    )


async def remove(
    context: OperationContext, parameters: schema.ManifestRemove
) -> schema.ManifestMade:
    """Remove an image by its digest."""
    listed = await _listed(context, parameters.name)
    if context.noted and listed is None:
        raise Unsettled  # somebody has removed the list since
    if not context.noted or parameters.digest in (listed or []):
        if parameters.digest in (listed or []):
            context.note(parameters.digest)
        await _podman(context, "remove", "--", parameters.name, parameters.digest)
    return schema.ManifestMade(
        summary=msg(
            "%(digest)s is not in %(name)s any more.",
            digest=parameters.digest[:19],
            name=parameters.name,
        ),
        name=parameters.name,
        list_id=await _identity(context, parameters.name),
    )


async def push(context: OperationContext, parameters: schema.ManifestPush) -> ImagePushed:
    """Copy the list and, with `all`, its images to a registry."""
    # Always set it: by default, Podman 4 pushes only the list and Podman 5 everything.
    every = f"--all={'true' if parameters.all else 'false'}"
    return await to_registry(context, ["manifest", "push", every], parameters)


async def _listed(context: OperationContext, name: str) -> list[str] | None:
    """Return the digests in a list, or None if there is no local list of that name."""
    if not await api.manifest_exists(context.podman, name):
        return None
    found: dict[str, Any] = await api.inspect_manifest(context.podman, name)
    return [str(each["digest"]) for each in found.get("manifests") or []]


async def _identity(context: OperationContext, name: str) -> str:
    rows = await api.list_images(context.podman, filters={"reference": [name]})
    return str(rows[0]["Id"]) if rows else ""


async def _podman(context: OperationContext, *words: str) -> str:
    """Run `podman manifest …`. Return its last word, the list's id. The API differs by version."""
    output = await copy(
        ["podman", *context.podman_options, "manifest", *words],
        msg("Working on the list"),
        context.report,
        context.files.workplace(context.id),
        bool,
    )
    return output[-1].split()[0].removesuffix(":") if output else ""
