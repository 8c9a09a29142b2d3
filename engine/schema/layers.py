"""The layers of an image, and the differences between two images."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from engine.schema.parameters import ImageReference, Line, Model
from engine.schema.query import Query

EntryKind = Literal[
    "file", "directory", "link", "hard link", "device", "pipe", "removed", "emptied"
]
Change = Literal["added", "removed", "changed"]


class ImageLayers(Query):
    """Request a `LayerList`, as one `Document`."""

    query: ClassVar[str] = "image.layers"
    image: ImageReference


class LayerFiles(Query):
    """Request a `FilesOfLayer`, as one `Document`."""

    query: ClassVar[str] = "image.layer.files"
    image: ImageReference
    layer: Annotated[int, Field(ge=0, le=1000)]
    """Counted from 0, the lowest layer."""
    search: Line = ""
    offset: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


class ImageCompare(Query):
    """Request a `Comparison`, as one `Document`."""

    query: ClassVar[str] = "image.compare"
    image: ImageReference
    other: ImageReference


class Layer(Model):
    """One step of an image's history. `number` is None if it changed no file."""

    number: int | None
    instruction: str
    comment: str = ""
    created: str = ""
    digest: str = ""
    """The digest of the layer's uncompressed tar."""
    size: int = 0
    blob_size: int = 0
    """The compressed size in the registry; 0 if unknown."""


class LayerList(Model):
    """The layers, lowest first."""

    image_id: str
    layers: list[Layer]


class FileOfLayer(Model):
    """One file that a layer adds, or removes from the layers below."""

    path: str
    kind: EntryKind
    size: int = 0
    mode: str = ""
    owner: str = ""
    target: str = ""


class FilesOfLayer(Model):
    """Some of a layer's files, in the order of its tar."""

    digest: str
    total: int
    """The number of files that match the search, as far as Berth has read."""
    cut: bool = False
    """The layer has more files than Berth reads."""
    files: list[FileOfLayer]


class Setting(Model):
    """A setting that differs; "" if one of the images does not have it."""

    name: str
    before: str
    after: str


class FileChange(Model):
    """A file that differs."""

    change: Change
    path: str
    before: int | None = None
    after: int | None = None
    """Bytes; None if it is not a file."""


class Comparison(Model):
    """The differences of `other` from `image`."""

    image_id: str
    other_id: str
    settings: list[Setting]
    added: int
    removed: int
    changed: int
    files: list[FileChange]
    """The first changed files, sorted by path."""
    same_layers: int
    """The number of layers, from the lowest, that both images share."""
