"""A small client for Podman's REST API on its Unix socket that interprets errors.

Paths are libpod's (`/containers/json`). `docker=True` uses the Docker-compatible counterpart, which
returns more in a few cases.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from engine.podman.default_ulimits import default_ulimits
from engine.podman.errors import understand
from engine.process.cancellation import unstoppable
from engine.registries.config_files import RegistryFiles
from engine.schema.errors import EngineError, ErrorCode, Unanswered
from engine.schema.messages import msg

DOCKER_API = "/v1.40"
START_PATIENCE = 10.0
"""Seconds to wait for a Podman service that is (re)starting."""


class Podman:
    """A connection pool to the account's own `podman system service`."""

    def __init__(self, socket: Path, reload: Callable[[], Awaitable[None]]) -> None:
        self.socket = socket
        self.reload = reload
        """Makes the service reread its configuration files."""
        self.registry_files = RegistryFiles(reload)
        self.version = ""
        self.described: dict[str, Any] | None = None
        """Return its own description: see `api.info`."""
        self.default_ulimits: list[dict[str, str | int]] = []
        """What to add to each container to match the command line."""
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Determine the version, which all later calls use. Raises EngineError."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(str(self.socket), limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
            read_bufsize=2**18,
        )
        async with self._request("GET", "/_ping", {}, None, {}) as answer:
            self.version = answer.headers.get("Libpod-API-Version", "4.0.0")
        if self.major < 5:
            self.default_ulimits = await default_ulimits()

    async def close(self) -> None:
        """Close all connections."""
        if self._session:
            await self._session.close()

    @property
    def major(self) -> int:
        """Return 4 or 5."""
        return int(self.version.split(".")[0])

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: object = None,
        headers: dict[str, str] | None = None,
        docker: bool = False,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Open a response with a success status, to read in pieces. Raises EngineError."""
        prefix = DOCKER_API if docker else f"/v{self.version}/libpod"
        async with self._request(
            method, prefix + path, params or {}, body, headers or {}
        ) as response:
            if response.status >= 400:
                raise understand(_message(await response.text()), response.status)
            yield response

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: object = None,
        docker: bool = False,
    ) -> Any:
        """Return the decoded JSON answer, or None if there is none. Raises EngineError.

        Waits for a requested change to finish even if the caller is cancelled in the meantime.
        """
        calling = self._call(method, path, params, body, docker)
        return await (calling if method == "GET" else unstoppable(calling))

    async def _call(
        self, method: str, path: str, params: dict[str, str] | None, body: object, docker: bool
    ) -> Any:
        deadline = asyncio.get_running_loop().time() + START_PATIENCE
        while True:
            try:
                async with self.stream(
                    method, path, params=params, body=body, docker=docker
                ) as response:
                    raw = await response.read()
                    # 304: it is already in the requested state.
                    return json.loads(raw) if raw.strip() and response.status != 304 else None
            except Unanswered:
                # The connection broke during the answer. Reading again does no harm.
                if method != "GET" or asyncio.get_running_loop().time() > deadline:
                    raise

    async def ping(self) -> None:
        """Wait until the service answers. Raises EngineError."""
        async with self._request("GET", "/_ping", {}, None, {}) as response:
            await response.read()

    async def apply_registries(self) -> None:
        """Make the service use the current registries.conf. Call this before contacting a registry.

        Raises EngineError if Podman refuses the files.
        """
        await self.registry_files.apply(self._registries)

    async def _registries(self) -> Any:
        return (await self.call("GET", "/info")).get("registries")

    async def exists(self, path: str) -> bool:
        """Return whether the object at `path` exists (libpod's /exists)."""
        prefix = f"/v{self.version}/libpod"
        async with self._request("GET", f"{prefix}{path}/exists", {}, None, {}) as response:
            await response.read()
            return response.status == 204

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        params: dict[str, str],
        body: object,
        headers: dict[str, str],
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            raise RuntimeError("Podman.open() comes first")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + START_PATIENCE
        while True:
            try:
                response = await self._session.request(
                    method,
                    f"http://podman{path}",
                    params=params,
                    headers=headers,
                    **({"json": body} if body is not None else {}),  # type: ignore[arg-type]
                )
                break
            except aiohttp.ClientError as error:
                # Nothing was sent, or nothing that changes anything: it is safe to try again while
                # the service restarts.
                safe = method == "GET" or isinstance(error, aiohttp.ClientConnectorError)
                if not safe:
                    raise _unanswered(error) from error
                if loop.time() > deadline:
                    raise EngineError(
                        ErrorCode.UNAVAILABLE,
                        msg("Podman's service does not answer: %(error)s.", error=error),
                        msg("It is being started again. Try again in a moment."),
                    ) from error
                await asyncio.sleep(0.02)
        try:
            yield response
        except aiohttp.ClientError as error:
            raise _unanswered(error) from error
        finally:
            # An answer that was not read completely must not return to the pool. Closing it also
            # stops a pull or a followed log.
            response.close() if not response.content.at_eof() else response.release()


def _unanswered(error: aiohttp.ClientError) -> Unanswered:
    return Unanswered(
        msg(
            "Podman's service ended in the middle of it (%(error)s).",
            error=str(error) or "connection closed",
        )
    )


def _message(raw: str) -> str:
    """Return Podman's message from an error body: JSON of one of two forms, or plain text."""
    try:
        body = json.loads(raw)
    except ValueError:
        return raw
    if not isinstance(body, dict):
        return raw
    return str(body.get("message") or body.get("error") or body.get("cause") or raw)
