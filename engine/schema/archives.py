"""Images as files: saved into an archive, loaded from one, handed from account to account."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from engine.schema.files import Produced
from engine.schema.parameters import ImageReference, Lane, Parameters, Result

AccountKey = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_][a-zA-Z0-9_.@-]{0,199}$")]


class ImageSaved(Produced):
    """The archive, for a download."""

    images: list[str] = []


class ImageSave(Parameters):
    """`podman save`: one or more images as one file."""

    kind: ClassVar[str] = "image.save"
    label: ClassVar[str] = "Save image"
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    repeatable: ClassVar[bool] = True
    result: ClassVar[type[Result]] = ImageSaved

    images: Annotated[list[ImageReference], Field(min_length=1, max_length=100)]
    format: Literal["docker-archive", "oci-archive"] = "docker-archive"

    @model_validator(mode="after")
    def _one_in_oci(self) -> "ImageSave":
        if self.format == "oci-archive" and len(self.images) > 1:
            raise ValueError("Podman saves one image into an oci-archive: choose docker-archive")
        return self

    def target(self) -> str:
        return self.images[0] if len(self.images) == 1 else ""

    def command(self) -> list[str]:
        several = ["--multi-image-archive"] if len(self.images) > 1 else []
        argv = ["podman", "save", f"--format={self.format}", *several]
        return [*argv, "--output=images.tar", "--", *self.images]


class ImageLoaded(Result):
    """What the archive brought."""

    images: list[str] = []
    """Names, ids where there are none."""


class ImageLoad(Parameters):
    """`podman load`: every image of an uploaded docker-archive or oci-archive."""

    kind: ClassVar[str] = "image.load"
    label: ClassVar[str] = "Load images"
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    repeatable: ClassVar[bool] = True
    result: ClassVar[type[Result]] = ImageLoaded

    archive: UUID
    """An upload."""

    def uploads(self) -> list[UUID]:
        return [self.archive]

    def target(self) -> str:
        return ""

    def command(self) -> list[str]:
        return ["podman", "load", "--input=images.tar"]


class ImageShared(Result):
    """The image that the account has now, with the same id as where it came from."""

    image_id: str
    reference: str = ""
    size: int = 0
    """Bytes that came over."""


class ImageShare(Parameters):
    """`podman save | podman load`: take an image over from another account of the same host.

    It is an operation of the account that gets the image. The requester needs the role on both, and
    it is in the audit of both.
    """

    kind: ClassVar[str] = "image.share"
    label: ClassVar[str] = "Share image"
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    repeatable: ClassVar[bool] = True
    result: ClassVar[type[Result]] = ImageShared

    source: AccountKey
    """The key of the account that has it."""
    image: ImageReference
    tag: ImageReference | None = None
    """Its name here; None: the one that it was asked for by."""

    def elsewhere(self) -> list[str]:
        return [self.source]

    def target(self) -> str:
        return self.tag or self.image

    def command(self) -> list[str]:
        return ["podman", "image", "scp", f"{self.source}@localhost::{self.image}"]
