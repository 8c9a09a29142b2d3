"""A simulated engine for tests of live pages: the test sets the account and its events."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from engine.schema.errors import ErrorCode, ErrorReport
from engine.schema.queries import EngineEvent
from engine.schema.snapshot import ContainerRow, EngineInfo, ImageRow, Snapshot, UnitRow

INFO = EngineInfo(
    podman_version="5.4.2",
    api_version="5.4.2",
    runtime="crun",
    storage_driver="overlay",
    storage_root="/home/web",
    cgroup_version="v2",
)
IMAGE = ImageRow(id="f" * 64, tags=["localhost/demo:1"], created=datetime.now(UTC), size=1)


def row(name: str, state: Any = "running") -> ContainerRow:
    return ContainerRow(
        id=name.encode().hex().ljust(64, "0"),
        name=name,
        image="localhost/demo:1",
        image_id=IMAGE.id,
        created=datetime(2026, 1, 1, tzinfo=UTC),
        state=state,
    )


def _refused(why: str) -> web.Response:
    report = ErrorReport(code=ErrorCode.UNAVAILABLE, message=why)
    return web.Response(text=report.model_dump_json(), status=503, content_type="application/json")


class Double:
    """Serves on `path`. `asked` counts the queries."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.containers: dict[str, ContainerRow] = {}
        self.asked: list[str] = []
        self.lines: list[dict[str, Any]] = []
        self.typed: list[dict[str, Any]] = []
        self.queries_left = 0
        self.answering = asyncio.Event()
        self.answering.set()
        """While it is not set, queries for containers get no answer."""
        self.listing = asyncio.Event()
        self.listing.set()
        """While it is not set, queries for images get no answer."""
        self.info = INFO
        self.units: list[UnitRow] = []
        self.refuses: dict[str, str] = {}
        """What it cannot read, "units" or "images", and why."""
        self._listeners: set[asyncio.Queue[EngineEvent]] = set()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/v1/snapshot", self._snapshot)
        app.router.add_get("/v1/containers", self._some)
        app.router.add_get("/v1/images", self._images)
        app.router.add_get("/v1/units", self._units)
        app.router.add_get("/v1/events", self._events)
        app.router.add_post("/v1/queries", self._query)
        app.router.add_get("/v1/terminal", self._terminal)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.path)).start()

    async def stop(self) -> None:
        self.answering.set()
        self.listing.set()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None
        self.path.unlink(missing_ok=True)

    def put(self, changed: ContainerRow, action: str = "start", *, silent: bool = False) -> None:
        """Change the state, with an event of Podman's."""
        self.containers[changed.id] = changed
        if not silent:
            self.say("container", action, changed.id)

    def say(self, noun: Any, action: str, id: str = "", **attributes: str) -> None:
        event = EngineEvent(
            at=datetime.now(UTC),
            noun=noun,
            action=action,
            id=id,
            name=attributes.get("name", ""),
            attributes=attributes,
        )
        for listener in self._listeners:
            listener.put_nowait(event)

    async def _snapshot(self, request: web.Request) -> web.Response:
        self.asked.append("snapshot")
        rows = list(self.containers.values())
        unread = {f"{noun}_unread": why for noun, why in self.refuses.items()}
        now = Snapshot(
            taken=datetime.now(UTC),
            containers=rows,
            images=[] if "images" in self.refuses else [IMAGE],
            units=[] if "units" in self.refuses else self.units,
            info=self.info.model_copy(update=unread),
        )
        return web.Response(text=now.model_dump_json())

    async def _some(self, request: web.Request) -> web.Response:
        ids = request.query.getall("id")
        self.asked.append("containers " + " ".join(ids))
        await self.answering.wait()
        found = [self.containers[i].model_dump(mode="json") for i in ids if i in self.containers]
        return web.json_response(found)

    async def _images(self, request: web.Request) -> web.Response:
        self.asked.append("images")
        await self.listing.wait()
        if why := self.refuses.get("images"):
            return _refused(why)
        return web.json_response([IMAGE.model_dump(mode="json")])

    async def _units(self, request: web.Request) -> web.Response:
        self.asked.append("units")
        if why := self.refuses.get("units"):
            return _refused(why)
        return web.json_response([each.model_dump(mode="json") for each in self.units])

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        mine: asyncio.Queue[EngineEvent] = asyncio.Queue()
        mine.put_nowait(EngineEvent(at=datetime.now(UTC), noun="system", action="connected", id=""))
        self._listeners.add(mine)
        try:
            while True:
                await response.write((await mine.get()).model_dump_json().encode() + b"\n")
        finally:
            self._listeners.discard(mine)

    async def _query(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((await request.json())["query"])
        response = web.StreamResponse()
        await response.prepare(request)
        for line in self.lines:
            await response.write(json.dumps(line).encode() + b"\n")
        if (await request.json())["parameters"].get("follow"):
            while request.transport and not request.transport.is_closing():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            self.queries_left += 1
        return response

    async def _terminal(self, request: web.Request) -> web.WebSocketResponse:
        self.asked.append("terminal")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            text = json.loads(message.data)
            self.typed.append(text)
            if text["type"] == "input":
                await socket.send_json({"type": "output", "data": text["data"]})
        self.queries_left += 1
        return socket
