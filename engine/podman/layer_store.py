"""Read what containers/storage records about each layer: sizes, and every file in it.

Besides the layers, it stores `<driver>-layers/layers.json` and, for each layer, the headers of the
tar from which it was created, `<id>.tar-split.gz` (vbatts/tar-split: JSON lines; type 2 is raw
bytes of the tar, type 1 an entry with its name, size, and the CRC-64 of its content). Both belong
to the account outside of its user namespace, so a layer's files can be read without mounting,
copying, or unpacking the image, whatever its size. The format is the same in Podman 4.3 and 5.4.
"""

import base64
import binascii
import gzip
import json
import posixpath
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.schema.errors import EngineError, ErrorCode
from engine.schema.layers import EntryKind
from engine.schema.messages import msg

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_LONGEST_LINE = 4 * 2**20
_BLOCK = 512
_KINDS: dict[bytes, EntryKind] = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.DIRTYPE: "directory",
    tarfile.SYMTYPE: "link",
    tarfile.LNKTYPE: "hard link",
    tarfile.CHRTYPE: "device",
    tarfile.BLKTYPE: "device",
    tarfile.FIFOTYPE: "pipe",
}


@dataclass(frozen=True)
class StoredLayer:
    """One layer in storage."""

    id: str
    digest: str
    size: int
    """Bytes of its uncompressed tar."""
    blob_size: int
    """Bytes in the registry; 0 if unknown."""
    parent: str
    """The id of the layer below; "" for the lowest."""
    files: Path


@dataclass(frozen=True)
class Entry:
    """One file of a layer; for "removed" and "emptied", what it removes from lower layers."""

    path: str
    kind: EntryKind
    size: int = 0
    mode: int = 0
    uid: int = 0
    gid: int = 0
    target: str = ""
    checksum: str = ""


def layers(root: Path, driver: str) -> dict[str, StoredLayer]:
    """Return the layers by the digest of their tar. Raises EngineError if storage is unreadable."""
    return {layer.digest: layer for layer in all_layers(root, driver) if layer.digest}


def all_layers(root: Path, driver: str) -> list[StoredLayer]:
    """Return every layer. Several may have the same digest, on top of different layers."""
    place = root / f"{driver}-layers"
    found: list[StoredLayer] = []
    for name in ("layers.json", "volatile-layers.json"):
        try:
            listed = json.loads((place / name).read_bytes())
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise _unreadable(str(error)) from error
        found += [_stored(layer, place) for layer in listed or []]
    return found


def chains(root: Path, driver: str) -> dict[str, list[str]]:
    """Return the ids of each image's layers, by the image's id."""
    parents = {layer.id: layer.parent for layer in all_layers(root, driver)}
    found: dict[str, list[str]] = {}
    try:
        images = json.loads((root / f"{driver}-images" / "images.json").read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _unreadable(str(error)) from error
    for image in images or []:
        chain: list[str] = []
        layer = str(image.get("layer") or "")
        while layer and layer in parents and layer not in chain:
            chain.append(layer)
            layer = parents[layer]
        found[str(image["id"])] = chain
    return found


def entries(layer: StoredLayer) -> Iterator[Entry]:
    """Yield its files one at a time, in the order of the tar. Raises EngineError."""
    header = bytearray()
    try:
        with gzip.open(layer.files) as lines:
            while line := lines.readline(_LONGEST_LINE):
                entry = json.loads(line)
                if entry["type"] == 2:
                    header += base64.b64decode(entry["payload"] or "")
                    continue
                name = entry.get("name")
                if name is None:
                    raw = base64.b64decode(entry.get("name_raw") or "")
                    name = raw.decode("utf-8", "replace")
                yield _entry(name, int(entry.get("size") or 0), entry.get("payload"), bytes(header))
                header.clear()
    except FileNotFoundError as error:
        raise EngineError(
            ErrorCode.NOT_FOUND,
            msg("Podman has not kept the list of this layer's files."),
            msg(
                "A layer of an additional image store has none here. Pull the image anew to see "
                "them."
            ),
        ) from error
    except (OSError, EOFError, ValueError, KeyError, binascii.Error) as error:
        raise _unreadable(str(error)) from error


def _stored(layer: dict[str, Any], place: Path) -> StoredLayer:
    return StoredLayer(
        id=str(layer["id"]),
        digest=str(layer.get("diff-digest") or ""),
        size=int(layer.get("diff-size") or 0),
        blob_size=int(layer.get("compressed-size") or 0),
        parent=str(layer.get("parent") or ""),
        files=place / f"{layer['id']}.tar-split.gz",
    )


def _entry(name: str, size: int, checksum: str | None, header: bytes) -> Entry:
    path = "/" + posixpath.normpath("/" + name).lstrip("/")
    folder, base = posixpath.split(path)
    if base == _OPAQUE:
        return Entry(path=folder, kind="emptied")
    if base.startswith(_WHITEOUT):
        removed = base.removeprefix(_WHITEOUT)
        return Entry(path=posixpath.join(folder, removed), kind="removed")
    try:
        # The last block is the entry's own header. Those of long names come before it.
        info = tarfile.TarInfo.frombuf(header[-_BLOCK:], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return Entry(path=path, kind="file", size=size, checksum=checksum or "")
    return Entry(
        path=path,
        kind=_KINDS.get(info.type, "file"),
        size=size,
        mode=info.mode & 0o7777,
        uid=info.uid,
        gid=info.gid,
        target=_clean(info.linkname),
        checksum=checksum or "",
    )


def _clean(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _unreadable(reason: str) -> EngineError:
    return EngineError(
        ErrorCode.UNAVAILABLE,
        msg("What Podman keeps about the layers cannot be read: %(reason)s", reason=reason),
        msg("`podman system check` tells whether the store is damaged."),
    )
