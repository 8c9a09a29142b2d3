"""A hostile engine cannot harm the console. It runs as another account."""

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from engine import client
from engine.client import Engine
from engine.schema import limits
from engine.schema.containers import ContainerStop
from engine.schema.errors import (
    LONGEST_TEXT,
    EngineError,
    EngineFault,
    EngineUnreachable,
    ErrorCode,
)
from engine.schema.progress import Failed
from engine.schema.queries import ContainerInspect, ContainerTop

PIECE = b"x" * 2**16
Script = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def engine_that(speaks: Script, path: Path) -> AsyncIterator[Engine]:
    """Yield an engine that reads a request's head and then writes what `speaks` does."""
    going_on: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        going_on.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await speaks(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the console has read enough
        finally:
            writer.close()

    server = await asyncio.start_unix_server(serve, path)
    try:
        async with Engine(path, path.stat().st_uid) as engine:
            yield engine
    finally:
        server.close()
        for task in going_on:
            task.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)


def says(body: bytes, status: str = "200 OK", head: str = "") -> Script:
    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\nConnection: close\r\n{head}\r\n".encode() + body)

    return speak


def goes_on(piece: bytes, begin: bytes = b"", status: str = "200 OK", head: str = "") -> Script:
    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + begin)
        while True:
            writer.write(piece)
            await writer.drain()

    return speak


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


async def everything(engine: Engine) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """Return every way to query an engine."""

    def drained(answers: Callable[[], AsyncIterator[Any]]) -> Callable[[], Awaitable[Any]]:
        async def drain() -> list[Any]:
            return [each async for each in answers()]

        return drain

    yield engine.ping
    yield engine.snapshot
    yield lambda: engine.containers(["a" * 64])
    yield engine.images
    yield engine.units
    yield lambda: engine.recall(uuid4())
    yield drained(engine.events)
    yield drained(lambda: engine.run(uuid4(), ContainerStop(container="db")))
    yield drained(lambda: engine.query(ContainerInspect(container="db")))
    yield drained(lambda: engine.query(ContainerTop(container="db")))


@pytest.mark.parametrize(
    "speaks",
    [
        says(b"nonsense\n"),
        says(b"\xff\xfe\n"),
        says(b"{}\n"),
        says(b"[1]\n"),
        says(b'{"type": "progress", "message": "\\ud800"}\n'),
        says(nested(100_000) + b"\n"),
        says(b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"\n"),
        says(b'{"type": "document", "data": {"a": ' + nested(150) + b"}}\n"),
        says(b'{"size": ' + b"9" * 100_000 + b"}\n"),
        goes_on(PIECE),
        goes_on(b" " * 2**16),
        goes_on(b"[" * 2**16),
        goes_on(PIECE, status="500 Oh"),
        goes_on(b"\x1f\x8b" * 2**10, head="Content-Encoding: gzip\r\n"),
        says(b"", status="302 Found", head="Location: http://192.0.2.1/\r\n"),
        says(b"zz\r\n", head="Transfer-Encoding: chunked\r\n"),
        says(b"{}", status="500 Oh", head="Content-Type: text/plain; charset=bogus\r\n"),
        says(b"\x00\x01 no JSON at all\n"),
    ],
)
async def test_every_fault_of_an_engine_is_an_engine_error_and_costs_little(
    speaks: Script, tmp_path: Path
) -> None:
    async with engine_that(speaks, tmp_path / "engine.sock") as engine:
        async for ask in everything(engine):
            tracemalloc.start()
            with pytest.raises(EngineError):
                await ask()
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert most < 6 * limits.SNAPSHOT


async def test_what_is_not_http_is_an_engine_out_of_reach(tmp_path: Path) -> None:
    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-what\r\n\r\n")

    async with engine_that(speak, tmp_path / "engine.sock") as engine:
        with pytest.raises((EngineUnreachable, EngineError)):
            await engine.snapshot()


async def test_more_rows_than_an_account_can_have_are_refused(tmp_path: Path) -> None:
    row = {"unit": "u", "kind": "service", "style": "quadlet"}
    few, many = (json.dumps([row] * number).encode() for number in (20_000, 20_001))
    async with engine_that(says(few), tmp_path / "few.sock") as engine:
        assert len(await engine.units()) == 20_000
    async with engine_that(says(many), tmp_path / "many.sock") as engine:
        with pytest.raises(EngineFault):
            await engine.units()


