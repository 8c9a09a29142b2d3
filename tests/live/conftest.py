"""What the stories about live pages share: a real Redis, an engine to play with, people."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import AsyncClient

from consoleapp.accounts.models import Grant, Host, LinuxAccount, User
from consoleapp.observer.observer import Observer
from consoleapp.snapshots import reader, store
from engine.schema.parameters import Role
from tests import waiting
from tests.live.engine_double import Double
from tests.waiting import PATIENCE, eventually


class RedisServer:
    """Started and killed by the test, at the place where the console looks for it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        path = settings.BERTH_REDIS.removeprefix("unix://")
        command = ["redis-server", "--port", "0", "--unixsocket", path, "--save", ""]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd="/")
        waiting.until(lambda: self._answers(path), "Redis answers")

    def _answers(self, path: str) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "Redis ended"
        try:
            return bool(redis.Redis(unix_socket_path=path).ping())
        except redis.ConnectionError:
            return False

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
            Path(settings.BERTH_REDIS.removeprefix("unix://")).unlink(missing_ok=True)


@pytest.fixture
def redis_process() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    store.connection().flushall()
    reader._kept.clear()
    yield server
    server.kill()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Double]:
    """An engine that says what the test wants; tests/engine has the real one."""
    double = Double(tmp_path / "engine.sock")
    await double.start()
    yield double
    await double.stop()


@pytest.fixture
def web(transactional_db: None, engine: Double) -> LinuxAccount:
    import os

    host = Host.objects.create(name="local")
    return LinuxAccount.objects.create(
        host=host, name="web", key="web", uid=os.getuid(), socket=str(engine.path)
    )


def person(name: str, account: LinuxAccount, role: Role | None) -> User:
    user = User.objects.create_user(name, password="harbour-master-1")
    if role:
        Grant.objects.create(account=account, user=user, role=role)
    return user


@pytest.fixture
def olga(web: LinuxAccount) -> User:
    """Operator of `web`."""
    return person("olga", web, Role.OPERATOR)


@pytest.fixture
def victor(web: LinuxAccount) -> User:
    """Viewer of `web`."""
    return person("victor", web, Role.VIEWER)


@pytest.fixture
def stina(web: LinuxAccount) -> User:
    """No grant at all."""
    return person("stina", web, None)


@pytest.fixture
async def observer(redis_process: RedisServer, web: LinuxAccount) -> AsyncIterator[Observer]:
    running = Observer()
    task = asyncio.create_task(running.run())
    yield running
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def browser(user: User) -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(user)
    return client


class Page:
    """What an open page has heard."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.text = ""
        self.ended = False

    def heard(self, name: str) -> bool:
        return any(event == name for event, _ in self.events)

    async def read(self, pieces: AsyncIterator[bytes]) -> None:
        async for piece in pieces:
            self.text += piece.decode()
            for block in piece.decode().split("\n\n"):
                lines = block.splitlines()
                if lines and lines[0].startswith("event: "):
                    data = "\n".join(line.removeprefix("data: ") for line in lines[1:])
                    self.events.append((lines[0].removeprefix("event: "), data))
        self.ended = True


@asynccontextmanager
async def open_page(user: User | AsyncClient, path: str) -> AsyncIterator[Page]:
    """A page with its stream of events; it has heard `hello` already."""
    client = user if isinstance(user, AsyncClient) else await browser(user)
    response = await client.get(path)
    assert response.status_code == 200
    page = Page()
    reading = asyncio.create_task(page.read(response.streaming_content))
    try:
        await eventually(lambda: page.heard("hello"), "hello")
        yield page
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


class Socket(ApplicationCommunicator):
    """A page's WebSocket. (channels has one, but it needs a web server that Berth has not.)"""

    async def connect(self) -> bool:
        await self.send_input({"type": "websocket.connect"})
        return (await self.receive_output(timeout=PATIENCE))["type"] == "websocket.accept"

    async def say(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self.send_input({"type": "websocket.receive", "text": text})

    async def hear(self) -> Any:
        message = await self.receive_output(timeout=PATIENCE)
        assert message["type"] == "websocket.send", message
        return json.loads(message["text"])

    async def closing(self) -> tuple[int, str]:
        """The close code and reason, whatever came before."""
        while True:
            message = await self.receive_output(timeout=PATIENCE)
            if message["type"] == "websocket.close":
                return message["code"], message.get("reason") or ""

    async def leave(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait()


async def socket_of(user: User | None, account: str = "web", **more: Any) -> Socket:
    """A page's WebSocket, before it is connected."""
    from consoleapp.asgi import application

    headers = [
        (b"host", b"localhost"),
        (b"origin", more.get("origin", "http://localhost").encode()),
    ]
    if user is not None:
        client = more.get("client") or await browser(user)
        cookie = (
            f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        )
        headers.append((b"cookie", cookie.encode()))
    scope = {
        "type": "websocket",
        "path": f"/live/accounts/{account}/queries/",
        "query_string": b"",
        "headers": headers,
        "subprotocols": [],
        "client": ["192.0.2.7", 4711],
    }
    return Socket(application, scope)
