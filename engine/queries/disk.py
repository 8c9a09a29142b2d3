"""The disk use of the account's storage, and exactly what each prune would remove."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

from engine.podman import api, layer_store
from engine.podman.client import Podman
from engine.queries.layers import place
from engine.schema import disk as schema
from engine.schema.queries import Document

_GOES = {"created", "configured", "initialized", "stopped", "exited"}
"""States that Podman's prune removes. Buildah's working containers have another (storage)."""


@dataclass(frozen=True)
class _Store:
    """Images, and the layers that each consists of."""

    images: list[dict[str, Any]]
    """Including intermediate ones, as Podman lists them."""
    chains: dict[str, list[str]]
    sizes: dict[str, int]
    containers: list[dict[str, Any]]

    def bytes_of(self, layers: Iterable[str]) -> int:
        return sum(self.sizes.get(layer, 0) for layer in layers)

    def given_back(self, going: set[str]) -> int:
        """Return the bytes of the layers that no remaining image uses."""
        kept = {
            layer for image, chain in self.chains.items() if image not in going for layer in chain
        }
        gone = {layer for image in going for layer in self.chains.get(image, [])}
        return self.bytes_of(gone - kept)


async def disk(podman: Podman, query: schema.DiskUse) -> AsyncIterator[Document]:
    """Answer images, containers, and volumes with their sizes, largest first."""
    store = await _store(podman)
    containers = [_container(row) for row in store.containers]
    volumes = await _volumes(podman)
    cached = {image["Id"] for image in store.images if not _names(image)}
    report = schema.DiskReport(
        images=sorted(_images(store), key=lambda image: (-image.unique, -image.size, image.id)),
        containers=sorted(containers, key=lambda each: (-each.size, each.name)),
        volumes=sorted(volumes, key=lambda volume: (-volume.size, volume.name)),
        images_size=sum(store.sizes.values()),
        cached=len(cached),
        cached_size=store.given_back(cached),
        containers_size=sum(each.size for each in containers),
        volumes_size=sum(volume.size for volume in volumes),
    )
    yield Document(data=report.model_dump(mode="json"))


async def preview(podman: Podman, query: schema.PrunePreview) -> AsyncIterator[Document]:
    """Answer what `podman image prune`, with and without --all, and other prunes would remove."""
    store = await _store(podman)
    dangling, unused = _going(store, every=False), _going(store, every=True)
    containers = [_container(row) for row in store.containers if row["State"] in _GOES]
    volumes = [volume for volume in await _volumes(podman) if not volume.containers]
    answer = schema.WouldGo(
        dangling=dangling,
        dangling_size=store.given_back({image.id for image in dangling}),
        unused=unused,
        unused_size=store.given_back({image.id for image in unused}),
        containers=containers,
        containers_size=sum(each.size for each in containers),
        volumes=volumes,
        volumes_size=sum(volume.size for volume in volumes),
    )
    yield Document(data=answer.model_dump(mode="json"))


async def _store(podman: Podman) -> _Store:
    root, driver = await place(podman)
    layers, chains = await asyncio.gather(
        asyncio.to_thread(layer_store.all_layers, root, driver),
        asyncio.to_thread(layer_store.chains, root, driver),
    )
    return _Store(
        images=await api.list_images(podman, all=True),
        chains=chains,
        sizes={layer.id: layer.size for layer in layers},
        # Including Buildah's working containers, whose images stay.
        containers=await api.list_containers(podman, external=True, size=True),
    )


def _images(store: _Store) -> list[schema.ImageOnDisk]:
    users = Counter(str(row.get("ImageID")) for row in store.containers)
    uses = Counter(layer for image in store.images for layer in store.chains.get(image["Id"], []))
    found = []
    for image in store.images:
        chain = store.chains.get(image["Id"], [])
        size = store.bytes_of(chain) or int(image.get("Size") or 0)
        unique = store.bytes_of(layer for layer in chain if uses[layer] == 1)
        found.append(
            schema.ImageOnDisk(
                id=image["Id"],
                names=_names(image),
                size=size,
                unique=unique,
                shared=size - unique,
                containers=users[image["Id"]],
            )
        )
    return found


def _going(store: _Store, *, every: bool) -> list[schema.GoingImage]:
    """Return the images that a prune removes.

    With `every`, all images that no container uses, whatever depends on them. Otherwise, Podman
    removes images without a name that no image depends on, repeatedly until none is left. (Tested:
    4.3, 5.4.)
    """
    used = {str(row.get("ImageID")) for row in store.containers}
    left = {
        image["Id"]: image
        for image in store.images
        if image["Id"] not in used and not image.get("ReadOnly") and (every or not _names(image))
    }
    if every:
        return [_going_image(store, image) for image in left.values()]
    staying = {image["Id"]: str(image.get("ParentId") or "") for image in store.images}
    going: list[schema.GoingImage] = []
    while True:
        parents = set(staying.values())
        batch = [image for identity, image in left.items() if identity not in parents]
        if not batch:
            return going
        for image in batch:
            del left[image["Id"]], staying[image["Id"]]
            going.append(_going_image(store, image))


def _going_image(store: _Store, image: dict[str, Any]) -> schema.GoingImage:
    size = store.bytes_of(store.chains.get(image["Id"], [])) or int(image.get("Size") or 0)
    return schema.GoingImage(id=image["Id"], names=_names(image), size=size)


def _names(image: dict[str, Any]) -> list[str]:
    names = image.get("RepoTags") or image.get("Names") or []
    return [name for name in names if name != "<none>:<none>"]


def _container(row: dict[str, Any]) -> schema.ContainerOnDisk:
    size = row.get("Size") or {}
    return schema.ContainerOnDisk(
        id=row["Id"],
        name=(row.get("Names") or [row["Id"][:12]])[0],
        image=row.get("Image") or "",
        state=row["State"],
        size=max(0, int(size.get("rwSize") or 0)),
    )


async def _volumes(podman: Podman) -> list[schema.VolumeOnDisk]:
    answer = await api.disk_usage(podman)
    return [
        schema.VolumeOnDisk(
            name=volume["VolumeName"], size=int(volume["Size"]), containers=int(volume["Links"])
        )
        for volume in answer.get("Volumes") or []
    ]
