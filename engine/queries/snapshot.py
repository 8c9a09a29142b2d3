"""The state of an account at one moment, from Podman's list calls, and single rows of it.

Podman reads every container to list one, which takes longer the more there are. So single
containers are inspected: everything that changes during a container's life comes from there, and
the rest from the last list. A container that was never listed is read from inspect data alone until
the next list.
"""

import asyncio
import logging
import os
import re
from datetime import UTC, datetime
from typing import Any, cast, get_args

from pydantic import ValidationError

from engine.podman import api, oom
from engine.podman.answers import ports_of
from engine.podman.client import Podman
from engine.schema.containers import Port
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.snapshot import (
    ContainerRow,
    ContainerState,
    EngineInfo,
    Health,
    ImageRow,
    Snapshot,
    UnitRow,
)
from engine.schema.version import version
from engine.systemd import quadlets
from engine.systemd.inventory import UNIT_LABEL, Inventory, lingers
from engine.systemd.user_manager import absent

_STATES = set(get_args(ContainerState))
_HEALTH = set(get_args(Health))
# Two states before the first start, and two after the end (before and after Podman's own cleanup,
# for which there is no event), are the same to a reader, as in `podman ps`.
_SAME_STATE = {
    "configured": "created",
    "initialized": "created",
    "stopped": "exited",
    "improper": "unknown",
}
_RUNNING = ("running", "paused", "stopping")
_LARGEST_LIST = 256 * 1024
_AT_ONCE = 8
_NEVER = datetime.fromtimestamp(0, UTC)
_listed: dict[str, ContainerRow] = {}
"""The last row of each container that Podman has listed."""
# Raised while reading unexpected data from Podman. ValidationError is a ValueError.
_NONSENSE = (LookupError, TypeError, ValueError, AttributeError, OverflowError, OSError)
log = logging.getLogger(__name__)


async def containers(podman: Podman, ids: list[str] | None = None) -> list[ContainerRow]:
    """Return all containers, or those of `ids` that still exist."""
    if ids is None:
        rows = await _list(podman)
        _listed.clear()
    else:
        room = asyncio.Semaphore(_AT_ONCE)
        inspected = await asyncio.gather(*(_inspected(podman, each, room) for each in ids))
        return await oom.marked(podman, [row for row in inspected if row is not None])
    _listed.update((row.id, row) for row in rows if not row.problem)
    return await oom.marked(podman, rows)


async def _list(podman: Podman, ids: list[str] | None = None) -> list[ContainerRow]:
    rows = await api.list_containers(podman, filters={"id": ids} if ids else None)
    return [_container_or_why(row) for row in rows]


async def _inspected(podman: Podman, key: str, room: asyncio.Semaphore) -> ContainerRow | None:
    """Return the current row of a container, or None if it is gone."""
    try:
        async with room:
            document = await api.inspect_container(podman, key)
    except EngineError as error:
        if error.report.code is not ErrorCode.NOT_FOUND:
            raise
        _listed.pop(key, None)
        return None
    row = _listed.get(key)
    try:
        if row is None and not document.get("Pod"):
            row = _container(_as_listed(document, podman.major))
        if row is not None:
            return row.model_copy(update=_state_of(document, row))
    except _NONSENSE as error:
        log.warning("a container has to be listed: %s", error)
        _listed.pop(key, None)
    # Only the list has the name of a pod. It also reports malformed data.
    rows = await _list(podman, [key])
    _listed.update((row.id, row) for row in rows if not row.problem)
    return next(iter(rows), None)


def _as_listed(document: dict[str, Any], major: int) -> dict[str, Any]:
    """Convert inspect data to the format of Podman's list, without the state."""
    config, host, network = document["Config"], document["HostConfig"], document["NetworkSettings"]
    return {
        "Id": document["Id"],
        "Names": [document["Name"]],
        "Image": document["ImageName"],
        "ImageID": document["Image"],
        "Command": config["Cmd"],
        "Created": document["Created"],
        "State": document["State"]["Status"],
        "Labels": config["Labels"],
        "Ports": _port_mappings(network.get("Ports") or {}),
        "Mounts": [each["Destination"] for each in document["Mounts"]]
        + list(host.get("Tmpfs") or {}),
        # Some versions list the mode of networks that are none.
        "Networks": [each for each in network.get("Networks") or {} if each != host["NetworkMode"]],
        # Podman 4's list does not contain it.
        "Restarts": document["RestartCount"] if major >= 5 else None,
    }


