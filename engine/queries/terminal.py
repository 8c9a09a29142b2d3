"""An interactive terminal in a container: `podman exec -it` over Podman's hijacked connection."""

import asyncio
import base64
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from engine.podman import api
from engine.podman.client import Podman
from engine.podman.errors import understand
from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.queries import (
    ContainerTerminal,
    TerminalEnded,
    TerminalInput,
    TerminalOutput,
    TerminalSize,
)

_ANY_SHELL = ["sh", "-c", "if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi"]
_CHUNK = 16 * 1024
_GRACE = 1.0
"""Seconds that an abandoned shell gets after SIGHUP."""


class Terminal:
    """One running exec session."""

    def __init__(
        self,
        podman: Podman,
        session: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._podman = podman
        self._session = session
        self._reader = reader
        self._writer = writer

    async def send(self, message: TerminalInput | TerminalSize) -> None:
        """Send what was typed, or the new size of the page's terminal."""
        if isinstance(message, TerminalSize):
            await resize(self._podman, self._session, message.columns, message.rows)
            return
        try:
            data = base64.b64decode(message.data, validate=True)
        except ValueError as error:
            raise EngineError(ErrorCode.INVALID, msg("Terminal input must be base64.")) from error
        self._writer.write(data)
        await self._writer.drain()

    async def output(self) -> AsyncIterator[TerminalOutput | TerminalEnded]:
        """Yield all output, then how the command ended."""
        while data := await self._reader.read(_CHUNK):
            yield TerminalOutput(data=base64.b64encode(data).decode())
        yield TerminalEnded(exit_code=await _exit_code(self._podman, self._session))

    async def end(self) -> None:
        """Close it, and end the command if it still runs, since nobody sees it any more."""
        self._writer.close()
        found = await _look(self._podman, self._session)
        if not found or not found["Running"] or not found["Pid"]:
            return
        with suppress(ProcessLookupError):
            os.kill(found["Pid"], signal.SIGHUP)
            await asyncio.sleep(_GRACE)
            found = await _look(self._podman, self._session)
            if found and found["Running"]:
                os.kill(found["Pid"], signal.SIGKILL)


@asynccontextmanager
async def open_terminal(podman: Podman, query: ContainerTerminal) -> AsyncIterator[Terminal]:
    """Start the command with a TTY. Leaving the block ends it. Raises EngineError."""
    body = {
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": True,
        "Cmd": query.command_line or _ANY_SHELL,
        "Env": ["TERM=xterm-256color"],
        **({"User": query.user} if query.user else {}),
    }
    session = await api.create_exec(podman, query.container, body)
    reader, writer = await asyncio.open_unix_connection(str(podman.socket))
    try:
        await _hijack(podman, session, query, reader, writer)
    except EngineError:
        writer.close()
        raise
    terminal = Terminal(podman, session, reader, writer)
    # Podman 4.3 ignores the size in the start call. Repeating it is harmless.
    with suppress(EngineError):
        await resize(podman, session, query.columns, query.rows)
    try:
        yield terminal
    finally:
        await terminal.end()


async def resize(podman: Podman, session: str, columns: int, rows: int) -> None:
    """Tell the program in the terminal its size."""
    await api.resize_exec(podman, session, columns, rows)


async def _hijack(
    podman: Podman,
    session: str,
    query: ContainerTerminal,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Speak HTTP up to the point where the connection becomes the terminal itself.

    Written by hand, since HTTP libraries do not expose the raw connection of an upgrade.
    """
    size = {"Detach": False, "Tty": True, "w": query.columns, "h": query.rows}
    body = json.dumps(size).encode()
    writer.write(
        f"POST {api.exec_start_path(podman, session)} HTTP/1.1\r\n"
        "Host: podman\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise EngineError(
            ErrorCode.INTERNAL, msg("Podman closed the terminal's connection.")
        ) from error
    status = int(head.split(" ", 2)[1])
    if status in (101, 200):
        return
    raw = await reader.read(_CHUNK)
    try:
        message = str(json.loads(raw).get("message"))
    except ValueError:
        message = raw.decode(errors="replace")
    raise understand(message, status)


async def _look(podman: Podman, session: str) -> dict[str, Any] | None:
    try:
        return await api.inspect_exec(podman, session)
    except EngineError:
        return None  # the session was removed with its container


async def _exit_code(podman: Podman, session: str) -> int | None:
    """Return the status, which Podman records a moment after the connection has ended."""
    for _ in range(20):
        found = await _look(podman, session)
        if found is None:
            return None
        if not found["Running"]:
            return int(str(found["ExitCode"]))
        await asyncio.sleep(0.05)
    return None
