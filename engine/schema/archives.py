"""Images as files: saved to an archive, loaded from one, shared between accounts."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from engine.schema.files import Produced
from engine.schema.messages import msg
from engine.schema.parameters import ImageReference, Lane, Parameters, Result

AccountKey = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_][a-zA-Z0-9_.@-]{0,199}$")]


class ImageSaved(Produced):
    """The archive, offered as a download."""

    images: list[str] = []


class ImageSave(Parameters):
    """`podman save`: write one or more images to one file."""

    kind: ClassVar[str] = "image.save"
    label: ClassVar[str] = msg("Save image")
    harmless: ClassVar[bool] = True
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    repeatable: ClassVar[bool] = True
    result: ClassVar[type[Result]] = ImageSaved

    images: Annotated[list[ImageReference], Field(min_length=1, max_length=100)]
    format: Literal["docker-archive", "oci-archive"] = "docker-archive"

    @model_validator(mode="after")
    def _one_in_oci(self) -> "ImageSave":
        if self.format == "oci-archive" and len(self.images) > 1:
            raise ValueError(
                msg("Podman saves one image into an oci-archive: choose docker-archive")
            )
        return self

    def target(self) -> str:
        return self.images[0] if len(self.images) == 1 else ""

    def command(self) -> list[str]:
        several = ["--multi-image-archive"] if len(self.images) > 1 else []
        argv = ["podman", "save", f"--format={self.format}", *several]
        return [*argv, "--output=images.tar", "--", *self.images]


class ImageLoaded(Result):
    """The images that the archive contained."""

    images: list[str] = []
    """Names; ids of images without a name."""


class ImageLoad(Parameters):
    """`podman load`: load every image of an uploaded docker-archive or oci-archive."""

    kind: ClassVar[str] = "image.load"
    label: ClassVar[str] = msg("Load images")
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    repeatable: ClassVar[bool] = True
    result: ClassVar[type[Result]] = ImageLoaded

    archive: UUID
    """The id of an upload."""

    def uploads(self) -> list[UUID]:
        return [self.archive]

    def target(self) -> str:
        return ""

    def command(self) -> list[str]:
        return ["podman", "load", "--input=images.tar"]


class ImageShared(Result):
    """The image in the receiving account. It has the same id as in the source account."""

    image_id: str
    reference: str = ""
    size: int = 0
    """Bytes transferred."""


class ImageShare(Parameters):
    """`podman save | podman load`: copy an image from another account of the same host.

    The operation belongs to the receiving account. The requester needs the role on both accounts,
    and both accounts' audit logs contain it.
    """

    kind: ClassVar[str] = "image.share"
    label: ClassVar[str] = msg("Share image")
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    repeatable: ClassVar[bool] = True
    result: ClassVar[type[Result]] = ImageShared

    source: AccountKey
    """The key of the source account."""
    image: ImageReference
    tag: ImageReference | None = None
    """Its name in the receiving account; None: the requested name."""

    def other_accounts(self) -> list[str]:
        return [self.source]

    def relayed_image(self) -> str:
        return self.image

    def target(self) -> str:
        return self.tag or self.image

    def command(self) -> list[str]:
        return ["podman", "image", "scp", f"{self.source}@localhost::{self.image}"]
