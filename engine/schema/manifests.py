"""Operations on manifest lists: one name for images of several architectures."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, model_validator

from engine.schema.images import ImagePushed
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

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
# Values of GOARCH and GOOS, as in the platform object of an image index.
PlatformWord = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]*$", max_length=32)]


class ManifestMade(Result):
    """The manifest list that was created or changed."""

    name: str
    list_id: str = ""


class ManifestCreate(Parameters):
    """`podman manifest create`: create a list, empty or from local images."""

    kind: ClassVar[str] = "manifest.create"
    label: ClassVar[str] = msg("Create manifest list")
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    result: ClassVar[type[Result]] = ManifestMade

    name: ImageReference
    images: Annotated[list[ImageReference], Field(max_length=50)] = []

    def target(self) -> str:
        return self.name

    def command(self) -> list[str]:
        images = [f"containers-storage:{image}" for image in self.images]
        return ["podman", "manifest", "create", "--", self.name, *images]


class ManifestAdd(Parameters):
    """`podman manifest add`: add an image from the account's storage or from a registry."""

    kind: ClassVar[str] = "manifest.add"
    label: ClassVar[str] = msg("Add to manifest list")
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    repeatable: ClassVar[bool] = True
    result: ClassVar[type[Result]] = ManifestMade

    name: ImageReference
    image: ImageReference
    remote: bool = False
    """The image is in a registry, and only its manifest is fetched."""
    all: bool = False
    """The image is itself a list: add all of its images."""
    architecture: PlatformWord = ""
    """"": as the image states, like the next two fields."""
    os: PlatformWord = ""
    variant: PlatformWord = ""
    tls_verify: bool = True

    def target(self) -> str:
        return self.name

    def command(self) -> list[str]:
        argv = ["podman", "manifest", "add"]
        for option, value in (
            ("arch", self.architecture),
            ("os", self.os),
            ("variant", self.variant),
        ):
            argv += [f"--{option}={value}"] if value else []
        argv += ["--all"] if self.all else []
        argv += [] if self.tls_verify else ["--tls-verify=false"]
        return [*argv, "--", self.name, self.place()]

    def place(self) -> str:
        """Return the image with its transport."""
        return f"{'docker://' if self.remote else 'containers-storage:'}{self.image}"


class ManifestRemove(Parameters):
    """`podman manifest remove`: remove an image from the list. The image itself stays."""

    kind: ClassVar[str] = "manifest.remove"
    label: ClassVar[str] = msg("Remove from manifest list")
    harmless: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True
    destructive: ClassVar[bool] = True
    result: ClassVar[type[Result]] = ManifestMade

    name: ImageReference
    digest: Digest

    def target(self) -> str:
        return self.name

    def command(self) -> list[str]:
        return ["podman", "manifest", "remove", "--", self.name, self.digest]


class ManifestPush(Parameters):
    """`podman manifest push`."""

    kind: ClassVar[str] = "manifest.push"
    label: ClassVar[str] = msg("Push manifest list")
    stoppable: ClassVar[bool] = True
    lane: ClassVar[Lane] = Lane.SLOW
    repeatable: ClassVar[bool] = True
    result: ClassVar[type[Result]] = ImagePushed

    image: ImageReference
    """The name of the list."""
    destination: RemoteReference
    all: bool = True
    """Also push the images in the list. Otherwise, the registry must already have them."""
    format: Literal["", "oci", "v2s2"] = ""
    tls_verify: bool = True
    username: Line = ""
    password: Secret | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> "ManifestPush":
        if bool(self.username) != (self.password is not None):
            raise ValueError(msg("a user name and a password go together"))
        return self

    def target(self) -> str:
        return self.image

    def command(self) -> list[str]:
        argv = ["podman", "manifest", "push", *(["--all"] if self.all else [])]
        argv += [f"--format={self.format}"] if self.format else []
        argv += [] if self.tls_verify else ["--tls-verify=false"]
        argv += ["--creds", self.username] if self.username else []
        return [*argv, "--", self.image, f"docker://{self.destination}"]
