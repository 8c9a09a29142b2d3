"""A gigabyte travels from a browser to an account with constant memory."""

import asyncio
import hashlib
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

from django.test import AsyncClient

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.core.actor import Actor
from consoleapp.files import claim, receive, spool
from consoleapp.operations.models import Operation
from engine.files.spool import Files
from engine.schema.files import Produced
from tests.fixtures.files import client_of

GIGABYTE = 1 << 30


def resident() -> int:
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


async def zeroes(size: int) -> AsyncIterator[bytes]:
    piece = bytes(spool.PIECE)
    for _ in range(size // len(piece)):
        yield piece


class _Watch(threading.Thread):
    """Measures the peak memory of this process."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most, self.done = 0, threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.02):
            self.most = max(self.most, resident())


async def test_a_gigabyte_goes_through_web_and_engine_in_flat_memory(
    web: LinuxAccount, olga: User, tmp_path: Path
) -> None:
    files = Files(tmp_path / "files")
    operation = uuid4()
    before, watch = resident(), _Watch()
    watch.start()
    upload = await receive.receive(web, Actor(user=olga), "big", GIGABYTE, zeroes(GIGABYTE))
    pieces = spool.pieces(spool.upload_path(upload.pk))
    await files.receive(operation, upload.pk, upload.sha256, pieces)
    watch.done.set()
    assert files.upload(operation, upload.pk).stat().st_size == GIGABYTE
    assert watch.most - before < 64 * 1024**2
    files.forget(operation)
    assert not list((tmp_path / "files").iterdir())


async def test_a_download_is_served_in_parts_to_who_asked_and_to_nobody_else(
    web: LinuxAccount, olga: User, victor: User
) -> None:
    from django.utils import timezone

    operation = await Operation.objects.acreate(
        kind="image.pull",
        account=web,
        requested_by=olga,
        actor_name="olga",
        source="page",
        parameters={},
        command=[],
        lane="slow",
        requested_at=timezone.now(),
    )
    data = bytes(range(256)) * 40
    spool.download_path(operation.pk).write_bytes(data)
    made = Produced(
        file_name="../a\n.tar", file_size=len(data), file_sha256=hashlib.sha256(data).hexdigest()
    )
    await asyncio.to_thread(claim.offer, operation, made)
    url = f"/api/v1/operations/{operation.pk}/download"
    client = await client_of(olga)
    whole = await client.get(url)
    assert await _read(whole) == data
    assert whole.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a.tar"
    part = await client.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, await _read(part)) == (206, data[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(data)}"
    last = await client.get(url, headers={"Range": "bytes=-5"})
    assert await _read(last) == data[-5:]
    assert (await client.get(url, headers={"Range": "bytes=99999-"})).status_code == 416
    assert (await (await client_of(victor)).get(url)).status_code == 404
    assert (await AsyncClient().get(url)).status_code == 401


async def _read(response: object) -> bytes:
    return b"".join([piece async for piece in response.streaming_content])  # type: ignore[attr-defined]
