"""Run `podman push`, `skopeo copy`, and similar programs, which show bytes per layer on a terminal.

For a push, Podman's API (4.3 and 5.4) reports only which layers there are. On a terminal, the same
code (containers/image, copy/progress_bars.go) draws one bar per layer, and each line has the start
of the layer's digest: `Copying blob 84d639e4c94b [==>--] 12.5MiB / 40.0MiB | 90 MiB/s`.
"""

import asyncio
import errno
import fcntl
import os
import pty
import re
import struct
import termios
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine.podman.errors import understand
from engine.process.cancellation import unstoppable
from engine.process.pdeathsig import die_with
from engine.process.programs import missing, need_own_end
from engine.schema.messages import msg
from engine.schema.progress import Progress, Step

_COLUMNS = 160
_STOP_PATIENCE = 5.0
_LAST_WORDS = 1.0
_MOST_KEPT = 200
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_BAR = re.compile(r"^Copying (blob|config) (?:sha256:)?([0-9a-f]{7,64})\s*(.*)$")
_BYTES = re.compile(r"(?<![\d.])([\d.]+)\s?([KMGT]?i?)B? / ([\d.]+)\s?([KMGT]?i?)B")
_IMAGE_OF_LIST = re.compile(r"^Copying image \S+ \((\d+)/(\d+)\)$")
# How Podman and Skopeo (logrus, on a terminal) start their final error.
_FATAL = re.compile(r"^(?:Error: |FATA\[\d+\] )")
_FACTORS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


@dataclass
class _Bars:
    """The state after the lines so far."""

    message: str
    steps: dict[str, Step] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    image: str = ""
    """Which image of a list is being copied."""

    def take(self, line: str) -> None:
        found = _BAR.match(line)
        if not found:
            if one := _IMAGE_OF_LIST.match(line):
                self.image = f", image {one[1]} of {one[2]}"
            if line:
                self.words = [*self.words[1 - _MOST_KEPT :], line]
            return
        noun, digest, rest = found.groups()
        before = self.steps.get(digest[:10])
        current, total = (before.current, before.total) if before else (None, None)
        status = before.status if before else "Waiting"
        if amounts := _BYTES.search(rest):
            number, unit, whole, whole_unit = amounts.groups()
            current = int(float(number) * _FACTORS[unit.removesuffix("i")])
            total = int(float(whole) * _FACTORS[whole_unit.removesuffix("i")])
            status = "Copying"
        elif rest.startswith("skipped"):
            status, current = msg("Already there"), total
        elif rest.startswith("done"):
            status, current = "Done", total
        label = digest[:12] if noun == "blob" else f"config {digest[:10]}"
        self.steps[digest[:10]] = Step(
            id=digest[:12], label=label, status=status, current=current, total=total
        )

    def progress(self) -> Progress:
        known = [step for step in self.steps.values() if step.total]
        return Progress(
            message=self.message + self.image,
            unit="bytes" if known else "",
            current=sum(step.current or 0 for step in known) if known else None,
            total=sum(step.total or 0 for step in known) or None,
            steps=list(self.steps.values()),
        )


async def copy(
    argv: list[str],
    message: str,
    report: Callable[[Progress], None],
    temporary: Path,
    finished: Callable[[list[str]], bool] = lambda words: False,
) -> list[str]:
    """Run a program that copies images, with a bar per layer. Return its other lines.

    `temporary` holds its own files, since a killed program leaves them. Cancellation ends the
    program unless it finishes first (see engine.process.cancellation). `finished` determines that
    from its lines or from what it left, because Podman's exit status is 0 even if it was told to
    end. Raises EngineError with the program's own last words.
    """
    bars = _Bars(message)
    report(bars.progress())
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 500, _COLUMNS, 0, 0))
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", "TMPDIR": str(temporary)},
            preexec_fn=die_with(os.getpid()),
        )
    except FileNotFoundError as error:
        os.close(ours)
        raise missing(argv[0]) from error
    finally:
        os.close(theirs)
    reading = asyncio.create_task(_read(ours, bars, report))
    try:
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            ended = process.returncode is not None
            await unstoppable(end(process))
            await unstoppable(_rest(reading))
            if process.returncode or not (ended or finished(bars.words)):
                raise
            status = 0
        await _rest(reading)
    finally:
        await end(process)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    need_own_end(argv[0], status)
    if status:
        raise understand(_last_words(bars.words, argv[0], status))
    return bars.words


async def _rest(reading: "asyncio.Task[None]") -> None:
    # Not until the end of the terminal: a process that Podman leaves behind may hold it open.
    await asyncio.wait({reading}, timeout=_LAST_WORDS)


async def _read(terminal: int, bars: _Bars, report: Callable[[Progress], None]) -> None:
    async for line in _lines(terminal):
        bars.take(line)
        report(bars.progress())


async def end(process: asyncio.subprocess.Process) -> None:
    """End a program that may still run: terminate it first, then kill it."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOP_PATIENCE):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _lines(descriptor: int) -> AsyncIterator[str]:
    """Yield the terminal's output line by line. Closes the descriptor."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    rest = ""
    try:
        while piece := await reader.read(2**16):
            *whole, rest = (rest + piece.decode("utf-8", "replace")).split("\n")
            for line in whole:
                yield _ESCAPES.sub("", line).strip()
            rest = rest[-4096:]
    except OSError as error:
        if error.errno != errno.EIO:  # a terminal reports this when its last writer is gone
            raise
    finally:
        transport.close()
    if rest.strip():
        yield _ESCAPES.sub("", rest).strip()


def _last_words(words: list[str], program: str, status: int) -> str:
    errors = [index for index, word in enumerate(words) if _FATAL.match(word)]
    if errors:
        return _FATAL.sub("", " ".join(words[errors[-1] :]))
    return (
        words[-1]
        if words
        else msg("%(program)s ended with status %(status)s.", program=program, status=status)
    )
