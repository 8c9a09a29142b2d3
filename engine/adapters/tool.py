"""Runs a command-line program of the Podman family as the account: no shell, all of it ended."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from engine.adapters.children import die_with
from engine.schema.errors import EngineError, ErrorCode

MOST_KEPT = 64 * 1024
"""Bytes of error text that are kept (its end)."""


@dataclass(frozen=True)
class Ended:
    """How a program ended, and what it said."""

    code: int
    output: bytes
    errors: str


async def run(
    argv: list[str],
    *,
    given: bytes = b"",
    environment: dict[str, str] | None = None,
    seconds: float | None = None,
    most: int = 8 * 1024 * 1024,
    line: Callable[[str], None] | None = None,
) -> Ended:
    """Run it to its end; `line` hears each line of either stream.

    A cancelled or late call kills the program and everything that it started. Raises EngineError
    when it is not installed, takes longer than `seconds`, or says more than `most` bytes.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE if given else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            preexec_fn=die_with(os.getpid()),
            limit=1024 * 1024,
        )
    except FileNotFoundError as error:
        raise EngineError(
            ErrorCode.UNAVAILABLE,
            f"{argv[0]} is not installed on this host.",
            f"Ask the host's administrator for the package `{argv[0]}`.",
        ) from error
    try:
        async with asyncio.timeout(seconds):
            output, errors, _ = await asyncio.gather(
                _read(process.stdout, most, line),
                _read(process.stderr, most, line, keep=MOST_KEPT),
                _give(process, given),
            )
            code = await process.wait()
    except TimeoutError as error:
        raise EngineError(
            ErrorCode.TIMEOUT,
            f"{argv[0]} took longer than {seconds:g} seconds and was stopped.",
            "The registry is slow or does not answer. Try again later.",
        ) from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return Ended(code, output, errors.decode(errors="replace").strip())


async def _give(process: asyncio.subprocess.Process, given: bytes) -> None:
    if process.stdin:
        with suppress(ConnectionError):
            process.stdin.write(given)
            await process.stdin.drain()
        process.stdin.close()


async def _read(
    stream: asyncio.StreamReader | None,
    most: int,
    line: Callable[[str], None] | None,
    keep: int | None = None,
) -> bytes:
    if stream is None:
        raise RuntimeError("a program without pipes")
    kept = bytearray()
    pending = b""
    while piece := await stream.read(64 * 1024):
        kept += piece
        if keep is not None:
            del kept[:-keep]
        elif len(kept) > most:
            raise EngineError(ErrorCode.INVALID, "The answer is too large to be shown.")
        if line:
            *lines, pending = (pending + piece).split(b"\n")
            for each in lines:
                line(each.decode(errors="replace").strip())
            pending = pending[-4096:]
    return bytes(kept)
