"""A registry that fails in a chosen way: a proxy in front of a real one."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web


@dataclass
class Failing:
    """`how`: "", slow, drops, wrong-digest, or a status such as 429."""

    address: str = ""
    how: str = ""
    asked: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def failing(
    upstream: str, certificate: tuple[Path, Path] | None = None
) -> AsyncIterator[Failing]:
    """Run the proxy on a free port of loopback."""
    state = Failing()
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def forward(request: web.Request) -> web.StreamResponse:
            state.asked.set()
            if state.how == "slow":
                await asyncio.sleep(60)
            if state.how.isdigit():
                headers = {"Retry-After": "7"} if state.how == "429" else {}
                if state.how == "401":
                    headers = {"WWW-Authenticate": 'Basic realm="harbour"'}
                return web.Response(status=int(state.how), headers=headers, text="{}")
            url = f"http://{upstream}{request.raw_path}"
            kept = [(name, value) for name, value in request.headers.items() if name != "Host"]
            async with session.request(
                request.method, url, headers=kept, data=await request.read(), allow_redirects=False
            ) as answer:
                body = await answer.read()
                headers = {
                    name: value.replace(upstream, state.address)
                    for name, value in answer.headers.items()
                    if name not in ("Content-Length", "Transfer-Encoding")
                }
                if "/blobs/sha256" in request.path and request.method == "GET" and len(body) > 9000:
                    if state.how == "wrong-digest":
                        body = body[:-1] + bytes([body[-1] ^ 1])
                    if state.how == "drops":
                        response = web.StreamResponse(headers=headers)
                        response.content_length = len(body)
                        await response.prepare(request)
                        await response.write(body[:5000])
                        if request.transport:
                            request.transport.abort()
                        return response
                if request.method == "HEAD":
                    length = answer.headers.get("Content-Length")
                    headers |= {"Content-Length": length} if length else {}
                return web.Response(status=answer.status, headers=headers, body=body)

        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{tail:.*}", forward)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        port = runner.addresses[0][1]
        state.address = f"127.0.0.1:{port}"
        try:
            yield state
        finally:
            with contextlib.suppress(Exception):
                await runner.cleanup()