async def test_an_engine_that_drips_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = client.ClientTimeout(total=0.3)
    monkeypatch.setattr(client, "_WHOLE", short)

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with engine_that(drip, tmp_path / "engine.sock") as engine:
        with pytest.raises(EngineUnreachable, match="too long"):
            await engine.snapshot()


async def test_a_download_is_never_longer_than_its_size(tmp_path: Path) -> None:
    got: list[bytes] = []

    async def fetch(engine: Engine) -> None:
        async for piece in engine.produced(uuid4(), 100_000):
            got.append(piece)

    async with engine_that(goes_on(PIECE), tmp_path / "engine.sock") as engine:
        with pytest.raises(EngineFault, match="more than 100000 bytes"):
            await fetch(engine)
    assert sum(map(len, got)) <= 100_000


@pytest.mark.parametrize(
    "head",
    [
        "",
        "Berth-Image: ../../x\r\nBerth-Size: 1\r\n",
        f"Berth-Image: {'a' * 64}&size=1\r\nBerth-Size: 1\r\n",
        f"Berth-Image: {'a' * 64}\r\nBerth-Size: -1\r\n",
        f"Berth-Image: {'a' * 64}\r\nBerth-Size: {'9' * 5000}\r\n",
        f"Berth-Image: {'a' * 64}\r\nBerth-Size: 1e9\r\n",
    ],
)
async def test_an_image_without_an_id_and_a_size_is_not_carried(head: str, tmp_path: Path) -> None:
    speaks = says(b"tar", head=head)
    async with engine_that(speaks, tmp_path / "engine.sock") as engine:
        with pytest.raises(EngineFault):
            async with engine.image("demo"):
                pass


async def test_a_long_error_text_is_cut(tmp_path: Path) -> None:
    long = {"code": "internal", "message": "m" * 1_000_000, "remedy": "r" * 500_000}
    body = json.dumps({"type": "failed", "error": long}).encode() + b"\n"
    async with engine_that(says(body), tmp_path / "engine.sock") as engine:
        parameters = [
            each
            async for each in engine.run(uuid4(), ContainerStop(container="db"))
            if isinstance(each, Failed)
        ]
    assert len(parameters[0].error.message) < LONGEST_TEXT + 10
    assert len(parameters[0].error.remedy) < LONGEST_TEXT + 10


async def test_a_refusal_is_read_no_further_than_a_reason_can_be_long(tmp_path: Path) -> None:
    speaks = goes_on(PIECE, b'{"code":"conflict","message":"', status="409 Conflict")
    async with engine_that(speaks, tmp_path / "engine.sock") as engine:
        with pytest.raises(EngineError) as caught:
            await engine.images()
    assert caught.value.report.code is ErrorCode.INTERNAL
    assert "409" in caught.value.report.message


async def test_lines_are_whole_whatever_the_pieces() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"a", b"b\nc\n\nd", b"e", b"\n", b"left"):
            yield piece

    found = [line async for line in limits.lines(pieces(), 10)]
    assert found == [b"ab", b"c", b"", b"de"]


@pytest.mark.parametrize("number", ["9" * 400, "-" + "9" * 30, "1e400"])
async def test_numbers_that_no_page_can_show_are_refused(number: str, tmp_path: Path) -> None:
    row = '[{"id": "a", "created": "2026-01-01T00:00:00Z", "size": NUMBER}]'
    speaks = says(row.replace("NUMBER", number).encode())
    async with engine_that(speaks, tmp_path / "engine.sock") as engine:
        with pytest.raises(EngineFault):
            await engine.images()


async def test_a_name_that_nobody_would_read_to_its_end_is_cut(tmp_path: Path) -> None:
    row = {"unit": "u" * 1_000_000, "kind": "service", "style": "quadlet", "problem": "p" * 10**6}
    body = json.dumps([row]).encode()
    async with engine_that(says(body), tmp_path / "engine.sock") as engine:
        (found,) = await engine.units()
    assert len(found.unit) <= 4096
    assert len(found.problem) <= 4096
