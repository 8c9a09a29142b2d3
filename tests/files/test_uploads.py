"""Uploads: who may send one, what is stored of it, and that nothing is left behind."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Conflict
from consoleapp.files import body, claim, receive
from consoleapp.files import spool as places
from consoleapp.files.models import Upload
from tests.fixtures.files import client_of

URL = "/api/v1/accounts/web/uploads"
OCTETS = "application/octet-stream"


async def send(user: User, data: bytes, name: str = "a.tar", **more: Any) -> Any:
    client = await client_of(user)
    return await client.post(f"{URL}?name={name}", data, content_type=OCTETS, **more)


async def test_an_upload_is_kept_under_its_id_with_its_digest(olga: User, spool: Path) -> None:
    answer = await send(olga, b"x" * 100_000)
    assert answer.status_code == 201, answer.content
    found = answer.json()
    assert (found["name"], found["size"]) == ("a.tar", 100_000)
    assert found["sha256"] == hashlib.sha256(b"x" * 100_000).hexdigest()
    kept = spool / found["id"]
    assert kept.read_bytes() == b"x" * 100_000
    assert kept.stat().st_mode & 0o777 == 0o600
    assert spool.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..%2F..%2Fx", "x"),
        ("..", "file"),
        ("C:\\fakepath\\a.zip", "a.zip"),
        ("a%00b%0A.tar", "ab.tar"),
        ("%E2%80%AEgpj.exe", "gpj.exe"),
    ],
)
async def test_a_hostile_name_is_only_shown(olga: User, spool: Path, name: str, shown: str) -> None:
    answer = (await send(olga, b"x", name)).json()
    assert answer["name"] == shown
    assert [file.name for file in spool.iterdir()] == [answer["id"]]


async def test_a_viewer_may_not_upload_and_it_is_audited(victor: User, spool: Path) -> None:
    from consoleapp.audit.models import Event

    assert (await send(victor, b"x")).status_code == 403
    assert await Event.objects.filter(action="access.refused").aexists()
    assert not list(spool.glob("*"))


async def test_what_is_too_large_is_refused_with_413_and_nothing_is_left(
    olga: User, spool: Path, settings: Any
) -> None:
    settings.BERTH_UPLOAD_LIMIT = 1000
    answer = await send(olga, b"x" * 1001)
    assert answer.status_code == 413
    assert "at most 1000 bytes" in answer.json()["error"]["message"]
    assert not list(spool.glob("*"))
    assert not await Upload.objects.aexists()


async def test_one_that_does_not_say_its_size_is_stopped_at_the_limit(
    web: LinuxAccount, olga: User, spool: Path, settings: Any
) -> None:
    settings.BERTH_UPLOAD_LIMIT = 1000
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 400
            yield b"x" * 400

    with pytest.raises(receive.TooLarge):
        await receive.receive(web, Actor(user=olga), "a", None, endless())
    assert given == 1200
    assert not list(spool.glob("*"))


async def test_two_at_once_cannot_share_what_is_left_of_the_quota(
    web: LinuxAccount, olga: User, settings: Any
) -> None:
    settings.BERTH_UPLOAD_QUOTA = 1500
    first = await sync_to_async(receive._set_aside)(web, Actor(user=olga), "a", 1000)
    with pytest.raises(receive.TooLarge, match="500 bytes of it are left"):
        await sync_to_async(receive._set_aside)(web, Actor(user=olga), "b", 1000)
    assert first.complete_at is None


async def test_an_upload_that_breaks_off_leaves_nothing(
    web: LinuxAccount, olga: User, spool: Path
) -> None:
    messages = [
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def true_receive() -> dict[str, Any]:
        return messages.pop(0)

    answer = body._Body(true_receive).chunks()
    with pytest.raises(body.BrokenOff):
        await receive.receive(web, Actor(user=olga), "a", 1000, answer)
    assert not list(spool.glob("*"))
    assert not await Upload.objects.aexists()


async def test_a_full_disk_is_said_before_anything_is_written(
    olga: User, spool: Path, settings: Any
) -> None:
    settings.BERTH_DISK_RESERVE = 1 << 60
    answer = await send(olga, b"x")
    assert answer.status_code == 507
    assert not list(spool.glob("*"))


async def test_the_body_is_not_read_for_somebody_who_is_not_let_in(web: LinuxAccount) -> None:
    """Through the real ASGI application: Django alone would have stored the whole body."""
    from consoleapp.asgi import application

    scope = {
        "type": "http",
        "method": "POST",
        "path": URL,
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", OCTETS.encode())],
        "client": ["192.0.2.7", 4711],
        "server": ["localhost", 80],
        "http_version": "1.1",
        "scheme": "http",
    }
    sent: list[Any] = []

    async def never() -> Any:
        raise AssertionError("the body was read")

    async def take(message: Any) -> None:
        sent.append(message)

    await asyncio.wait_for(application(scope, never, take), 10)
    assert sent[0]["status"] == 401


async def test_somebody_elses_upload_cannot_be_used(
    web: LinuxAccount, olga: User, victor: User
) -> None:
    answer = (await send(olga, b"x")).json()
    with pytest.raises(Conflict, match="You have no upload"):
        await sync_to_async(claim.check)(web, [UUID(answer["id"])], Actor(user=victor))
    found = await sync_to_async(claim.check)(web, [UUID(answer["id"])], Actor(user=olga))
    assert [upload.name for upload in found] == ["a.tar"]


async def test_one_may_take_back_what_one_uploaded(olga: User, spool: Path) -> None:
    answer = (await send(olga, b"x")).json()
    client = await client_of(olga)
    assert (await client.delete(f"{URL}/{answer['id']}")).status_code == 204
    assert (await client.delete(f"{URL}/{answer['id']}")).status_code == 404
    assert not list(spool.glob("*"))


async def test_the_sweep_removes_what_expired_and_files_that_no_row_knows(
    olga: User, spool: Path
) -> None:
    import os

    old = (await send(olga, b"old")).json()["id"]
    new = (await send(olga, b"new")).json()["id"]
    past = timezone.now() - claim.KEPT - timedelta(minutes=1)
    await Upload.objects.filter(pk=old).aupdate(begun_at=past, complete_at=past)
    stray = places.upload_path(uuid4())
    stray.write_bytes(b"x")
    os.utime(stray, (1, 1))
    await sync_to_async(claim.sweep)()
    assert [file.name for file in spool.iterdir()] == [new]
