"""Image names that Podman accepts, and why it refuses others.

Grammar: github.com/distribution/reference, with an optional registry.
"""

import re
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from engine.schema.messages import msg
from engine.schema.parameters import IMAGE_NAME

TRANSPORTS = {
    "docker", "docker-archive", "docker-daemon", "oci", "oci-archive", "dir", "sif", "ostree",
    "containers-storage", "tarball", "atomic",
}  # fmt: skip
M = TypeVar("M", bound=BaseModel)
LONGEST_NAME = 255
_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
_DOMAIN = re.compile(
    r"(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
    r"(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
)
_PART = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")


def split_domain(name: str) -> tuple[str, str]:
    """Split a name into its registry ("" for a short name) and its path."""
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return "", name


def refusal(text: str) -> str:
    """Return why Podman refuses a name, or "" if it accepts it."""
    scheme, colon, rest = text.partition(":")
    if colon and scheme in TRANSPORTS and (scheme != "docker" or rest.startswith("//")):
        return refusal(rest[2:]) if scheme == "docker" else ""
    if _ID.fullmatch(text):
        return ""
    if "://" in text:
        return msg("Podman refuses this name: write it without %(scheme)s://", scheme=scheme)
    named, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        return msg("Podman refuses this name: a digest is like sha256: and 64 hexadecimal digits")
    path, _, last = named.rpartition("/")
    last, colon, tag = last.partition(":")
    if colon and not _TAG.fullmatch(tag):
        return msg("Podman refuses this name: what follows the colon is no tag")
    domain, repository = split_domain(f"{path}/{last}" if path or named.startswith("/") else last)
    if repository != repository.lower():
        return msg("Podman refuses this name: repository name must be lowercase")
    if (domain and not _DOMAIN.fullmatch(domain)) or not all(
        _PART.fullmatch(part) for part in repository.split("/")
    ):
        return msg("Podman refuses this name: invalid reference format")
    if len(f"{domain}/{repository}".lstrip("/")) > LONGEST_NAME:
        return msg("Podman refuses this name: a name has at most 255 characters")
    return ""


def checked(parameters: M) -> M:
    """Return the same parameters, or raise ValidationError at each field with a refused image name.

    Use this for new requests only. The models accept more, so that stored and delivered parameters
    stay readable.
    """
    faults: list[InitErrorDetails] = []
    for field, facts in type(parameters).model_fields.items():
        if not _holds_names(facts.annotation, facts.metadata):
            continue
        value = getattr(parameters, field)
        for name in value if isinstance(value, list) else [value]:
            if name is not None and (reason := refusal(name)):
                error = PydanticCustomError("image_name", "{reason}", {"reason": reason})
                faults.append({"type": error, "loc": (field,), "input": name})
    if faults:
        raise ValidationError.from_exception_data(type(parameters).__name__, faults)
    return parameters


def _holds_names(annotation: Any, metadata: list[Any]) -> bool:
    return IMAGE_NAME in metadata or any(
        _holds_names(each, list(getattr(each, "__metadata__", ()))) for each in get_args(annotation)
    )
