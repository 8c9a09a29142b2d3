"""The only door through which the console reaches an engine."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote
from uuid import UUID

import aiohttp
from aiohttp import ClientRequest, ClientTimeout
from aiohttp.client_proto import ResponseHandler
from aiohttp.tracing import Trace
from pydantic import TypeAdapter, ValidationError

from engine.peers import peer_uid
from engine.schema.errors import EngineError, EngineUnreachable, ErrorCode, ErrorReport
from engine.schema.parameters import Parameters
from engine.schema.progress import Message, Outcome, Progress, Recollection
from engine.schema.queries import (
    ContainerTerminal,
    Document,
    EngineEvent,
    LogLine,
    QueryFailed,
    StatsSample,
    Table,
    TerminalEnded,
    TerminalInput,
    TerminalOutput,
    TerminalSize,
)
from engine.schema.query import Query
from engine.schema.snapshot import ContainerRow, ImageRow, Snapshot, UnitRow
from engine.schema.unit_queries import UnitAnswer

Answer = Document | Table | LogLine | StatsSample | UnitAnswer | QueryFailed
Shown = TerminalOutput | TerminalEnded | QueryFailed
_MESSAGE: TypeAdapter[Progress | Outcome] = TypeAdapter(Message)
_RECOLLECTION: TypeAdapter[Any] = TypeAdapter(Recollection)
_ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)
_SHOWN: TypeAdapter[Shown] = TypeAdapter(Shown)
_CONTAINERS: TypeAdapter[list[ContainerRow]] = TypeAdapter(list[ContainerRow])
_IMAGES: TypeAdapter[list[ImageRow]] = TypeAdapter(list[ImageRow])
_UNITS: TypeAdapter[list[UnitRow]] = TypeAdapter(list[UnitRow])
CONNECT_SECONDS = 10.0
"""Socket activation starts the engine, which starts Podman: that takes a moment."""


_NO_SOCKET = (
    "its socket is not there. Either the account left Berth, or its user manager does not run: "
    "with lingering off that ends with the account's last login and starts at no boot, nor do the "
    "account's units. Root turns lingering on: loginctl enable-linger {uid}"
)


class _Connector(aiohttp.UnixConnector):
    """Speaks to one uid only: the kernel says who listens, before a byte is sent."""

    def __init__(self, path: str, uid: int) -> None:
        super().__init__(path=path, limit=0)
        self._uid = uid

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        protocol = await super()._create_connection(req, traces, timeout)
        found = peer_uid(protocol.transport)
        if found != self._uid:
            protocol.close()
            raise EngineUnreachable(
                f"The socket {self.path} is held by uid {found}, not by uid {self._uid}."
            )
        return protocol


@dataclass(frozen=True)
class ImageStream:
    """An image on its way from one account to another."""

    image_id: str
    size: int
    pieces: AsyncIterator[bytes]


class Terminal:
    """An open terminal: send to it, iterate over what it shows."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, message: TerminalInput | TerminalSize) -> None:
        """What was typed, or the new size."""
        try:
            await self._socket.send_str(message.model_dump_json())
        except (ConnectionError, aiohttp.ClientError) as error:
            raise EngineUnreachable("The terminal was closed.") from error

    async def __aiter__(self) -> AsyncIterator[Shown]:
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                yield _SHOWN.validate_json(message.data)


