"""Image names as Podman takes them: which registry, which path, which digest, or none of these."""

import re
from dataclasses import dataclass

from engine.schema import image_names

TRANSPORTS = {*image_names.TRANSPORTS, "http", "https"}
_HOST = r"(?:[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+(?::[0-9]+)?|[a-zA-Z0-9-]+:[0-9]+|localhost)"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
# The grammar of distribution/reference, with the registry that it leaves optional.
_FULL = re.compile(
    rf"(?P<registry>{_HOST})/(?P<path>{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_ID = re.compile(r"(?:sha256:)?[0-9a-f]{12,64}")


@dataclass(frozen=True)
class Name:
    """A full name."""

    registry: str
    path: str
    tag: str
    digest: str

    @property
    def repository(self) -> str:
        """registry/path."""
        return f"{self.registry}/{self.path}"


def parse(text: str) -> Name | None:
    """A full name; None for a short one, an id, and for a transport such as `dir:/somewhere`."""
    if text.partition(":")[0].lower() in TRANSPORTS:
        return None
    found = _FULL.fullmatch(text)
    if not found:
        return None
    registry = found["registry"].lower()
    if registry in ("index.docker.io", "registry-1.docker.io"):
        registry = "docker.io"
    return Name(registry, found["path"], found["tag"] or "", found["digest"] or "")


def is_elsewhere(text: str) -> bool:
    """Whether Podman would take it from a place of the host, as in `dir:/somewhere`."""
    transport = text.partition(":")[0].lower()
    return ":" in text and transport in TRANSPORTS - {"docker"}


def local(text: str) -> str:
    """The name that Podman gives to what is made here: localhost/, unless a registry is in it."""
    if parse(text) or text.partition(":")[0].lower() in TRANSPORTS or is_id(text):
        return text
    return f"localhost/{text}"


def is_id(text: str) -> bool:
    """Whether it may be the id of an image (or the beginning of one)."""
    return bool(_ID.fullmatch(text))


def registry_of(text: str) -> str:
    """The host that a name, or `host`, or `host/path` begins with; "" when it begins with none."""
    first = text.partition("/")[0]
    return first.lower() if re.fullmatch(_HOST, first) else ""
