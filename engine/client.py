"""The console's only way to reach an engine."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import aiohttp
from aiohttp import ClientRequest, ClientTimeout
from aiohttp.client_proto import ResponseHandler
from aiohttp.tracing import Trace
from pydantic import Field, TypeAdapter, ValidationError

from engine.process.peers import peer_uid
from engine.schema import limits
from engine.schema.errors import (
    EngineError,
    EngineFault,
    EngineUnreachable,
    ErrorCode,
    ErrorReport,
)
from engine.schema.messages import msg
from engine.schema.parameters import Parameters
from engine.schema.ping import Ping
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
from engine.schema.snapshot import ContainerRow, ImageRow, Rows, Snapshot, UnitRow
from engine.schema.unit_queries import UnitAnswer

Answer = Document | Table | LogLine | StatsSample | UnitAnswer | QueryFailed
Shown = TerminalOutput | TerminalEnded | QueryFailed
_MESSAGE: TypeAdapter[Progress | Outcome] = TypeAdapter(Message)
_RECOLLECTION: TypeAdapter[Any] = TypeAdapter(Recollection)
_ANSWER: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="type")])
_SHOWN: TypeAdapter[Shown] = TypeAdapter(Annotated[Shown, Field(discriminator="type")])
_EVENT: TypeAdapter[EngineEvent] = TypeAdapter(EngineEvent)
_SNAPSHOT: TypeAdapter[Snapshot] = TypeAdapter(Snapshot)
_CONTAINERS: TypeAdapter[list[ContainerRow]] = TypeAdapter(Rows[ContainerRow])
_IMAGES: TypeAdapter[list[ImageRow]] = TypeAdapter(Rows[ImageRow])
_UNITS: TypeAdapter[list[UnitRow]] = TypeAdapter(Rows[UnitRow])
_PING: TypeAdapter[Ping] = TypeAdapter(Ping)
_IMAGE_ID = re.compile(r"[0-9a-f]{64}")
GIB = 2**30
CONNECT_SECONDS = 10.0
"""Socket activation starts the engine, which starts Podman. That takes a moment."""
_STREAM = ClientTimeout(total=None, connect=CONNECT_SECONDS)
_WHOLE = ClientTimeout(total=limits.WHOLE_SECONDS, connect=CONNECT_SECONDS)
_FILE = ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=limits.SILENCE_SECONDS)


_NO_SOCKET = msg(
    "its socket is not there. Either the account left Berth, or its user manager does not run: "
    "with lingering off that ends with the account's last login and starts at no boot, nor do "
    "the account's units. Root turns lingering on: loginctl enable-linger {uid}"
)


class _Connector(aiohttp.UnixConnector):
    """Connects to one uid only. The kernel reports who listens before a byte is sent."""

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
                msg(
                    "The socket %(path)s is held by uid %(found)s, not by uid %(_uid)s.",
                    path=self.path,
                    found=found,
                    _uid=self._uid,
                )
            )
        return protocol


@dataclass(frozen=True)
class ImageStream:
    """An image that one account sends to another."""

    image_id: str
    size: int
    pieces: AsyncIterator[bytes]


class Terminal:
    """An open terminal: send to it, and iterate over its output."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, message: TerminalInput | TerminalSize) -> None:
        """Send what was typed, or the new size."""
        try:
            await self._socket.send_str(message.model_dump_json())
        except (ConnectionError, aiohttp.ClientError) as error:
            raise EngineUnreachable(msg("The terminal was closed.")) from error

    async def __aiter__(self) -> AsyncIterator[Shown]:
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                yield limits.parse(_SHOWN, message.data)


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
        """Close all connections."""
        if self._session:
            await self._session.close()
            self._session = None

    async def ping(self) -> dict[str, Any]:
        """Return the engine's uid, account, pid, and podman_version."""
        return limits.parse(_PING, await self._read("GET", "/v1/ping")).model_dump()

    async def snapshot(self) -> Snapshot:
        """Return the whole account."""
        return limits.parse(_SNAPSHOT, await self._read("GET", "/v1/snapshot"))

    async def containers(self, ids: list[str]) -> list[ContainerRow]:
        """Return the current rows of these containers, without those that are gone."""
        if not ids:
            return []
        path = "/v1/containers?" + "&".join(f"id={each}" for each in ids)
        return limits.parse(_CONTAINERS, await self._read("GET", path))

    async def images(self) -> list[ImageRow]:
        """Return the rows of all images."""
        return limits.parse(_IMAGES, await self._read("GET", "/v1/images"))

    async def units(self) -> list[UnitRow]:
        """Return the rows of all units that involve Podman."""
        return limits.parse(_UNITS, await self._read("GET", "/v1/units"))

    async def events(self) -> AsyncIterator[EngineEvent]:
        """Yield the account's events without end. `system`/`connected` marks the start."""
        async for line in self._lines("GET", "/v1/events", most=limits.EVENT):
            yield limits.parse(_EVENT, line)

    async def run(
        self, operation: UUID, parameters: Parameters
    ) -> AsyncIterator[Progress | Outcome]:
        """Run an operation: yield progress, then the outcome. The same id never runs twice."""
        body = {"kind": parameters.kind, "parameters": parameters.wire()}
        path = f"/v1/operations/{operation}"
        async for line in self._lines("POST", path, body, most=limits.MESSAGE):
            yield limits.parse(_MESSAGE, line)

    async def put_file(
        self, operation: UUID, upload: UUID, sha256: str, chunks: AsyncIterator[bytes]
    ) -> None:
        """Upload a file for an operation, before running it."""
        path = f"/v1/operations/{operation}/files/{upload}?sha256={sha256}"
        async with self._answer("PUT", path, None, data=chunks) as response:
            await limits.whole(response.content.iter_any(), limits.REFUSAL)

    async def produced(self, operation: UUID, size: int) -> AsyncIterator[bytes]:
        """Yield the file of `size` bytes that an operation produced, and never more than that."""
        path = f"/v1/operations/{operation}/produced"
        async with self._answer("GET", path, None, timeout=_FILE) as response:
            async for piece in limits.counted(response.content.iter_any(), size):
                yield piece

    async def forget_files(self, operation: UUID) -> None:
        """Remove what an ended operation produced."""
        await self._read("DELETE", f"/v1/operations/{operation}/files")

    @asynccontextmanager
    async def image(self, image: str) -> AsyncIterator[ImageStream]:
        """Open an image from the account's storage. Leaving the block ends the stream."""
        path = f"/v1/images/archive?image={quote(image, safe='')}"
        async with self._answer("GET", path, None, timeout=_FILE) as response:
            image_id = response.headers.get("Berth-Image", "")
            size = response.headers.get("Berth-Size", "")
            if not _IMAGE_ID.fullmatch(image_id) or not re.fullmatch(r"[0-9]{1,15}", size):
                raise EngineFault(msg("The engine does not say which image it sends."))
            yield ImageStream(
                image_id=image_id,
                size=int(size),
                # An archive is slightly larger than its layers.
                pieces=limits.counted(response.content.iter_chunked(2**18), 2 * int(size) + GIB),
            )

    async def bring(self, operation: UUID, stream: "ImageStream") -> None:
        """Send an image to an operation that waits for it, until it has read all of it."""
        path = f"/v1/operations/{operation}/image?image_id={stream.image_id}&size={stream.size}"
        async with self._answer("PUT", path, None, data=stream.pieces) as response:
            await limits.whole(response.content.iter_any(), limits.REFUSAL)

    async def recall(self, operation: UUID) -> Recollection:
        """Return what the engine remembers of an operation: its outcome, if it has ended."""
        path = f"/v1/operations/{operation}"
        text = await self._read("GET", path, most=limits.MESSAGE)
        found: Recollection = limits.parse(_RECOLLECTION, text)
        return found

    async def cancel(self, operation: UUID) -> None:
        """Request the end of an operation. Its own stream reports the outcome."""
        await self._read("POST", f"/v1/operations/{operation}/cancel")

    async def query(self, query: Query) -> AsyncIterator[Answer]:
        """Yield the answers of a query until its end, or until the iteration stops."""
        body = {"query": query.query, "parameters": query.model_dump(mode="json")}
        async for line in self._lines("POST", "/v1/queries", body, most=limits.ANSWER):
            yield limits.parse(_ANSWER, line)

    @asynccontextmanager
    async def terminal(self, query: ContainerTerminal) -> AsyncIterator[Terminal]:
        """Open a terminal in a container. Leaving the block ends its command."""
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

    async def _read(self, method: str, path: str, most: int = limits.SNAPSHOT) -> bytes:
        async with self._answer(method, path, None, timeout=_WHOLE) as response:
            return await limits.whole(response.content.iter_any(), most)

    async def _lines(
        self, method: str, path: str, body: object = None, *, most: int
    ) -> AsyncIterator[bytes]:
        async with self._answer(method, path, body) as response:
            # Not aiohttp's own line reader: its limit is below the size of an inspect document.
            async for line in limits.lines(response.content.iter_any(), most):
                yield line

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        body: object,
        data: AsyncIterator[bytes] | None = None,
        timeout: ClientTimeout | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            async with self._open().request(
                method,
                f"http://engine{path}",
                json=body,
                data=data,
                timeout=timeout or _STREAM,
                allow_redirects=False,
            ) as response:
                if response.status >= 300:
                    raise await _refusal(response)
                yield response
        except (aiohttp.ClientResponseError, aiohttp.http.HttpProcessingError) as error:
            raise EngineFault(msg("The engine's answer is not HTTP.")) from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(error) from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_Connector(str(self._socket), self._uid),
                timeout=_STREAM,
                read_bufsize=2**18,
                # Nothing that could expand: no compression, and no cookies.
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    def _unreachable(self, error: Exception) -> EngineUnreachable:
        why = str(error) or (msg("it takes too long") if isinstance(error, TimeoutError) else "")
        if not self._socket.exists():
            why = _NO_SOCKET.format(uid=self._uid)
        return EngineUnreachable(
            msg("The engine on %(_socket)s does not answer: %(why)s", _socket=self._socket, why=why)
        )


async def _refusal(response: aiohttp.ClientResponse) -> EngineError:
    """Return why the engine refuses. Reads only as much as a reason can have."""
    async with asyncio.timeout(limits.WHOLE_SECONDS):
        text = await limits.start(response.content.iter_any(), limits.REFUSAL)
    try:
        report = ErrorReport.model_validate_json(text)
    except ValidationError:
        return EngineFault(
            msg("The engine answered with status %(status)s.", status=response.status)
        )
    return EngineError(report.code, report.message, report.remedy)
