"""Operations on images: their parameters and results."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from engine.schema.containers import Pruned
from engine.schema.messages import msg
from engine.schema.parameters import (
    ImageReference,
    Lane,
    Line,
    Parameters,
    RemoteReference,
    Result,
    Secret,
)


class ImagePulled(Result):
    """The image that is now in the account's storage."""

    image_id: str
    reference: str
    size: int = 0
    """Bytes."""


class ImagePull(Parameters):
    """`podman pull`."""

    kind: ClassVar[str] = "image.pull"
    label: ClassVar[str] = msg("Pull image")
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    repeatable: ClassVar[bool] = True
    result: ClassVar[type[Result]] = ImagePulled

    image: ImageReference
    policy: Literal["always", "missing", "newer"] = "always"
    tls_verify: bool = True
    username: Line = ""
    password: Secret | None = None
    """For this pull only. A permanent login is an operation of its own."""

    def target(self) -> str:
        return self.image

    def command(self) -> list[str]:
        argv = ["podman", "pull"]
        argv += ["--policy", self.policy] if self.policy != "always" else []
        argv += [] if self.tls_verify else ["--tls-verify=false"]
        argv += ["--creds", self.username] if self.username else []
        return [*argv, "--", self.image]


class ImagePushed(Result):
    """The image as the registry now has it."""

    reference: str
    digest: str = ""
    """The digest of the manifest in the registry."""


class ImagePush(Parameters):
    """`podman push`: push an image, optionally under another name."""

    kind: ClassVar[str] = "image.push"
    label: ClassVar[str] = msg("Push image")
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    repeatable: ClassVar[bool] = True
    result: ClassVar[type[Result]] = ImagePushed

    image: ImageReference
    destination: RemoteReference
    format: Literal["", "oci", "v2s2"] = ""
    """"" to keep the image's own format."""
    tls_verify: bool = True
    username: Line = ""
    password: Secret | None = None
    """For this push only; otherwise the account's logins apply."""

    @model_validator(mode="after")
    def _both_or_none(self) -> "ImagePush":
        if bool(self.username) != (self.password is not None):
            raise ValueError(msg("a user name and a password go together"))
        return self

    def target(self) -> str:
        return self.image

    def command(self) -> list[str]:
        argv = ["podman", "push"]
        argv += ["--format", self.format] if self.format else []
        argv += [] if self.tls_verify else ["--tls-verify=false"]
        argv += ["--creds", self.username] if self.username else []
        return [*argv, "--", self.image, self.destination]


class ImagesRemoved(Result):
    """Names that were only untagged, and ids that were deleted."""

    untagged: list[str] = []
    deleted: list[str] = []


class ImageRemove(Parameters):
    """`podman rmi`."""

    kind: ClassVar[str] = "image.remove"
    label: ClassVar[str] = msg("Remove image")
    harmless: ClassVar[bool] = True
    destructive: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True
    result: ClassVar[type[Result]] = ImagesRemoved

    image: ImageReference
    force: bool = False
    """Also if it has several names or containers use it (Podman removes them)."""

    def target(self) -> str:
        return self.image

    def command(self) -> list[str]:
        return ["podman", "rmi", *(["--force"] if self.force else []), "--", self.image]


class ImagePrune(Parameters):
    """`podman image prune`: remove images without a name (all: images without a container)."""

    kind: ClassVar[str] = "image.prune"
    label: ClassVar[str] = msg("Remove unused images")
    harmless: ClassVar[bool] = True
    destructive: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    result: ClassVar[type[Result]] = Pruned

    all: bool = False

    def target(self) -> str:
        return ""

    def command(self) -> list[str]:
        return ["podman", "image", "prune", "--force", *(["--all"] if self.all else [])]


class ImageTag(Parameters):
    """`podman tag`: give an image an additional name."""

    kind: ClassVar[str] = "image.tag"
    label: ClassVar[str] = msg("Tag image")
    repeatable: ClassVar[bool] = True

    image: ImageReference
    tag: ImageReference

    def target(self) -> str:
        return self.image

    def command(self) -> list[str]:
        return ["podman", "tag", "--", self.image, self.tag]


class ImageUntag(Parameters):
    """`podman untag`: remove a name from an image. The image stays."""

    kind: ClassVar[str] = "image.untag"
    label: ClassVar[str] = msg("Untag image")
    harmless: ClassVar[bool] = True
    destructive: ClassVar[bool] = True

    image: ImageReference
    tags: Annotated[list[ImageReference], Field(min_length=1, max_length=100)]

    def target(self) -> str:
        return self.image

    def command(self) -> list[str]:
        return ["podman", "untag", "--", self.image, *self.tags]
