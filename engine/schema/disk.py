"""The disk space that an account's storage uses, and what a prune would free."""

from typing import ClassVar

from engine.schema.parameters import Model
from engine.schema.query import Query


class DiskUse(Query):
    """Request a `DiskReport`, as one `Document`."""

    query: ClassVar[str] = "system.disk"


class PrunePreview(Query):
    """Request a `WouldGo`, as one `Document`: exactly what each prune would remove now."""

    query: ClassVar[str] = "system.prune.preview"


class ImageOnDisk(Model):
    """An image's disk use. `unique` counts the layers that no other image uses."""

    id: str
    names: list[str] = []
    size: int
    unique: int
    shared: int
    containers: int = 0


class ContainerOnDisk(Model):
    """The data that a container has written itself, without its image and volumes."""

    id: str
    name: str
    image: str = ""
    state: str = ""
    size: int


class VolumeOnDisk(Model):
    """A volume and the size of its data."""

    name: str
    size: int
    containers: int = 0


class DiskReport(Model):
    """The disk use of an account. Each list is sorted by size, largest first."""

    images: list[ImageOnDisk]
    containers: list[ContainerOnDisk]
    volumes: list[VolumeOnDisk]
    images_size: int
    """Bytes, with every layer counted once."""
    cached: int
    """The number of images without a name: cached build steps and images that lost their name."""
    cached_size: int
    """Bytes of the layers that only these images use."""
    containers_size: int
    volumes_size: int


class GoingImage(Model):
    """An image that a prune would remove."""

    id: str
    names: list[str] = []
    size: int


class WouldGo(Model):
    """What each prune would remove. Sizes are freed bytes, without layers that stay in use."""

    dangling: list[GoingImage]
    """Removed by `image.prune`."""
    dangling_size: int
    unused: list[GoingImage]
    """Removed by `image.prune` with `all`."""
    unused_size: int
    containers: list[ContainerOnDisk]
    containers_size: int
    volumes: list[VolumeOnDisk]
    volumes_size: int
