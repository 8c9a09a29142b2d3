"""Names of other people's things in addresses: a container may be called `launch`.

A name that is also a word of Berth's own at its place is written with a tilde before it
(`/containers/~launch/`), which no name of Podman's begins with.
"""

from django.urls import register_converter

WORDS = frozenset(
    {
        "act", "build", "builds", "disk", "edit", "going", "journal", "keep", "launch", "load",
        "manifest-list", "new", "prune", "prune-volumes", "pull", "pulls", "updates",
    }
)  # fmt: skip
"""Words that stand where a name could (tests/web/test_addresses.py finds them all)."""


class ObjectName:
    """A container's, image's or unit's name or id, as one part of an address."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """The name that an address means."""
        name = value.removeprefix("~")
        return name if name in WORDS else value

    def to_url(self, value: str) -> str:
        """How the name stands in an address."""
        return f"~{value}" if value in WORDS else str(value)


register_converter(ObjectName, "object")
