"""The resource use of a running container, one sample per second.

Podman reads cgroups, and only version 2. Elsewhere, the kernel's data about the container's
processes replaces it. That also applies to controllers that are not delegated, and to a container
without its own cgroup, whose numbers would be those of the whole host. What even the kernel cannot
tell is None, with the reason.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from engine.podman import api
from engine.podman.client import Podman
from engine.process import procfs
from engine.queries.containers import running
from engine.schema.messages import msg
from engine.schema.queries import ContainerStats, StatsSample

INTERVAL = 1.0
_NO_BLOCKS = msg("Block I/O is counted by cgroups, and the host delegates no io controller.")
_NO_LIMIT = msg("This host cannot keep memory limits: the memory controller is not delegated.")
_HOST_NETWORK = msg("The container shares the host's network, which is not counted for it alone.")


async def stats(podman: Podman, query: ContainerStats) -> AsyncIterator[StatsSample]:
    """Yield samples until the container ends. Raises EngineError if it is not running."""
    found = await running(podman, query.container)
    state = found["State"]
    shares_network = found["HostConfig"]["NetworkMode"] == "host"
    host = (await api.info(podman))["host"]
    controllers = set(host.get("cgroupControllers") or [])
    if host["cgroupVersion"] == "v2" and procfs.has_own_cgroup(state["Pid"], found["Id"]):
        samples = _from_cgroups(podman, found, controllers, shares_network)
    else:
        samples = _from_processes(state["Pid"], shares_network)
    async for sample in samples:
        yield sample


async def _from_cgroups(
    podman: Podman, found: dict[str, Any], controllers: set[str], shares_network: bool
) -> AsyncIterator[StatsSample]:
    async with api.container_stats(podman, found["Id"], int(INTERVAL)) as response:
        async for line in response.content:
            answer = json.loads(line) if line.strip() else {}
            if answer.get("Error") or not answer.get("Stats"):
                return
            first = found["State"]["Pid"]
            yield _read(answer["Stats"][0], first, controllers, shares_network)


def _read(
    stats: dict[str, Any], first: int, controllers: set[str], shares_network: bool
) -> StatsSample:
    measured = None if {"memory", "pids"} <= controllers else procfs.usage(first)
    unavailable = {}
    limit = stats["MemLimit"] if "memory" in controllers else None
    if limit is None:
        unavailable["memory_limit"] = _NO_LIMIT
    blocks = "io" in controllers
    if not blocks:
        unavailable |= {"block_read": _NO_BLOCKS, "block_written": _NO_BLOCKS}
    if shares_network:
        unavailable |= {"network_in": _HOST_NETWORK, "network_out": _HOST_NETWORK}
    interfaces = (stats.get("Network") or {}).values()
    received = sum(each["RxBytes"] for each in interfaces)
    sent = sum(each["TxBytes"] for each in interfaces)
    return StatsSample(
        at=datetime.now(UTC),
        cpu_percent=round(float(stats["CPU"]), 2),
        memory=stats["MemUsage"]
        if "memory" in controllers
        else measured.memory
        if measured
        else None,
        memory_limit=limit,
        # Podman 5 counts per interface, Podman 4 in total.
        network_in=None if shares_network else received or stats.get("NetInput", 0),
        network_out=None if shares_network else sent or stats.get("NetOutput", 0),
        block_read=stats["BlockInput"] if blocks else None,
        block_written=stats["BlockOutput"] if blocks else None,
        pids=stats["PIDs"] if "pids" in controllers else measured.pids if measured else None,
        unavailable=unavailable,
    )


async def _from_processes(first: int, shares_network: bool) -> AsyncIterator[StatsSample]:
    unavailable = {
        "memory_limit": _NO_LIMIT,
        "block_read": _NO_BLOCKS,
        "block_written": _NO_BLOCKS,
    }
    if shares_network:
        unavailable |= {"network_in": _HOST_NETWORK, "network_out": _HOST_NETWORK}
    before, then = procfs.usage(first), time.monotonic()
    pause = 0.2  # the first sample soon, the rest at their pace
    while before:
        await asyncio.sleep(pause)
        pause = INTERVAL
        now = time.monotonic()
        measured = procfs.usage(first)
        if measured is None:
            return
        traffic = None if shares_network else procfs.network(first)
        used = max(0.0, measured.cpu_seconds - before.cpu_seconds)
        yield StatsSample(
            at=datetime.now(UTC),
            cpu_percent=round(100 * used / (now - then), 2),
            memory=measured.memory,
            memory_limit=None,
            network_in=traffic[0] if traffic else None,
            network_out=traffic[1] if traffic else None,
            block_read=None,
            block_written=None,
            pids=measured.pids,
            unavailable=unavailable,
        )
        before, then = measured, now
