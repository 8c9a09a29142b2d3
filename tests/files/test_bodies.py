"""A body is read only for a sender with permission, and no more of it than necessary."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as console

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.core.actor import Actor
from consoleapp.files import body, receive
from consoleapp.files import spool as places
from consoleapp.files.models import Upload
from tests.fixtures.files import client_of

FORM = b"application/x-www-form-urlencoded"
PAGES = [
    *("/", "/user/login/", "/user/logout/", "/language/", "/healthz", "/static/js/live.js"),
    *("/invitation/abc/", "/no/such/page", "/accounts/web/", "/user/oidc/sso/login/callback/"),
    *("/api/v1/operations", "/api/v1/accounts/web/operations", "/api/v1/no/such"),
    # Addresses that resemble those of uploads.
    *("/api/v1/accounts/web/uploads/", "/api/v1/accounts/web/uploads/x", "/x/uploads"),
]


async def post(path: str, *headers: tuple[bytes, bytes], method: str = "POST") -> tuple[int, int]:
    """Return the status, and how many bytes of an endless body were read."""
    from consoleapp.asgi import application

    given, sent = 0, []

    async def endless() -> dict[str, Any]:
        nonlocal given
        if given > 50 << 20:
            return {"type": "http.disconnect"}
        given += 1 << 16
        return {"type": "http.request", "body": b"x" * (1 << 16), "more_body": True}

    async def note(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"localhost"), *headers],
        "client": ["192.0.2.7", 4711],
        "server": ["localhost", 80],
        "http_version": "1.1",
        "scheme": "http",
    }
    await asyncio.wait_for(application(scope, endless, note), 20)
    return sent[0]["status"], given


@pytest.mark.parametrize("path", PAGES)
async def test_an_announced_large_body_is_refused_before_any_of_it_is_read(path: str) -> None:
    for length in (b"65537", b"900000000", b"9" * 40, b"-1", b"x"):
        headers = ((b"content-length", length), (b"content-type", FORM))
        assert await post(path, *headers) == (413, 0)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("kind", [FORM, b"multipart/form-data; boundary=x", b"application/json"])
async def test_one_that_does_not_say_its_length_is_cut_off(path: str, kind: bytes) -> None:
    headers = ((b"transfer-encoding", b"chunked"), (b"content-type", kind))
    status, given = await post(path, *headers)
    assert status == 413
    assert given <= body.LARGEST_OF_STRANGERS + (1 << 16)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "FROB"])
async def test_no_method_is_a_way_around_it(method: str) -> None:
    assert (await post("/user/login/", method=method))[0] == 413


@pytest.mark.parametrize(
    "header", [(b"cookie", b"berth_session=made-up"), (b"authorization", b"Bearer made-up")]
)
async def test_a_made_up_session_gets_no_body_onto_the_disk(
    transactional_db: None, header: tuple[bytes, bytes]
) -> None:
    status, given = await post("/api/v1/operations", header, (b"content-type", FORM))
    assert status == 413
    assert given <= body.LARGEST + (1 << 16)
    assert body.LARGEST <= console.FILE_UPLOAD_MAX_MEMORY_SIZE


async def test_an_ordinary_form_is_read(olga: User) -> None:
    client = await client_of(olga)
    answer = await client.post("/me/", {"first_name": "x" * 100})
    assert answer.status_code == 302


async def some(count: int, size: int = 1 << 20) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


async def test_tiny_uploads_of_unknown_size_leave_the_quota_to_others(
    web: LinuxAccount, olga: User, settings: Any
) -> None:
    settings.BERTH_UPLOAD_LIMIT, settings.BERTH_UPLOAD_QUOTA = 16 << 30, 64 << 30
    waiting = asyncio.Event()

    async def tiny() -> AsyncIterator[bytes]:
        yield b"x"
        await waiting.wait()

    actor = Actor(user=olga)
    tasks = [asyncio.create_task(receive.receive(web, actor, "a", None, tiny())) for _ in range(4)]
    while await Upload.objects.acount() < 4:  # noqa: ASYNC110 - rows of other tasks
        await asyncio.sleep(0.01)
    made = await receive.receive(web, actor, "b", None, some(1))
    assert made.size == 1 << 20
    waiting.set()
    assert [upload.size for upload in await asyncio.gather(*tasks)] == [1] * 4


async def test_one_of_unknown_size_gets_more_room_until_the_quota_is_used_up(
    web: LinuxAccount, olga: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "STEP", 1 << 20)
    settings.BERTH_UPLOAD_QUOTA = 10 << 20
    actor = Actor(user=olga)
    assert (await receive.receive(web, actor, "a", None, some(8))).size == 8 << 20
    with pytest.raises(receive.TooLarge, match="together"):
        await receive.receive(web, actor, "b", None, some(8))
    assert await Upload.objects.acount() == 1


async def test_the_disk_is_looked_at_while_it_comes(
    web: LinuxAccount, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "_LOOK_EVERY", 1 << 20)
    left = iter([1 << 40, 1 << 40, 0])
    monkeypatch.setattr(places, "free_bytes", lambda: next(left))
    with pytest.raises(receive.DiskFull):
        await receive.receive(web, Actor(user=olga), "a", None, some(20))
    assert not await sync_to_async(Upload.objects.exists)()


async def test_a_disk_without_room_takes_none_of_unknown_size(
    web: LinuxAccount, olga: User, settings: Any
) -> None:
    settings.BERTH_DISK_RESERVE = 1 << 60
    with pytest.raises(receive.DiskFull):
        await receive.receive(web, Actor(user=olga), "a", None, some(1))
