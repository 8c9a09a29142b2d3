"""Podman's REST API: one function a call. No other module names a path of it.

The paths are libpod's, and are documented at https://docs.podman.io/en/latest/_static/api.html.
What they answer is Podman's own JSON. Every function raises EngineError.
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
"""An answer to be read piece by piece."""


# The system


async def info(podman: Podman) -> Answer:
    """Tell what `podman info` tells."""
    answer: Answer = await podman.call("GET", "/info")
    return answer


async def disk_usage(podman: Podman) -> Answer:
    """Tell what `podman system df` tells."""
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
    """List containers; without `all` those that run, with `external` also Buildah's."""
    params = {
        name: "true" for name, on in (("all", all), ("external", external), ("size", size)) if on
    }
    if filters:
        params["filters"] = json.dumps(filters)
    return _rows(await podman.call("GET", "/containers/json", params=params))


async def inspect_container(podman: Podman, container: str, *, size: bool = False) -> Answer:
    """Tell everything of a container; `size` takes Podman a while."""
    params = {"size": "true"} if size else None
    answer: Answer = await podman.call("GET", _container(container, "json"), params=params)
    return answer


async def container_exists(podman: Podman, container: str) -> bool:
    """Tell whether it is there."""
    return await podman.exists(_container(container))


async def create_container(podman: Podman, spec: dict[str, Any]) -> Answer:
    """Create a container by a SpecGenerator."""
    answer: Answer = await podman.call("POST", "/containers/create", body=spec)
    return answer


async def start_container(podman: Podman, container: str) -> None:
    """Start it; nothing happens when it runs."""
    await podman.call("POST", _container(container, "start"))


async def stop_container(podman: Podman, container: str, timeout: int | None = None) -> None:
    """Stop it. After `timeout` seconds (its own, for None) it is killed."""
    await podman.call("POST", _container(container, "stop"), params=_timeout(timeout))


async def restart_container(podman: Podman, container: str, timeout: int) -> None:
    """Stop and start it. Podman documents `t`, which 4.3 takes for none at all."""
    await podman.call("POST", _container(container, "restart"), params=_timeout(timeout))


async def kill_container(podman: Podman, container: str, signal: str) -> None:
    """Send its first process a signal."""
    await podman.call("POST", _container(container, "kill"), params={"signal": signal})


async def pause_container(podman: Podman, container: str) -> None:
    """Freeze its processes."""
    await podman.call("POST", _container(container, "pause"))


async def unpause_container(podman: Podman, container: str) -> None:
    """Let its processes go on."""
    await podman.call("POST", _container(container, "unpause"))


async def rename_container(podman: Podman, container: str, name: str) -> None:
    """Give it another name."""
    await podman.call("POST", _container(container, "rename"), params={"name": name})


async def remove_container(podman: Podman, container: str, *, force: bool, volumes: bool) -> Rows:
    """Remove it, with `volumes` its anonymous ones too.

    Podman documents `v`, and its own API heeds only `volumes`.
    """
    params = {"force": _flag(force), "v": _flag(volumes), "volumes": _flag(volumes)}
    return _rows(await podman.call("DELETE", _container(container), params=params))


async def prune_containers(podman: Podman) -> Rows:
    """Remove all that do not run."""
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
    """Make an image of its file system."""
    params = {"container": container, "repo": repository, "tag": tag, "pause": _flag(pause)}
    if author:
        params["author"] = author
    if message:
        # Only Docker's image format has a place for a message.
        params |= {"comment": message, "format": "docker"}
    answer: Answer = await podman.call("POST", "/commit", params=params)
    return answer


async def run_health_check(podman: Podman, container: str) -> None:
    """Run the container's health check once."""
    await podman.call("GET", _container(container, "healthcheck"))


async def container_processes(podman: Podman, container: str) -> Answer:
    """Tell what `podman top` tells."""
    params = {"stream": "false"}
    answer: Answer = await podman.call("GET", _container(container, "top"), params=params)
    return answer


async def container_changes(podman: Podman, container: str) -> Rows:
    """List the files in which it differs from its image."""
    return _rows(await podman.call("GET", _container(container, "changes")))


def container_logs(podman: Podman, container: str, params: dict[str, str]) -> Streaming:
    """Read its output."""
    return podman.stream("GET", _container(container, "logs"), params=params)


def container_stats(podman: Podman, container: str, interval: int) -> Streaming:
    """Follow what it uses, every `interval` seconds."""
    params = {"containers": container, "stream": "true", "interval": str(interval)}
    return podman.stream("GET", "/containers/stats", params=params)


