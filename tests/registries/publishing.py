"""Publish many images quickly through a registry's own API (OCI distribution specification)."""

import hashlib
import io
import json
import tarfile
import urllib.request
from typing import Any
from urllib.parse import urljoin

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"

TAGS, REPOSITORIES = 2000, 200
"""The size of a large registry, without `latest` and many/tags itself."""


class Publisher:
    """A client of a registry without TLS."""

    def __init__(self, address: str) -> None:
        self._url = f"http://{address}"

    def image(
        self,
        repository: str,
        tag: str,
        architecture: str = "amd64",
        content: bytes = b"hello\n",
        layer: bytes = b"",
    ) -> str:
        """Publish an image with one file (or the `layer`). Return its digest."""
        layer = layer or _tar(content)
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": self._blob(
                repository, "application/vnd.oci.image.config.v1+json", json.dumps(config).encode()
            ),
            "layers": [self._blob(repository, "application/vnd.oci.image.layer.v1.tar", layer)],
        }
        return self.manifest(repository, tag, manifest)

    def list(self, repository: str, tag: str, architectures: list[str]) -> str:
        """Publish a list with an image for each architecture. Return its digest."""
        entries = []
        for name in architectures:
            digest = self.image(repository, f"{tag}-{name}", name, name.encode())
            size = len(self._get(f"/v2/{repository}/manifests/{digest}"))
            entries.append(
                {
                    "mediaType": _MANIFEST,
                    "digest": digest,
                    "size": size,
                    "platform": {"os": "linux", "architecture": name},
                }
            )
        index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": entries}
        return self.manifest(repository, tag, index)

    def manifest(self, repository: str, tag: str, manifest: dict[str, Any]) -> str:
        """Publish a manifest under a tag. Return its digest."""
        body = json.dumps(manifest).encode()
        where = f"{self._url}/v2/{repository}/manifests/{tag}"
        self._send("PUT", where, body, {"Content-Type": manifest["mediaType"]})
        return _digest(body)

    def of(self, repository: str, tag: str) -> dict[str, Any]:
        """Return the manifest of a tag."""
        found: dict[str, Any] = json.loads(self._get(f"/v2/{repository}/manifests/{tag}"))
        return found

    def _get(self, path: str) -> bytes:
        headers = {"Accept": f"{_MANIFEST}, {_INDEX}"}
        request = urllib.request.Request(f"{self._url}{path}", headers=headers)
        with urllib.request.urlopen(request) as answer:
            return bytes(answer.read())

    def _blob(self, repository: str, media_type: str, content: bytes) -> dict[str, Any]:
        digest = _digest(content)
        begun = self._send("POST", f"{self._url}/v2/{repository}/blobs/uploads/", b"", {})
        where = urljoin(self._url, begun)
        where += f"{'&' if '?' in where else '?'}digest={digest}"
        self._send("PUT", where, content, {"Content-Type": "application/octet-stream"})
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def _send(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> str:
        request = urllib.request.Request(url, data=body, method=method, headers=headers)
        with urllib.request.urlopen(request) as answer:
            return str(answer.headers.get("Location", ""))


def many_names(publisher: Publisher) -> None:
    """Make a registry large: many/tags with its TAGS, and REPOSITORIES of ten teams."""
    publisher.image("many/tags", "latest")
    manifest = publisher.of("many/tags", "latest")
    for number in range(TAGS):
        publisher.manifest("many/tags", f"v{number:04}", manifest)
    for number in range(REPOSITORIES):
        publisher.image(f"team{number % 10}/app{number:03}", "1")


def _tar(content: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        entry = tarfile.TarInfo("content")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
