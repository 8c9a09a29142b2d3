"""Names of objects in addresses: a container may be called `launch`.

If a name is also a word of Berth's own in that place, a tilde precedes it (`/containers/~launch/`),
which starts no name in Podman.
"""

from django.urls import register_converter

WORDS = frozenset(
    {
        "act", "build", "builds", "disk", "edit", "going", "journal", "keep", "launch", "load",
        "manifest-list", "new", "prune", "prune-volumes", "pull", "pulls", "updates",
    }
)  # fmt: skip
"""Words in the place of a name (tests/web/test_addresses.py finds them all)."""


class ObjectName:
    """The name or id of a container, image, or unit, as one part of an address."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """Return the name in an address."""
        name = value.removeprefix("~")
        return name if name in WORDS else value

    def to_url(self, value: str) -> str:
        """Return the name as part of an address."""
        return f"~{value}" if value in WORDS else str(value)


register_converter(ObjectName, "object")
