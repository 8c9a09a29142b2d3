"""The account's journal: `journalctl --user -o json` (its fields: systemd.journal-fields(7))."""

import asyncio
import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

from engine.schema.errors import EngineError, ErrorCode
from engine.schema.messages import msg
from engine.schema.unit_queries import JournalLine, UnitJournal

_LONGEST = 16 * 1024
_BUFFER = 4 * 1024 * 1024


async def lines(query: UnitJournal, units: list[str]) -> AsyncGenerator[JournalLine, None]:
    """Yield the lines of `units`, oldest first. Raises EngineError with journalctl's own words."""
    argv = ["journalctl", "--user", "--output=json", "--quiet", "--all", "--no-pager"]
    argv += [f"--user-unit={unit}" for unit in units]
    argv += [f"--priority={query.priority}"] if query.priority < 7 else []
    argv += ["--follow"] if query.follow else []
    if query.tail is not None:
        argv += [f"--lines={query.tail}"]
    elif query.follow:
        argv += ["--no-tail"]
    argv += [f"--since=@{query.since.timestamp():.6f}"] if query.since else []
    argv += [f"--until=@{query.until.timestamp():.6f}"] if query.until else []
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_BUFFER,
        )
    except FileNotFoundError as error:
        raise EngineError(
            ErrorCode.UNAVAILABLE, msg("This host keeps no journal: journalctl is not installed.")
        ) from error
    output, errors = process.stdout, process.stderr
    if output is None or errors is None:
        raise RuntimeError("a subprocess without its pipes")
    try:
        async for raw in output:
            line = _read(json.loads(raw))
            if query.grep.lower() in line.text.lower():
                yield line
        complaint = (await errors.read()).decode(errors="replace").strip()
        if await process.wait() and complaint:
            raise EngineError(
                ErrorCode.UNAVAILABLE,
                msg("The journal cannot be read: %(said)s", said=complaint),
                msg(
                    "An account reads its own journal when the host keeps one per user "
                    "(journald's SplitMode=uid and persistent storage)."
                ),
            )
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def last(unit: str, count: int, priority: int = 7) -> list[JournalLine]:
    """Return the last lines of a unit; [] if no journal is readable."""
    query = UnitJournal(unit=unit, tail=count, priority=priority)
    try:
        return [line async for line in lines(query, [unit])]
    except EngineError:
        return []


def _read(entry: dict[str, Any]) -> JournalLine:
    stamp = int(entry.get("__REALTIME_TIMESTAMP") or 0)
    priority = str(entry.get("PRIORITY") or "6")
    pid = str(entry.get("_PID") or "")
    return JournalLine(
        at=datetime.fromtimestamp(stamp / 1e6, UTC),
        unit=_text(entry.get("USER_UNIT") or entry.get("_SYSTEMD_USER_UNIT")),
        program=_text(entry.get("CONTAINER_NAME") or entry.get("SYSLOG_IDENTIFIER")),
        pid=int(pid) if pid.isdigit() else None,
        priority=int(priority) if priority in "01234567" else 6,
        # conmon leaves the end of a container's line in the field.
        text=_text(entry.get("MESSAGE"))[:_LONGEST].rstrip("\r\n"),
        cursor=_text(entry.get("__CURSOR")),
    )


def _text(value: Any) -> str:
    """Return a field as text. Non-UTF-8 bytes come as numbers, repeated fields as a list."""
    if value is None:
        return ""
    if isinstance(value, list):
        if all(isinstance(each, int) and 0 <= each < 256 for each in value):
            return bytes(value).decode(errors="replace")
        return _text(value[0]) if value else ""
    return str(value)