# Exec sessions


async def create_exec(podman: Podman, container: str, body: dict[str, Any]) -> str:
    """Make ready a command in a container; the id of its session."""
    return str((await podman.call("POST", _container(container, "exec"), body=body))["Id"])


def exec_start_path(podman: Podman, session: str) -> str:
    """Name the path that starts a session: the caller needs the bare connection."""
    return f"/v{podman.version}/libpod/exec/{session}/start"


async def inspect_exec(podman: Podman, session: str) -> Answer:
    """Tell whether its command runs, and how it ended."""
    answer: Answer = await podman.call("GET", f"/exec/{session}/json")
    return answer


async def resize_exec(podman: Podman, session: str, columns: int, rows: int) -> None:
    """Tell its terminal how large it is."""
    params = {"w": str(columns), "h": str(rows)}
    await podman.call("POST", f"/exec/{session}/resize", params=params)


# Images


async def list_images(
    podman: Podman, *, all: bool = False, filters: dict[str, list[str]] | None = None
) -> Rows:
    """List images, with `all` also those that others are made of."""
    params = {"all": "true"} if all else {}
    if filters:
        params["filters"] = json.dumps(filters)
    return _rows(await podman.call("GET", "/images/json", params=params))


async def inspect_image(podman: Podman, image: str) -> Answer:
    """Tell everything of an image."""
    answer: Answer = await podman.call("GET", _image(image, "json"))
    return answer


async def image_exists(podman: Podman, image: str) -> bool:
    """Tell whether it is in the account's store."""
    return await podman.exists(_image(image))


async def image_history(podman: Podman, image: str) -> Rows:
    """List the instructions that made it, newest first."""
    return _rows(await podman.call("GET", _image(image, "history")))


async def tag_image(podman: Podman, image: str, repository: str, tag: str) -> None:
    """Give it one more name."""
    await podman.call("POST", _image(image, "tag"), params={"repo": repository, "tag": tag})


async def untag_image(podman: Podman, image: str, repository: str, tag: str) -> None:
    """Take one name away."""
    await podman.call("POST", _image(image, "untag"), params={"repo": repository, "tag": tag})


async def remove_image(podman: Podman, image: str, *, force: bool) -> Answer:
    """Remove a name, and the image with its last one."""
    params = {"force": _flag(force)}
    answer: Answer = await podman.call("DELETE", _image(image), params=params)
    return answer


async def prune_images(podman: Podman, *, all: bool) -> Rows:
    """Remove those without a name, with `all` those without a container."""
    return _rows(await podman.call("POST", "/images/prune", params={"all": _flag(all)}))


async def search_images(podman: Podman, params: dict[str, str]) -> Rows:
    """Search a registry."""
    return _rows(await podman.call("GET", "/images/search", params=params))


def pull_image(podman: Podman, params: dict[str, str], headers: dict[str, str]) -> Streaming:
    """Pull; the answer is Podman 4's own: sentences, and the image's id at the end."""
    return podman.stream("POST", "/images/pull", params=params, headers=headers)


def create_image(podman: Podman, params: dict[str, str], headers: dict[str, str]) -> Streaming:
    """Pull by the Docker-compatible call, whose answer has bytes a layer."""
    return podman.stream("POST", "/images/create", params=params, headers=headers, docker=True)


# Manifest lists


async def inspect_manifest(podman: Podman, name: str) -> Answer:
    """Tell what a manifest list refers to."""
    answer: Answer = await podman.call("GET", _path("manifests", name, "json"))
    return answer


async def manifest_exists(podman: Podman, name: str) -> bool:
    """Tell whether an image is a manifest list."""
    return await podman.exists(_path("manifests", name))


# Volumes


async def list_volumes(podman: Podman) -> Rows:
    """List volumes."""
    return _rows(await podman.call("GET", "/volumes/json"))


async def volume_exists(podman: Podman, name: str) -> bool:
    """Tell whether it is there."""
    return await podman.exists(_path("volumes", name))


async def inspect_volume(podman: Podman, name: str) -> Answer:
    """Tell everything of a volume."""
    answer: Answer = await podman.call("GET", _path("volumes", name, "json"))
    return answer


async def create_volume(podman: Podman, name: str) -> None:
    """Create a volume."""
    await podman.call("POST", "/volumes/create", body={"Name": name})


async def remove_volume(podman: Podman, name: str) -> None:
    """Remove a volume that no container uses."""
    await podman.call("DELETE", _path("volumes", name))


async def prune_volumes(podman: Podman) -> Rows:
    """Remove those that no container uses."""
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
