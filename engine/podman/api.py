"""Podman's REST API: one function per call. No other module contains its paths.

The paths are libpod's, documented at https://docs.podman.io/en/latest/_static/api.html. The answers
are Podman's own JSON. Every function raises EngineError.
"""

import json
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import quote

import aiohttp

from engine.podman.client import Podman

Answer = dict[str, Any]
Rows = list[dict[str, Any]]
Streaming = AbstractAsyncContextManager[aiohttp.ClientResponse]
"""An answer to read in pieces."""


# The system


async def info(podman: Podman) -> Answer:
    """Return the data of `podman info` from the first call.

    Nothing that changes while Podman's service runs is read from them. The call is slow: Podman
    asks the host's package manager for the version of each program that it uses.
    """
    if podman.described is None:
        podman.described = await podman.call("GET", "/info")
    return podman.described


async def disk_usage(podman: Podman) -> Answer:
    """Return the data of `podman system df`."""
    answer: Answer = await podman.call("GET", "/system/df")
    return answer


def events(podman: Podman) -> Streaming:
    """Follow Podman's events from now on."""
    return podman.stream("GET", "/events", params={"stream": "true"})


# Containers


async def list_containers(
    podman: Podman,
    *,
    all: bool = True,
    external: bool = False,
    size: bool = False,
    filters: dict[str, list[str]] | None = None,
) -> Rows:
    """List containers: running ones, unless `all`; with `external`, also Buildah's."""
    params = {
        name: "true" for name, on in (("all", all), ("external", external), ("size", size)) if on
    }
    if filters:
        params["filters"] = json.dumps(filters)
    return _rows(await podman.call("GET", "/containers/json", params=params))


async def inspect_container(podman: Podman, container: str, *, size: bool = False) -> Answer:
    """Return everything about a container. `size` takes Podman some time."""
    params = {"size": "true"} if size else None
    answer: Answer = await podman.call("GET", _container(container, "json"), params=params)
    return answer


async def container_exists(podman: Podman, container: str) -> bool:
    """Return whether it exists."""
    return await podman.exists(_container(container))


async def create_container(podman: Podman, spec: dict[str, Any]) -> Answer:
    """Create a container from a SpecGenerator."""
    answer: Answer = await podman.call("POST", "/containers/create", body=spec)
    return answer


async def start_container(podman: Podman, container: str) -> None:
    """Start it. Has no effect on a running container."""
    await podman.call("POST", _container(container, "start"))


async def stop_container(podman: Podman, container: str, timeout: int | None = None) -> None:
    """Stop it. After `timeout` seconds (None: its own), Podman kills it."""
    await podman.call("POST", _container(container, "stop"), params=_timeout(timeout))


async def restart_container(podman: Podman, container: str, timeout: int) -> None:
    """Stop and start it. Podman documents `t`, which 4.3 ignores."""
    await podman.call("POST", _container(container, "restart"), params=_timeout(timeout))


async def kill_container(podman: Podman, container: str, signal: str) -> None:
    """Send a signal to its first process."""
    await podman.call("POST", _container(container, "kill"), params={"signal": signal})


async def pause_container(podman: Podman, container: str) -> None:
    """Freeze its processes."""
    await podman.call("POST", _container(container, "pause"))


async def unpause_container(podman: Podman, container: str) -> None:
    """Resume its processes."""
    await podman.call("POST", _container(container, "unpause"))


async def rename_container(podman: Podman, container: str, name: str) -> None:
    """Rename it."""
    await podman.call("POST", _container(container, "rename"), params={"name": name})


async def remove_container(podman: Podman, container: str, *, force: bool, volumes: bool) -> Rows:
    """Remove it; with `volumes`, also its anonymous volumes.

    Podman documents `v`, but its own API only respects `volumes`.
    """
    params = {"force": _flag(force), "v": _flag(volumes), "volumes": _flag(volumes)}
    return _rows(await podman.call("DELETE", _container(container), params=params))


async def prune_containers(podman: Podman) -> Rows:
    """Remove all containers that are not running."""
    return _rows(await podman.call("POST", "/containers/prune"))


async def commit_container(
    podman: Podman,
    container: str,
    repository: str,
    tag: str,
    *,
    pause: bool,
    author: str = "",
    message: str = "",
) -> Answer:
    """Create an image from its file system."""
    params = {"container": container, "repo": repository, "tag": tag, "pause": _flag(pause)}
    if author:
        params["author"] = author
    if message:
        # Only Docker's image format stores a message.
        params |= {"comment": message, "format": "docker"}
    answer: Answer = await podman.call("POST", "/commit", params=params)
    return answer


async def run_health_check(podman: Podman, container: str) -> None:
    """Run the container's health check once."""
    await podman.call("GET", _container(container, "healthcheck"))


async def container_processes(podman: Podman, container: str) -> Answer:
    """Return the data of `podman top`."""
    params = {"stream": "false"}
    answer: Answer = await podman.call("GET", _container(container, "top"), params=params)
    return answer


async def container_changes(podman: Podman, container: str) -> Rows:
    """List the files that differ from its image."""
    return _rows(await podman.call("GET", _container(container, "changes")))


def container_logs(podman: Podman, container: str, params: dict[str, str]) -> Streaming:
    """Read its output."""
    return podman.stream("GET", _container(container, "logs"), params=params)


def container_stats(podman: Podman, container: str, interval: int) -> Streaming:
    """Follow its resource use, every `interval` seconds."""
    params = {"containers": container, "stream": "true", "interval": str(interval)}
    return podman.stream("GET", "/containers/stats", params=params)


