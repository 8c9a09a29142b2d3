"""Operations on manifest lists."""

from engine.operations.context import Work
from engine.operations.pushes import to_registry
from engine.podman.image_copy import copy
from engine.process.cancellation import heed, unstoppable
from engine.schema import manifests as schema
from engine.schema.images import ImagePushed
from engine.schema.progress import Progress


async def create(work: Work, parameters: schema.ManifestCreate) -> schema.ManifestMade:
    """A new list. Raises EngineError when the name is taken; then, as always, nothing is left."""
    async with work.names:
        answer = await _podman(work, "create", "--", parameters.name)
    try:
        heed()
        for image in parameters.images:
            # `create` itself would look for them in a registry.
            answer = await _podman(
                work, *schema.ManifestAdd(name=parameters.name, image=image).command()[2:]
            )
            heed()
    except BaseException:
        await unstoppable(_podman(work, "rm", "--", parameters.name))
        raise
    count = len(parameters.images)
    return schema.ManifestMade(
        summary=f"{parameters.name} was made with {count} image{'' if count == 1 else 's'}.",
        name=parameters.name,
        list_id=answer,
    )


async def add(work: Work, parameters: schema.ManifestAdd) -> schema.ManifestMade:
    """One more image; of a remote one only the manifest is fetched."""
    work.report(Progress(message=f"Adding {parameters.image}"))
    answer = await _podman(work, *parameters.command()[2:])
    return schema.ManifestMade(
        summary=f"{parameters.image} is in {parameters.name}.",
        name=parameters.name,
        list_id=answer,
    )


async def remove(work: Work, parameters: schema.ManifestRemove) -> schema.ManifestMade:
    """Take one out by its digest."""
    answer = await _podman(work, "remove", "--", parameters.name, parameters.digest)
    return schema.ManifestMade(
        summary=f"{parameters.digest[:19]} is not in {parameters.name} any more.",
        name=parameters.name,
        list_id=answer,
    )


async def push(work: Work, parameters: schema.ManifestPush) -> ImagePushed:
    """Copy the list, and with `all` its images, to a registry."""
    # Said always: without it, Podman 4 pushes the list alone and Podman 5 all of it.
    every = f"--all={'true' if parameters.all else 'false'}"
    return await to_registry(work, ["manifest", "push", every], parameters)


async def _podman(work: Work, *words: str) -> str:
    """The last word of `podman manifest …`: the list's id. The API's ways differ by version."""
    said = await copy(
        ["podman", *work.podman_options, "manifest", *words],
        "Working on the list",
        work.report,
        work.files.workplace(work.id),
        bool,
    )
    return said[-1].split()[0].removesuffix(":") if said else ""
