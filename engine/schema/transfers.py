"""Operations between registries: copying images, and deleting them in a registry."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, model_validator

from engine.schema.messages import msg
from engine.schema.parameters import Lane, Parameters, Result

Repository = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-zA-Z0-9\[][a-zA-Z0-9.:\[\]-]*(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$",
        max_length=512,
        strip_whitespace=True,
    ),
]
"""registry[:port]/path, without a tag."""
RemoteReference = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-zA-Z0-9\[][a-zA-Z0-9.:\[\]-]*(/[a-z0-9]+([._-]+[a-z0-9]+)*)+"
        r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$",
        max_length=700,
        strip_whitespace=True,
    ),
]
"""registry[:port]/path with a tag, a digest, or neither (latest)."""
Tag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")]
TagPattern = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.*?\[\]!-]+$", max_length=128)]
"""A shell pattern with *, ?, and [a-z]."""
MOST_TAGS = 500


class ImageCopied(Result):
    """The digest of the image at its destination."""

    digest: str
    destination: str


class ImageCopy(Parameters):
    """`skopeo copy`: copy an image between registries without storing it in the account."""

    kind: ClassVar[str] = "image.copy"
    label: ClassVar[str] = msg("Copy image")
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    repeatable: ClassVar[bool] = True
    result: ClassVar[type[Result]] = ImageCopied

    source: RemoteReference
    destination: RemoteReference
    all: bool = True
    """Every architecture of a list; otherwise only this host's."""
    source_tls_verify: bool = True
    destination_tls_verify: bool = True

    @model_validator(mode="after")
    def _consistent(self) -> "ImageCopy":
        if "@" in self.destination:
            raise ValueError(msg("the destination has a tag, and no digest"))
        if self.source == self.destination:
            raise ValueError(msg("source and destination are the same"))
        return self

    def target(self) -> str:
        return self.destination

    def command(self) -> list[str]:
        argv = ["skopeo", "copy"]
        # A list that is not copied completely cannot keep its digest.
        argv += ["--all", "--preserve-digests"] if self.all else []
        argv += [] if self.source_tls_verify else ["--src-tls-verify=false"]
        argv += [] if self.destination_tls_verify else ["--dest-tls-verify=false"]
        return [*argv, "--", f"docker://{self.source}", f"docker://{self.destination}"]


class ImagesSynced(Result):
    """The tags that were copied, and those that were already the same."""

    copied: list[str] = []
    same: list[str] = []


class ImageSync(Parameters):
    """Copy the tags of a repository that match a pattern and differ. Nothing is ever deleted.

    If a tag fails, the operation copies the others and then fails. The error names both.
    """

    kind: ClassVar[str] = "image.sync"
    label: ClassVar[str] = msg("Synchronise tags")
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    repeatable: ClassVar[bool] = True
    result: ClassVar[type[Result]] = ImagesSynced

    source: Repository
    destination: Repository
    pattern: TagPattern = "*"
    tags: Annotated[list[Tag], Field(max_length=MOST_TAGS)] = []
    """Only these tags, as a dry run listed them; [] for all that match."""

    @model_validator(mode="after")
    def _consistent(self) -> "ImageSync":
        if self.source == self.destination:
            raise ValueError(msg("source and destination are the same"))
        return self

    def target(self) -> str:
        return self.destination

    def command(self) -> list[str]:
        """Return a shell command line.

        The names in it cannot contain any character that is special to a shell.
        """
        listed = f"skopeo list-tags docker://{self.source} | jq -r '.Tags[]'"
        tags = " ".join(self.tags) or f"$({listed})"
        copy = f"skopeo copy --all docker://{self.source}:$tag docker://{self.destination}:$tag"
        fits = f"case $tag in {self.pattern}) {copy};; esac"
        return ["sh", "-c", f"for tag in {tags}; do {fits}; done"]


class RemoteDeleted(Result):
    """The digest that was deleted, together with every tag that pointed to it."""

    digest: str


class ImageDeleteRemote(Parameters):
    """`skopeo delete`: delete an image by digest, and with it every tag of that digest."""

    kind: ClassVar[str] = "image.delete-remote"
    label: ClassVar[str] = msg("Delete at registry")
    repeatable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    destructive: ClassVar[bool] = True
    result: ClassVar[type[Result]] = RemoteDeleted

    image: RemoteReference
    digest: Annotated[str, StringConstraints(pattern=r"^(sha256:[0-9a-f]{64})?$")] = ""
    """The digest that the page showed. Refused if the tag points to another image by now."""
    tls_verify: bool = True

    def target(self) -> str:
        return self.image

    def command(self) -> list[str]:
        unverified = [] if self.tls_verify else ["--tls-verify=false"]
        return ["skopeo", "delete", *unverified, "--", f"docker://{self.image}"]