def _port_mappings(bindings: dict[str, list[dict[str, str]] | None]) -> list[dict[str, Any]]:
    """Return the ports, joined to ranges as in Podman's list."""
    single = sorted(
        (name.partition("/")[2], each["HostIp"], int(name.partition("/")[0]), int(each["HostPort"]))
        for name, found in bindings.items()
        for each in found or []
    )
    joined: list[dict[str, Any]] = []
    for protocol, address, inside, outside in single:
        mapping = {
            "protocol": protocol,
            # Podman 5 writes this if none was given; its list leaves it empty.
            "host_ip": "" if address == "0.0.0.0" else address,  # noqa: S104 - compared
            "container_port": inside,
            "host_port": outside,
            "range": 1,
        }
        if joined and _follows(joined[-1], mapping):
            joined[-1]["range"] += 1
        else:
            joined.append(mapping)
    return joined


def _follows(before: dict[str, Any], mapping: dict[str, Any]) -> bool:
    same = all(before[name] == mapping[name] for name in ("protocol", "host_ip"))
    return same and all(
        before[name] + before["range"] == mapping[name] for name in ("container_port", "host_port")
    )


def _state_of(document: dict[str, Any], row: ContainerRow) -> dict[str, object]:
    """Return what changes during a container's life, from inspect data."""
    now = document["State"]
    state = _state(now["Status"])
    running = state in _RUNNING
    finished = _moment(now["FinishedAt"])
    ended = not running and state != "created" and finished is not None
    health = (now.get("Health") or now.get("Healthcheck") or {}).get("Status") or ""
    return {
        "name": document["Name"],
        "state": state,
        "started": _moment(now["StartedAt"]),
        "exited": finished if ended else None,
        "exit_code": int(now["ExitCode"]) if ended else None,
        "health": health if running and health in _HEALTH else "",
        # Podman 4.3 has it only here, but a row contains what lists have.
        "restarts": None if row.restarts is None else int(document["RestartCount"]),
    }


async def images(podman: Podman) -> list[ImageRow]:
    """Return all images. The console knows which containers use them."""
    found = await api.list_images(podman)
    lists = {image["Id"] for image in found if await _is_list(podman, image)}
    return [_image_or_why(image, image["Id"] in lists) for image in found]


async def info(podman: Podman, warnings: list[str]) -> EngineInfo:
    """Return Podman's description of itself and the host."""
    answer = await api.info(podman)
    host, store = answer["host"], answer["store"]
    root = str(store["graphRoot"])
    used, total, device = _disk(root)
    return EngineInfo(
        engine_version=version(),
        podman_version=answer["version"]["Version"],
        api_version=answer["version"]["APIVersion"],
        runtime=host["ociRuntime"]["name"],
        storage_driver=store["graphDriverName"],
        storage_root=root,
        cgroup_version=host["cgroupVersion"] if host["cgroupVersion"] in ("v1", "v2") else "",
        cgroup_controllers=host.get("cgroupControllers") or [],
        selinux=bool(host.get("security", {}).get("selinuxEnabled")),
        systemd=not absent(),
        no_systemd=absent(),
        quadlet=bool(quadlets.generator()),
        linger=lingers() if not absent() else None,
        disk_used=used,
        disk_total=total,
        disk_device=device,
        warnings=[*warnings, *_warnings(host, store)],
    )


async def snapshot(podman: Podman, inventory: Inventory, warnings: list[str]) -> Snapshot:
    """Return everything. `taken` precedes the first query, so it never claims too much."""
    taken = datetime.now(UTC)
    rows, (units, units_unread) = await asyncio.gather(containers(podman), _units(inventory))
    found, images_unread = await _images(podman)
    facts = await info(podman, warnings)
    unread = {"units_unread": units_unread, "images_unread": images_unread}
    return Snapshot(
        taken=taken,
        containers=rows,
        images=found,
        units=units,
        info=facts.model_copy(update=unread),
    )


async def _units(inventory: Inventory) -> tuple[list[UnitRow], str]:
    """Return the units, or why they are unreadable: containers are shown nevertheless."""
    try:
        return await inventory.rows(), ""
    except EngineError as error:
        return [], error.report.message


async def _images(podman: Podman) -> tuple[list[ImageRow], str]:
    """Return the images, or why listing them failed: one broken layer stops Podman's list."""
    try:
        return await images(podman), ""
    except EngineError as error:
        return [], error.report.message


def _container_or_why(row: dict[str, Any]) -> ContainerRow:
    """Return its row, or one that says why Podman's data is malformed."""
    try:
        return _container(row)
    except _NONSENSE as error:
        log.warning("a container cannot be read: %s", error)
        identity = str(row.get("Id") or "")
        names = row.get("Names")
        name = str(names[0]) if isinstance(names, list) and names else identity[:12]
        return ContainerRow(
            id=_id(identity), name=name, image=str(row.get("Image") or ""), image_id="",
            created=_NEVER, state="unknown", problem=_why(error),
        )  # fmt: skip