class Engine:
    """The engine of one Linux account. Every call raises EngineUnreachable or EngineError."""

    def __init__(self, socket: Path, uid: int) -> None:
        self._socket = socket
        self._uid = uid
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "Engine":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End all connections."""
        if self._session:
            await self._session.close()
            self._session = None

    async def ping(self) -> dict[str, Any]:
        """Who answers: uid, account, pid, podman_version."""
        answer: dict[str, Any] = json.loads(await self._read("GET", "/v1/ping"))
        return answer

    async def snapshot(self) -> Snapshot:
        """All of the account."""
        return Snapshot.model_validate_json(await self._read("GET", "/v1/snapshot"))

    async def containers(self, ids: list[str]) -> list[ContainerRow]:
        """The present rows of these containers; those that are gone are left out."""
        if not ids:
            return []
        path = "/v1/containers?" + "&".join(f"id={each}" for each in ids)
        return _CONTAINERS.validate_json(await self._read("GET", path))

    async def images(self) -> list[ImageRow]:
        """The rows of all images."""
        return _IMAGES.validate_json(await self._read("GET", "/v1/images"))

    async def units(self) -> list[UnitRow]:
        """The rows of all units that have to do with Podman."""
        return _UNITS.validate_json(await self._read("GET", "/v1/units"))

    async def events(self) -> AsyncIterator[EngineEvent]:
        """What happens in the account, on and on; `system`/`connected` when it is being heard."""
        async for line in self._lines("GET", "/v1/events"):
            yield EngineEvent.model_validate_json(line)

    async def run(
        self, operation: UUID, parameters: Parameters
    ) -> AsyncIterator[Progress | Outcome]:
        """Progress, then the outcome. Again with the same id: the same operation, never twice."""
        body = {"kind": parameters.kind, "parameters": parameters.wire()}
        async for line in self._lines("POST", f"/v1/operations/{operation}", body):
            yield _MESSAGE.validate_json(line)

    async def put_file(
        self, operation: UUID, upload: UUID, sha256: str, chunks: AsyncIterator[bytes]
    ) -> None:
        """Hand an upload over for an operation, before that is run."""
        path = f"/v1/operations/{operation}/files/{upload}?sha256={sha256}"
        async with self._answer("PUT", path, None, data=chunks) as response:
            await response.read()

    async def produced(self, operation: UUID) -> AsyncIterator[bytes]:
        """The file that an operation made, in pieces."""
        async with self._answer("GET", f"/v1/operations/{operation}/produced", None) as response:
            async for piece in response.content.iter_any():
                yield piece

    async def forget_files(self, operation: UUID) -> None:
        """Have the engine remove what an ended operation made."""
        await self._read("DELETE", f"/v1/operations/{operation}/files")

    @asynccontextmanager
    async def image(self, image: str) -> AsyncIterator[ImageStream]:
        """An image out of the account's store; leaving the block ends the stream."""
        path = f"/v1/images/archive?image={quote(image, safe='')}"
        async with self._answer("GET", path, None) as response:
            yield ImageStream(
                image_id=response.headers["Berth-Image"],
                size=int(response.headers["Berth-Size"]),
                pieces=response.content.iter_chunked(2**18),
            )

    async def bring(self, operation: UUID, stream: "ImageStream") -> None:
        """Hand an image to an operation that waits for it, until it has read all of it."""
        path = f"/v1/operations/{operation}/image?image_id={stream.image_id}&size={stream.size}"
        async with self._answer("PUT", path, None, data=stream.pieces) as response:
            await response.read()

    async def recall(self, operation: UUID) -> Any:
        """A `Recollection`: what became of it."""
        return _RECOLLECTION.validate_json(await self._read("GET", f"/v1/operations/{operation}"))

    async def cancel(self, operation: UUID) -> None:
        """Ask it to stop; its own stream says what came of that."""
        await self._read("POST", f"/v1/operations/{operation}/cancel")

    async def query(self, query: Query) -> AsyncIterator[Answer]:
        """Answers, until the end or until the iteration is left."""
        body = {"query": query.query, "parameters": query.model_dump(mode="json")}
        async for line in self._lines("POST", "/v1/queries", body):
            yield _ANSWER.validate_json(line)

    @asynccontextmanager
    async def terminal(self, query: ContainerTerminal) -> AsyncIterator[Terminal]:
        """A terminal in a container; leaving the block ends what runs in it."""
        try:
            async with self._open().ws_connect(
                "http://engine/v1/terminal",
                params={"q": query.model_dump_json()},
                max_msg_size=256 * 1024,
            ) as socket:
                yield Terminal(socket)
        except aiohttp.WSServerHandshakeError as error:
            raise EngineError(ErrorCode.INVALID, error.message) from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from error

    async def _read(self, method: str, path: str) -> bytes:
        async with self._answer(method, path, None) as response:
            return await response.read()

    async def _lines(self, method: str, path: str, body: object = None) -> AsyncIterator[bytes]:
        async with self._answer(method, path, body) as response:
            # Not the reader's own lines: those have a limit that an inspect document exceeds.
            rest = b""
            async for piece in response.content.iter_any():
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    yield line

    @asynccontextmanager
    async def _answer(
        self, method: str, path: str, body: object, data: AsyncIterator[bytes] | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            async with self._open().request(
                method, f"http://engine{path}", json=body, data=data
            ) as response:
                if response.status >= 400:
                    raise _refusal(await response.text(), response.status)
                yield response
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_Connector(str(self._socket), self._uid),
                timeout=ClientTimeout(total=None, connect=CONNECT_SECONDS),
                read_bufsize=2**18,
            )
        return self._session

    def _unreachable(self, error: Exception) -> EngineUnreachable:
        why = str(error) if self._socket.exists() else _NO_SOCKET.format(uid=self._uid)
        return EngineUnreachable(f"The engine on {self._socket} does not answer: {why}")


def _refusal(text: str, status: int) -> EngineError:
    try:
        report = ErrorReport.model_validate_json(text)
    except ValidationError:
        return EngineError(ErrorCode.INTERNAL, f"The engine answered with status {status}.")
    return EngineError(report.code, report.message, report.remedy)
