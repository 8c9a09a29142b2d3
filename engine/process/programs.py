"""Run programs as the account: without a shell, words unchanged, no process left at the end."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.process.pdeathsig import die_with
from engine.schema.errors import EngineError, ErrorCode, Unanswered
from engine.schema.messages import msg

_TREE = Path(__file__).with_name("subreaper.py")
_SIGNALED = 128
"""Added to a signal's number by a shell, and by rootless Podman for its part in the namespace."""
_DEADLY = {signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV, signal.SIGABRT}
LONGEST_LINE = 16 * 1024
LAST_WORDS = 0.3
"""Seconds."""
MOST_COMPLAINTS = 64 * 1024
"""Bytes of error output that are kept (the end of it)."""


class Failure(Exception):
    """Raised when a program ends with a status other than 0."""

    def __init__(self, status: int) -> None:
        super().__init__(f"exit status {status}")
        self.status = status


async def lines(
    argv: list[str], *, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> AsyncGenerator[str, None]:
    """Yield the output (both streams) as lines without line ends. Raises Failure at the end.

    Leaving the iteration, also by cancellation, ends the program and everything that it started.
    Use it with `aclosing`.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(_TREE), str(os.getpid()), *argv),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **(environment or {})},
        cwd=folder,
    )
    if process.stdout is None:
        raise RuntimeError("a process without its output")
    try:
        rest = b""
        async for piece in _pieces(process, process.stdout):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield _text(line)
            if len(rest) > LONGEST_LINE:
                yield _text(rest)
                rest = b""
        if rest:
            yield _text(rest)
        if status := await process.wait():
            raise Failure(status)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _pieces(
    process: asyncio.subprocess.Process, output: asyncio.StreamReader
) -> AsyncGenerator[bytes, None]:
    """Yield the output until the program ends: a process it left running may hold the pipe open."""
    ended = asyncio.create_task(process.wait())
    reading = asyncio.create_task(output.read(64 * 1024))
    try:
        while True:
            await asyncio.wait({ended, reading}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():  # it has ended, and its last output may be on its way
                await asyncio.wait({reading}, timeout=LAST_WORDS)
            if not reading.done() or not reading.result():
                return
            yield reading.result()
            reading = asyncio.create_task(output.read(64 * 1024))
    finally:
        ended.cancel()
        reading.cancel()


def _text(line: bytes) -> str:
    # Keep what follows the last carriage return, as a terminal would show it.
    shown = line.rstrip(b"\r").rpartition(b"\r")[2]
    return shown[:LONGEST_LINE].decode("utf-8", "replace")


@dataclass(frozen=True)
class Done:
    """How a program ended, and its output."""

    status: int
    output: str
    errors: str

    @property
    def last_words(self) -> str:
        """Return the last line of its error output."""
        lines = (self.errors.strip() or self.output.strip()).splitlines()
        return lines[-1] if lines else f"exit status {self.status}"


async def run(
    *argv: str,
    given: bytes = b"",
    environment: Mapping[str, str] | None = None,
    seconds: float | None = 60.0,
    late: str = "",
    most: int = 8 * 1024 * 1024,
    place: str = "/",
) -> Done:
    """Run a program in `place` to its end. `given` is its input.

    Cancellation or a timeout kills the program and everything that it started. Raises EngineError
    if it is not installed, takes longer than `seconds` (`late` is then the remedy), or writes more
    than `most` bytes.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE if given else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **(environment or {})},
            cwd=place,
            start_new_session=True,
            preexec_fn=die_with(os.getpid()),
        )
    except FileNotFoundError as error:
        raise missing(argv[0]) from error
    try:
        async with asyncio.timeout(seconds):
            output, errors, _ = await asyncio.gather(
                _whole(process.stdout, most),
                _whole(process.stderr, most, keep=MOST_COMPLAINTS),
                _give(process, given),
            )
            status = await process.wait()
    except TimeoutError as error:
        raise EngineError(
            ErrorCode.TIMEOUT,
            msg(
                "%(argv)s took longer than %(seconds)s seconds and was stopped.",
                argv=argv[0],
                seconds=f"{seconds:g}",
            ),
            late,
        ) from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    need_own_end(argv[0], status)
    return Done(status, output.decode(errors="replace"), errors.decode(errors="replace"))


def need_own_end(program: str, status: int) -> None:
    """Raise Unanswered if a signal ended the program: nobody knows what it did until then."""
    number = -status if status < 0 else status - _SIGNALED
    if number in _DEADLY:
        name = signal.Signals(number).name
        raise Unanswered(
            msg(
                "%(program)s was ended by %(name)s in the middle of it.", program=program, name=name
            )
        )


def missing(program: str) -> EngineError:
    """Return the error for a program that is not installed."""
    return EngineError(
        ErrorCode.UNAVAILABLE,
        msg("%(program)s is not installed on this host.", program=program),
        msg("Ask the host's administrator to install it."),
    )


async def _give(process: asyncio.subprocess.Process, given: bytes) -> None:
    if process.stdin:
        with suppress(ConnectionError):
            process.stdin.write(given)
            await process.stdin.drain()
        process.stdin.close()


async def _whole(stream: asyncio.StreamReader | None, most: int, keep: int | None = None) -> bytes:
    if stream is None:
        raise RuntimeError("a program without pipes")
    kept = bytearray()
    while piece := await stream.read(64 * 1024):
        kept += piece
        if keep is not None:
            del kept[:-keep]
        elif len(kept) > most:
            raise EngineError(ErrorCode.INVALID, msg("The answer is too large to be shown."))
    return bytes(kept)
