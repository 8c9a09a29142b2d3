"""Runs one program to its end: no shell, words as they are, its output in memory."""

import asyncio
import os
from dataclasses import dataclass

from engine.schema.errors import EngineError, ErrorCode


@dataclass(frozen=True)
class Done:
    """How a program ended, and what it said."""

    status: int
    output: str
    errors: str

    @property
    def last_words(self) -> str:
        """The last line of what it complained about."""
        lines = (self.errors.strip() or self.output.strip()).splitlines()
        return lines[-1] if lines else f"exit status {self.status}"


async def run(
    *argv: str, environment: dict[str, str] | None = None, seconds: float = 60.0, place: str = "/"
) -> Done:
    """Run it in `place`. Raises EngineError when it is not installed or takes too long."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **(environment or {})},
            cwd=place,
        )
    except FileNotFoundError as error:
        raise EngineError(
            ErrorCode.UNAVAILABLE, f"The program {argv[0]} is not installed on this host."
        ) from error
    try:
        async with asyncio.timeout(seconds):
            output, errors = await process.communicate()
    except TimeoutError as error:
        raise EngineError(ErrorCode.TIMEOUT, f"{argv[0]} took more than {seconds:g} s.") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Done(
        process.returncode or 0,
        output.decode(errors="replace"),
        errors.decode(errors="replace"),
    )
