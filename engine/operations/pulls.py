"""`image.pull`: with a progress bar per layer, in bytes.

Podman's own pull stream has no bytes, but its Docker-compatible counterpart has. Podman 5 offers
that stream on its own endpoint. Podman 4 does not, and its compatible endpoint neither turns off
TLS verification nor resolves short names as Podman does. Such pulls show layers without bytes.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

from engine.operations import image_names
from engine.operations.context import OperationContext
from engine.podman import api
from engine.podman.client import Podman
from engine.podman.errors import understand
from engine.process.cancellation import unstoppable
from engine.schema.images import ImagePull, ImagePulled
from engine.schema.messages import msg
from engine.schema.progress import Progress, Step

_DONE = {"Download complete", "Already exists", "Pull complete"}
_NO_IMAGE = "none"
_LAST_STEP = 1.0
"""Seconds in which Podman finishes its current step, as far as anybody can tell."""


async def pull(context: OperationContext, parameters: ImagePull) -> ImagePulled:
    """Run `image.pull`. Records the image of the name before the first attempt."""
    before = context.noted or await image_names.image_id(context, parameters.image) or _NO_IMAGE
    context.note(before)
    return await pull_image(context, parameters, before)


async def pull_image(
    context: OperationContext, parameters: ImagePull, before: str = ""
) -> ImagePulled:
    """Pull the image into the account's storage. Cancelling closes the request: Podman stops.

    `before` is the id that the name had before the operation, if that is not now.
    """
    before = before or await image_names.image_id(context, parameters.image) or _NO_IMAGE
    try:
        return await _pull(context, parameters)
    except asyncio.CancelledError:
        if not await unstoppable(_has_come(context, parameters.image, before)):
            raise
        return await unstoppable(_pulled(context.podman, parameters.image, ""))


async def _pull(context: OperationContext, parameters: ImagePull) -> ImagePulled:
    present = await api.image_exists(context.podman, parameters.image)
    if parameters.policy == "missing" and present:
        return await _pulled(context.podman, parameters.image, msg("It was there already."))
    await context.podman.apply_registries()
    context.report(Progress(message=msg("Asking for %(image)s", image=parameters.image)))
    for _ in range(image_names.TRIES):
        reference = await _fetch(context, parameters, present)
        async with context.names:
            if await api.image_exists(context.podman, reference):
                break
        # A concurrent change of its names removed this one (see image_names). What is already here
        # is not fetched again.
    return await _pulled(context.podman, reference, "")


async def _has_come(context: OperationContext, image: str, before: str) -> bool:
    """Return whether a cancelled pull has completed after all.

    Podman looks between two steps whether its client has left, and does not report its end.
    """
    until = asyncio.get_running_loop().time() + _LAST_STEP
    while await image_names.image_id(context, image) in ("", before):
        if asyncio.get_running_loop().time() > until:
            return False
        await asyncio.sleep(0.1)
    return True


async def _fetch(context: OperationContext, parameters: ImagePull, present: bool) -> str:
    """Pull, and return the name under which the image is here."""
    if context.podman.major >= 5:
        return await _follow(context, parameters, present, twin=False)
    if parameters.tls_verify and _is_full(parameters.image) and not _newer(parameters, present):
        return await _follow(context, parameters, present, twin=True)
    return await _follow_words(context, parameters, present)


async def _follow(
    context: OperationContext, parameters: ImagePull, present: bool, *, twin: bool
) -> str:
    """Follow Podman's Docker-style stream: one message for each step of a layer."""
    headers = _credentials(parameters)
    if twin:
        params = {"fromImage": _tagged(parameters.image)}
        answer = api.create_image(context.podman, params, headers)
    else:
        params = _options(parameters, present) | {"compatMode": "true"}
        answer = api.pull_image(context.podman, params, headers)
    layers: dict[str, Step] = {}
    identity = ""
    async for message in _messages(answer):
        layer, status = str(message.get("id") or ""), str(message.get("status") or "")
        detail = message.get("progressDetail") or {}
        if not layer:
            continue
        if status in _DONE and layer not in layers and identity == "" and layers:
            identity = layer  # the last message contains the image's own id
            continue
        before = layers.get(layer)
        total = detail.get("total") or (before.total if before else None)
        current = detail.get("current") or (before.current if before else None)
        if status in _DONE and total:
            current = total
        layers[layer] = Step(id=layer, label=layer, status=status, current=current, total=total)
        context.report(_whole(parameters.image, layers))
    return parameters.image


async def _follow_words(context: OperationContext, parameters: ImagePull, present: bool) -> str:
    """Follow Podman 4's own stream: sentences, and the image's id at the end."""
    layers: dict[str, Step] = {}
    identity = ""
    params = _options(parameters, present)
    answer = api.pull_image(context.podman, params, _credentials(parameters))
    async for message in _messages(answer):
        identity = str(message.get("id") or identity)
        text = str(message.get("stream") or "").strip()
        kind, _, digest = text.rpartition(" sha256:")
        if kind == "Copying blob":
            layers[digest] = Step(id=digest[:12], label=digest[:12], status="Downloading")
        elif kind == "Copying config":
            layers = {
                key: step.model_copy(update={"status": "Download complete"})
                for key, step in layers.items()
            }
        if text:
            context.report(
                Progress(message=text, unit="steps" if layers else "", steps=list(layers.values()))
            )
    return identity or parameters.image


async def _messages(answer: api.Streaming) -> AsyncIterator[dict[str, Any]]:
    async with answer as response:
        async for line in response.content:
            if not line.strip():
                continue
            message = json.loads(line)
            if message.get("error"):
                raise understand(str(message["error"]))
            yield message


def _whole(image: str, layers: dict[str, Step]) -> Progress:
    known = [step for step in layers.values() if step.total]
    return Progress(
        message=msg("Pulling %(image)s", image=image),
        unit="bytes",
        current=sum(step.current or 0 for step in known),
        total=sum(step.total or 0 for step in known) or None,
        steps=list(layers.values()),
    )


async def _pulled(podman: Podman, reference: str, note: str) -> ImagePulled:
    found = await api.inspect_image(podman, reference)
    names = found.get("RepoTags") or [reference]
    name = next((each for each in names if each.endswith(reference)), names[0])
    return ImagePulled(
        summary=note or msg("%(name)s was pulled.", name=name),
        image_id=str(found["Id"]),
        reference=name,
        size=int(found.get("Size") or 0),
    )


def _credentials(parameters: ImagePull) -> dict[str, str]:
    if not parameters.username or parameters.password is None:
        return {}
    pair = {
        "username": parameters.username,
        "password": parameters.password.get_secret_value(),
    }
    return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(pair).encode()).decode()}


def _options(parameters: ImagePull, present: bool) -> dict[str, str]:
    options = {
        "reference": parameters.image,
        "policy": "newer" if _newer(parameters, present) else "always",
    }
    # Only send this to turn it off: any value overrides the host's registries.conf.
    return options if parameters.tls_verify else options | {"tlsVerify": "false"}


def _newer(parameters: ImagePull, present: bool) -> bool:
    return parameters.policy == "newer" and present


def _is_full(image: str) -> bool:
    """Return whether the name starts with a registry. Podman resolves all others."""
    first, slash, _ = image.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


def _tagged(image: str) -> str:
    last = image.rpartition("/")[2]
    return image if ":" in last or "@" in last else f"{image}:latest"