def _image_or_why(image: dict[str, Any], is_list: bool) -> ImageRow:
    """Return its row, or one that says why Podman's data is malformed."""
    try:
        return _image(image, is_list)
    except _NONSENSE as error:
        log.warning("an image cannot be read: %s", error)
        tags = image.get("RepoTags")
        return ImageRow(
            id=_id(str(image["Id"])), tags=[str(each) for each in tags or []],
            created=_NEVER, size=0, problem=_why(error),
        )  # fmt: skip


def _id(text: str) -> str:
    """Return an id that is valid in addresses, whatever Podman's data contains."""
    return re.sub(r"[^A-Za-z0-9_.:-]", "_", text[:128]) or "unknown"


def _why(error: Exception) -> str:
    if isinstance(error, ValidationError):
        places = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
        return msg("What Podman says of it makes no sense: %(places)s.", places=places)
    return msg("What Podman says of it makes no sense: %(error)s.", error=error)


def _container(row: dict[str, Any]) -> ContainerRow:
    state = _state(row["State"])
    running = state in _RUNNING
    labels = row.get("Labels") or {}
    ended = bool(row.get("Exited")) and not running
    status = row.get("Status") or ""
    return ContainerRow(
        id=row["Id"],
        name=(row.get("Names") or [row["Id"][:12]])[0],
        image=row.get("Image") or "",
        image_id=row.get("ImageID") or "",
        command=row.get("Command") or [],
        created=row["Created"],
        state=state,
        started=_time(row.get("StartedAt")),
        exited=_time(row.get("ExitedAt")) if ended else None,
        exit_code=row.get("ExitCode") if ended else None,
        # For a container with a health check, this field contains only its health.
        health=cast(Health, status if status in _HEALTH and running else ""),
        ports=sorted(ports_of(row.get("Ports")), key=_port_order),
        labels=labels,
        mounts=_in_order(row.get("Mounts")),
        networks=_in_order(row.get("Networks")),
        pod=row.get("PodName") or "",
        infra=bool(row.get("IsInfra")),
        unit=str(labels.get(UNIT_LABEL) or ""),
        restarts=row.get("Restarts"),
    )


def _port_order(port: Port) -> tuple[str, int, str, int]:
    return port.protocol, port.container_port, port.host_ip, port.host_port or 0


def _in_order(value: Any) -> Any:
    """Return it sorted: Podman's lists and inspect data have orders of their own."""
    return sorted(value) if isinstance(value, list) else value or []


def _state(text: str) -> ContainerState:
    state = _SAME_STATE.get(text, text)
    return cast(ContainerState, state if state in _STATES else "unknown")


async def _is_list(podman: Podman, image: dict[str, Any]) -> bool:
    """Return whether it is a list. Podman 4 only says so when asked, and only if it is tiny."""
    if "IsManifestList" in image:
        return bool(image["IsManifestList"])
    try:
        if int(image.get("Size") or 0) > _LARGEST_LIST or podman.major >= 5:
            return False
        return await api.manifest_exists(podman, image["Id"])
    except (EngineError, *_NONSENSE) as error:
        log.warning("whether %s is a manifest list is not known: %s", image["Id"][:12], error)
        return False


def _image(image: dict[str, Any], is_list: bool) -> ImageRow:
    names = [name for name in image.get("RepoTags") or [] if name != "<none>:<none>"]
    return ImageRow(
        id=image["Id"],
        tags=names,
        digest=image.get("Digest") or "",
        created=datetime.fromtimestamp(image["Created"], UTC),
        size=image.get("Size") or 0,
        labels=image.get("Labels") or {},
        dangling=not names,
        manifest_list=is_list,
    )


def _time(seconds: int | None) -> datetime | None:
    """Convert the time. Podman writes "never" as the year 1."""
    return datetime.fromtimestamp(seconds, UTC) if seconds and seconds > 0 else None


def _moment(text: str) -> datetime | None:
    """Do the same for a written date, to the second as in Podman's list."""
    found = datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)
    return found if found > _NEVER else None


def _disk(root: str) -> tuple[int | None, int | None, str]:
    try:
        disk, device = os.statvfs(root), os.stat(root).st_dev
    except OSError:
        return None, None, ""
    used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize
    return used, disk.f_blocks * disk.f_frsize, f"{os.major(device)}:{os.minor(device)}"


def _warnings(host: dict[str, Any], store: dict[str, Any]) -> list[str]:
    found: list[str] = []
    if store["graphDriverName"] == "vfs":
        found.append(
            msg(
                "Images are stored with the vfs driver, which copies every layer: slow and "
                "large. An account without images yet takes overlay once a storage.conf says so; "
                "Debian's package containers-storage brings one."
            )
        )
    if host["cgroupVersion"] == "v1":
        found.append(
            msg(
                "The host uses cgroup v1 (or a hybrid): rootless Podman cannot limit memory, "
                "processors or processes there."
            )
        )
    return found
