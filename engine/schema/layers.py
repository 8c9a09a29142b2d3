"""What an image is made of, layer by layer, and how two images differ."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from engine.schema.parameters import ImageReference, Line, Model
from engine.schema.query import Query

EntryKind = Literal[
    "file", "directory", "link", "hard link", "device", "pipe", "removed", "emptied"
]
Change = Literal["added", "removed", "changed"]


class ImageLayers(Query):
    """Answers one `Document`: a `LayerList`."""

    query: ClassVar[str] = "image.layers"
    image: ImageReference


class LayerFiles(Query):
    """Answers one `Document`: a `FilesOfLayer`."""

    query: ClassVar[str] = "image.layer.files"
    image: ImageReference
    layer: Annotated[int, Field(ge=0, le=1000)]
    """Counted from the lowest, 0."""
    search: Line = ""
    offset: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


class ImageCompare(Query):
    """Answers one `Document`: a `Comparison`."""

    query: ClassVar[str] = "image.compare"
    image: ImageReference
    other: ImageReference


class Layer(Model):
    """One step of an image's making; `number` is None for one that changed no file."""

    number: int | None
    instruction: str
    comment: str = ""
    created: str = ""
    digest: str = ""
    """Of the layer's tar, unpacked."""
    size: int = 0
    blob_size: int = 0
    """As it came from a registry, 0 where that is not known."""


class LayerList(Model):
    """From the lowest layer up."""

    image_id: str
    layers: list[Layer]


class FileOfLayer(Model):
    """One file that a layer brings, or takes away from the layers below."""

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
    """Of those that the search found, as far as it was read."""
    cut: bool = False
    """There are more than Berth reads."""
    files: list[FileOfLayer]


class Setting(Model):
    """A setting that differs: "" where one of the images has none."""

    name: str
    before: str
    after: str


class FileChange(Model):
    """A file that differs."""

    change: Change
    path: str
    before: int | None = None
    after: int | None = None
    """Bytes; None where it is not a file."""


class Comparison(Model):
    """How `other` differs from `image`."""

    image_id: str
    other_id: str
    settings: list[Setting]
    added: int
    removed: int
    changed: int
    files: list[FileChange]
    """The first of them, by path."""
    same_layers: int
    """How many layers both begin with."""
