"""Parse image names as Podman does into registry, path, and digest."""

import re
from dataclasses import dataclass

from engine.schema import image_names

TRANSPORTS = {*image_names.TRANSPORTS, "http", "https"}
_HOST = r"(?:[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+(?::[0-9]+)?|[a-zA-Z0-9-]+:[0-9]+|localhost)"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
# The grammar of distribution/reference, which leaves the registry optional.
_FULL = re.compile(
    rf"(?P<registry>{_HOST})/(?P<path>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_ID = re.compile(r"(?:sha256:)?[0-9a-f]{12,64}")


@dataclass(frozen=True)
class Name:
    """A complete name."""

    registry: str
    path: str
    tag: str
    digest: str

    @property
    def repository(self) -> str:
        """Return registry/path."""
        return f"{self.registry}/{self.path}"


def parse(text: str) -> Name | None:
    """Parse a complete name. Return None for short names, ids, and transports such as `dir:`."""
    if text.partition(":")[0].lower() in TRANSPORTS:
        return None
    found = _FULL.fullmatch(text)
    if not found:
        return None
    registry = found["registry"].lower()
    if registry in ("index.docker.io", "registry-1.docker.io"):
        registry = "docker.io"
    return Name(registry, found["path"], found["tag"] or "", found["digest"] or "")


def is_remote(text: str) -> bool:
    """Return whether Podman would take it from a path on the host, as in `dir:/path`."""
    transport = text.partition(":")[0].lower()
    return ":" in text and transport in TRANSPORTS - {"docker"}


def local(text: str) -> str:
    """Return Podman's name for a local image: localhost/, unless it contains a registry."""
    if parse(text) or text.partition(":")[0].lower() in TRANSPORTS or is_id(text):
        return text
    return f"localhost/{text}"


def is_id(text: str) -> bool:
    """Return whether it may be the id of an image (or a prefix of one)."""
    return bool(_ID.fullmatch(text))


def registry_of(text: str) -> str:
    """Return the host that a name, `host`, or `host/path` starts with, or ""."""
    first = text.partition("/")[0]
    return first.lower() if re.fullmatch(_HOST, first) else ""
