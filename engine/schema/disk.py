"""What an account's store takes of the disk, and what a prune would give back."""

from typing import ClassVar

from engine.schema.parameters import Model
from engine.schema.query import Query


class DiskUse(Query):
    """Answers one `Document`: a `DiskReport`."""

    query: ClassVar[str] = "system.disk"


class PrunePreview(Query):
    """Answers one `Document`: a `WouldGo`, exactly what each prune would remove now."""

    query: ClassVar[str] = "system.prune.preview"


class ImageOnDisk(Model):
    """An image's share. `unique` are the layers that no other image stands on."""

    id: str
    names: list[str] = []
    size: int
    unique: int
    shared: int
    containers: int = 0


class ContainerOnDisk(Model):
    """What a container has written itself, beside its image and volumes."""

    id: str
    name: str
    image: str = ""
    state: str = ""
    size: int


class VolumeOnDisk(Model):
    """A volume with its data."""

    name: str
    size: int
    containers: int = 0


class DiskReport(Model):
    """Largest first in each list."""

    images: list[ImageOnDisk]
    containers: list[ContainerOnDisk]
    volumes: list[VolumeOnDisk]
    images_size: int
    """Every layer counted once."""
    cached: int
    """How many images have no name: the steps that builds keep, and what lost its name."""
    cached_size: int
    """Bytes of the layers that only those stand on."""
    containers_size: int
    volumes_size: int


class GoingImage(Model):
    """An image that a prune takes."""

    id: str
    names: list[str] = []
    size: int


class WouldGo(Model):
    """What would go. Bytes are those given back: layers that stay in use do not count."""

    dangling: list[GoingImage]
    """By `image.prune`."""
    dangling_size: int
    unused: list[GoingImage]
    """By `image.prune` with `all`."""
    unused_size: int
    containers: list[ContainerOnDisk]
    containers_size: int
    volumes: list[VolumeOnDisk]
    volumes_size: int
