"""Add, remove, and verify names of images in the account's storage.

Podman reads all names of an image, then writes them all (libimage's Tag and Untag), so two
simultaneous changes lose one. `Work.names` is the account's lock for them. Slow operations (a pull,
a build) do not hold it. Instead, they check their own names at the end, under the lock, and add
lost ones again.
"""

from typing import Any

from engine.operations.context import OperationContext
from engine.podman import api
from engine.policy import image_names
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg

TRIES = 3
"""The number of attempts, since a shell may change names as well."""


def named(reference: str) -> tuple[str, str]:
    """Split a name into repository and tag."""
    repository, _, tagged = reference.rpartition(":")
    if not repository or "/" in tagged:
        return reference, "latest"
    return repository, tagged


async def id_of(context: OperationContext, image: str) -> str:
    """Return the id of an image, or of a manifest list. Raises EngineError."""
    return str((await _look_up(context, image))["Id"])


async def image_id(context: OperationContext, image: str) -> str:
    """Return the id of an image, or "" if it does not exist."""
    try:
        return await id_of(context, image)
    except EngineError as error:
        if error.report.code is ErrorCode.NOT_FOUND:
            return ""
        raise


async def ensure(context: OperationContext, name: str, identity: str) -> None:
    """Add the image's name again if another change has lost it. Raises EngineError."""
    async with context.names:
        if not await _has(context, name, identity):
            await give(context, name, identity)


async def give(context: OperationContext, name: str, identity: str) -> None:
    """Name an image, under the lock. Raises EngineError if it then lacks the name."""
    for _ in range(TRIES):
        await api.tag_image(context.podman, identity, *named(name))
        if await _has(context, name, identity):
            return
    raise _lost(
        msg(
            "%(name)s was given to %(identity)s, and was gone again at once.",
            name=name,
            identity=identity[:12],
        )
    )


async def take(context: OperationContext, name: str, identity: str, *, again: bool) -> None:
    """Remove a name, under the lock. `again`: the first attempt may have removed it."""
    if again and not await _has(context, name, identity):
        return
    for _ in range(TRIES):
        if await is_list(context, identity):
            await _take_from_list(context, name, identity)
        else:
            await api.untag_image(context.podman, identity, *named(name))
        if not await _has(context, name, identity):
            return
    raise _lost(
        msg(
            "%(name)s was taken away from %(identity)s, and was there again at once.",
            name=name,
            identity=identity[:12],
        )
    )


async def _take_from_list(context: OperationContext, name: str, identity: str) -> None:
    """Remove a name of a list, but never its last one. Raises EngineError."""
    names = (await _look_up(context, identity)).get("RepoTags") or []
    if _full(name) not in names:
        raise EngineError(
            ErrorCode.NOT_FOUND, msg("The manifest list has no name %(name)s.", name=name)
        )
    if len(names) == 1:
        raise EngineError(
            ErrorCode.CONFLICT,
            msg("%(name)s is the only name of this manifest list.", name=name),
            msg("Give it another name first, or remove the list."),
        )
    # Podman's call for names of images would look for this one at the image in the list.
    await api.remove_manifest(context.podman, name)


async def is_list(context: OperationContext, image: str) -> bool:
    """Return whether it is a manifest list.

    For most of Podman's calls, a list's name or id means the image in it that fits this host.
    """
    return await api.manifest_exists(context.podman, image)


async def _look_up(context: OperationContext, image: str) -> dict[str, Any]:
    """Return the `Id` and `RepoTags` of an image, or of a manifest list. Raises EngineError."""
    if await is_list(context, image):
        for row in await api.list_images(context.podman):
            identity = image.removeprefix("sha256:")
            if row["Id"].startswith(identity) or _full(image) in (row.get("RepoTags") or []):
                return row
    return await api.inspect_image(context.podman, image)


async def _has(context: OperationContext, name: str, identity: str) -> bool:
    found = await _look_up(context, identity)
    return _full(name) in (found.get("RepoTags") or [])


def _full(name: str) -> str:
    """Return the name in Podman's stored form."""
    full = ":".join(named(name))
    host, slash, rest = full.partition("/")
    if not slash or not image_names.registry_of(full):
        return f"localhost/{full}"
    if host == "docker.io" and "/" not in rest:
        return f"docker.io/library/{rest}"
    return full


def _lost(message: str) -> EngineError:
    return EngineError(
        ErrorCode.CONFLICT,
        message,
        msg("Another program changes the names of this image: try again when it has ended."),
    )
