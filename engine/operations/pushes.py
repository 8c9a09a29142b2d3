"""`image.push`: with a progress bar per layer, and the digest in the registry."""

import base64
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from engine.operations.context import OperationContext
from engine.podman.image_copy import copy
from engine.process.environment import runtime_directory
from engine.schema.images import ImagePush, ImagePushed
from engine.schema.manifests import ManifestPush
from engine.schema.messages import msg


async def push(context: OperationContext, parameters: ImagePush) -> ImagePushed:
    """Copy the image to a registry. Cancelling ends Podman; a retry sends what is missing."""
    return await to_registry(context, ["push"], parameters)


async def to_registry(
    context: OperationContext, words: list[str], parameters: ImagePush | ManifestPush
) -> ImagePushed:
    """Run `podman …words` with the options common to pushing images and lists."""
    with private_place() as place:
        digest = place / "digest"
        argv = ["podman", *context.podman_options, *words, f"--digestfile={digest}"]
        argv += credentials(place, parameters)
        argv += [f"--format={parameters.format}"] if parameters.format else []
        argv += [] if parameters.tls_verify else ["--tls-verify=false"]
        argv += ["--", parameters.image, f"docker://{parameters.destination}"]
        await copy(
            argv,
            msg("Pushing to %(destination)s", destination=parameters.destination),
            context.report,
            context.files.workplace(context.id),
            lambda words: bool(_read(digest)),
        )
        return ImagePushed(
            summary=msg("%(destination)s is in the registry.", destination=parameters.destination),
            reference=parameters.destination,
            digest=_read(digest),
        )


def _read(digest: Path) -> str:
    """Return what Podman has written once everything is in the registry, or ""."""
    return digest.read_text().strip() if digest.exists() else ""


@contextmanager
def private_place() -> Iterator[Path]:
    """Yield a folder that only the account can access, in memory if the host has such a place."""
    with tempfile.TemporaryDirectory(dir=runtime_directory(), prefix="push-") as place:
        yield Path(place)


def credentials(place: Path, parameters: ImagePush | ManifestPush) -> list[str]:
    """Return options for a one-time login through a file, never in argv."""
    if not parameters.username or parameters.password is None:
        return []
    registry = parameters.destination.partition("/")[0]
    return [f"--authfile={auth_file(place, registry, parameters.username, parameters.password)}"]


def auth_file(place: Path, registry: str, username: str, password: SecretStr) -> Path:
    """Write a file in the format of containers-auth.json(5) that only the account can read."""
    pair = base64.b64encode(f"{username}:{password.get_secret_value()}".encode()).decode()
    path = place / "auth.json"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"auths": {registry: {"auth": pair}}}, file)
    return path