# Exec sessions


async def create_exec(podman: Podman, container: str, body: dict[str, Any]) -> str:
    """Prepare a command in a container. Return the id of its session."""
    return str((await podman.call("POST", _container(container, "exec"), body=body))["Id"])


def exec_start_path(podman: Podman, session: str) -> str:
    """Return the path that starts a session: the caller needs the raw connection."""
    return f"/v{podman.version}/libpod/exec/{session}/start"


async def inspect_exec(podman: Podman, session: str) -> Answer:
    """Return whether its command is running, and how it ended."""
    answer: Answer = await podman.call("GET", f"/exec/{session}/json")
    return answer


async def resize_exec(podman: Podman, session: str, columns: int, rows: int) -> None:
    """Set the size of its terminal."""
    params = {"w": str(columns), "h": str(rows)}
    await podman.call("POST", f"/exec/{session}/resize", params=params)


# Images


async def list_images(
    podman: Podman, *, all: bool = False, filters: dict[str, list[str]] | None = None
) -> Rows:
    """List images; with `all`, also intermediate ones."""
    params = {"all": "true"} if all else {}
    if filters:
        params["filters"] = json.dumps(filters)
    return _rows(await podman.call("GET", "/images/json", params=params))


async def inspect_image(podman: Podman, image: str) -> Answer:
    """Return everything about an image."""
    answer: Answer = await podman.call("GET", _image(image, "json"))
    return answer


async def image_exists(podman: Podman, image: str) -> bool:
    """Return whether it is in the account's storage."""
    return await podman.exists(_image(image))


async def image_history(podman: Podman, image: str) -> Rows:
    """List the instructions that created it, newest first."""
    return _rows(await podman.call("GET", _image(image, "history")))


async def tag_image(podman: Podman, image: str, repository: str, tag: str) -> None:
    """Add a name."""
    await podman.call("POST", _image(image, "tag"), params={"repo": repository, "tag": tag})


async def untag_image(podman: Podman, image: str, repository: str, tag: str) -> None:
    """Remove a name."""
    await podman.call("POST", _image(image, "untag"), params={"repo": repository, "tag": tag})


async def remove_image(podman: Podman, image: str, *, force: bool) -> Answer:
    """Remove a name, and with the last one the image."""
    params = {"force": _flag(force)}
    answer: Answer = await podman.call("DELETE", _image(image), params=params)
    return answer


async def prune_images(podman: Podman, *, all: bool) -> Rows:
    """Remove images without a name; with `all`, all without a container."""
    return _rows(await podman.call("POST", "/images/prune", params={"all": _flag(all)}))


async def search_images(podman: Podman, params: dict[str, str]) -> Rows:
    """Search a registry."""
    return _rows(await podman.call("GET", "/images/search", params=params))


def pull_image(podman: Podman, params: dict[str, str], headers: dict[str, str]) -> Streaming:
    """Pull with Podman's own call, which answers with sentences and, at the end, the image's id."""
    return podman.stream("POST", "/images/pull", params=params, headers=headers)


def create_image(podman: Podman, params: dict[str, str], headers: dict[str, str]) -> Streaming:
    """Pull with the Docker-compatible call, which reports bytes per layer."""
    return podman.stream("POST", "/images/create", params=params, headers=headers, docker=True)


# Manifest lists


async def inspect_manifest(podman: Podman, name: str) -> Answer:
    """Return the content of a manifest list."""
    answer: Answer = await podman.call("GET", _path("manifests", name, "json"))
    return answer


async def manifest_exists(podman: Podman, name: str) -> bool:
    """Return whether an image is a manifest list."""
    return await podman.exists(_path("manifests", name))


async def remove_manifest(podman: Podman, name: str) -> Answer:
    """Remove a name of a manifest list, and with the last one the list. Its images stay."""
    answer: Answer = await podman.call("DELETE", _path("manifests", name))
    return answer


# Volumes


async def list_volumes(podman: Podman) -> Rows:
    """List volumes."""
    return _rows(await podman.call("GET", "/volumes/json"))


async def volume_exists(podman: Podman, name: str) -> bool:
    """Return whether it exists."""
    return await podman.exists(_path("volumes", name))


async def inspect_volume(podman: Podman, name: str) -> Answer:
    """Return everything about a volume."""
    answer: Answer = await podman.call("GET", _path("volumes", name, "json"))
    return answer


async def create_volume(podman: Podman, name: str) -> None:
    """Create a volume."""
    await podman.call("POST", "/volumes/create", body={"Name": name})


async def remove_volume(podman: Podman, name: str) -> None:
    """Remove a volume that no container uses."""
    await podman.call("DELETE", _path("volumes", name))


async def prune_volumes(podman: Podman) -> Rows:
    """Remove all volumes that no container uses."""
    return _rows(await podman.call("POST", "/volumes/prune"))


def _container(container: str, action: str = "") -> str:
    return _path("containers", container, action)


def _image(image: str, action: str = "") -> str:
    return _path("images", image, action)


def _path(noun: str, name: str, action: str = "") -> str:
    return f"/{noun}/{quote(name, safe='')}" + (f"/{action}" if action else "")


def _rows(answer: Rows | None) -> Rows:
    return answer or []


def _timeout(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {"timeout": str(seconds)}


def _flag(value: bool) -> str:
    return "true" if value else "false"
