"""Chained events reach a real syslog listener and a real web server, whatever fails in between."""

import asyncio
import hashlib
import hmac
import json
import re
import socket
from pathlib import Path

import pytest
from aiohttp import web

from consoleapp.audit import chainer, shipping, syslog
from consoleapp.audit.checkpoints import sign_checkpoint
from consoleapp.audit.models import Cursor, Link
from tests.fixtures.audit import written
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
RFC5424 = re.compile(
    rb"<(\d+)>1 \d{4}-\d\d-\d\dT[\d:.]+Z \S+ berth \d+ (audit|audit-checkpoint) - (\{.*\})",
    re.DOTALL,
)


@pytest.fixture
def three() -> None:
    """Write three chained events and a checkpoint."""
    written(3)
    chainer.chain_all()
    sign_checkpoint(at_once=True)


def parsed(datagram: bytes) -> tuple[str, dict]:
    found = RFC5424.fullmatch(datagram)
    assert found, datagram
    return found[2].decode(), json.loads(found[3])


async def test_udp_syslog_gets_each_event_once_and_the_checkpoint(three):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(5)
        deliver = shipping.to_syslog(syslog.server(f"udp://127.0.0.1:{listener.getsockname()[1]}"))
        assert await shipping.ship("syslog", deliver) == 3
        assert await shipping.ship("syslog", deliver) == 0
        got = [parsed(listener.recv(65535)) for _ in range(4)]
    assert [kind for kind, _ in got] == ["audit", "audit", "audit", "audit-checkpoint"]
    assert [line["seq"] for _, line in got] == [1, 2, 3, 3]
    assert got[3][1]["hash"] == got[2][1]["hash"]


async def test_unix_syslog_gets_the_events(three, place):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(place / "log"))
        listener.settimeout(5)
        deliver = shipping.to_syslog(syslog.server(f"unix://{place}/log"))
        assert await shipping.ship("syslog", deliver) == 3
        assert parsed(listener.recv(65535))[1]["target"] == "web-0"


async def test_tcp_syslog_is_framed_by_length(three):
    got = bytearray()
    ended = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.extend(await reader.read())
        writer.close()
        ended.set()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await shipping.ship("syslog", shipping.to_syslog(syslog.server(f"tcp://127.0.0.1:{port}")))
    await asyncio.wait_for(ended.wait(), 5)
    server.close()
    rest, messages = bytes(got), []
    while rest:
        length, _, rest = rest.partition(b" ")
        messages.append(parsed(rest[: int(length)]))
        rest = rest[int(length) :]
    assert [line["seq"] for _, line in messages] == [1, 2, 3, 3]


async def test_what_was_not_delivered_is_sent_again(three, place):
    deliver = shipping.to_syslog(syslog.server(f"unix://{place}/nobody-listens"))
    with pytest.raises(shipping.Undelivered):
        await shipping.ship("syslog", deliver)
    assert await asyncio.to_thread(lambda: Cursor.objects.get(name="syslog").seq) == 0


async def test_an_event_too_long_for_a_datagram_goes_without_its_parameters(place):
    line = {
        "detail": "x" * 70_000,
        "parameters": {"a": "y" * 70_000},
        "outcome": "",
        "checkpoint": None,
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(place / "log"))
        listener.settimeout(5)
        await shipping.to_syslog(syslog.server(f"unix://{place}/log"))([line])
        assert parsed(listener.recv(65535))[1]["cut"] is True


@pytest.mark.parametrize("url", ["", "/dev/log", "http://log", "udp://", "udp://host:port"])
def test_what_is_no_syslog_address_is_refused(url):
    with pytest.raises(syslog.BadAddress):
        syslog.server(url)


async def test_a_webhook_gets_signed_lines_and_again_what_it_refused(three, place, settings):
    secret = b"only-for-tests"
    answers, bodies = [500, 302, 200], []

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        stamp, mac = re.fullmatch(
            r"t=(\d+),v1=([0-9a-f]{64})", request.headers["X-Berth-Signature"]
        ).groups()
        wanted = hmac.new(secret, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        assert hmac.compare_digest(mac, wanted)
        bodies.append(body)
        return web.Response(status=answers.pop(0), headers={"Location": "http://127.0.0.1:1/"})

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    (place / "secret").write_bytes(secret + b"\n")
    settings.BERTH_AUDIT_WEBHOOK = f"http://127.0.0.1:{port}/hook"
    settings.BERTH_AUDIT_WEBHOOK_SECRET_FILE = str(place / "secret")
    deliver = shipping.destinations()["webhook"]
    for _ in range(2):
        with pytest.raises(shipping.Undelivered, match="it answered"):
            await shipping.ship("webhook", deliver)
    assert await shipping.ship("webhook", deliver) == 3
    await runner.cleanup()
    assert bodies[0] == bodies[2]
    assert [json.loads(line)["seq"] for line in bodies[2].splitlines()] == [1, 2, 3]


def test_settings_that_make_no_sense_are_left_out(settings, place: Path):
    settings.BERTH_AUDIT_SYSLOG = "nonsense"
    settings.BERTH_AUDIT_WEBHOOK = "http://127.0.0.1/hook"
    settings.BERTH_AUDIT_WEBHOOK_SECRET_FILE = str(place / "missing")
    assert shipping.destinations() == {}


async def test_a_destination_that_is_down_keeps_nothing_from_being_sealed(settings, place):
    settings.BERTH_AUDIT_SYSLOG = f"unix://{place}/nobody-listens"
    tasks = [
        asyncio.create_task(context()) for context in (chainer.chain_forever, shipping.ship_forever)
    ]
    await asyncio.to_thread(written, 2)
    await eventually(
        lambda: asyncio.to_thread(lambda: Link.objects.count() == 2), "both are chained"
    )
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await asyncio.to_thread(Link.objects.count) == 2
