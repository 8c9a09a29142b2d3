"""The event stream's heartbeat continues as long as Podman's service answers, and no longer."""

import asyncio
import os
import signal
from contextlib import aclosing

from engine.schema.queries import HEARTBEAT_SECONDS
from tests.engine.account import Account
from tests.waiting import PATIENCE


async def test_a_stopped_podman_has_no_heartbeat(alice: Account) -> None:
    beats: asyncio.Queue[None] = asyncio.Queue()

    async def listen() -> None:
        async with aclosing(alice.engine.events()) as events:
            assert (await anext(events)).action == "connected"
            async for event in events:
                if (event.noun, event.action) == ("system", "heartbeat"):
                    beats.put_nowait(None)

    listening = asyncio.create_task(listen())
    pid = alice.process.service_pid()
    try:
        async with asyncio.timeout(PATIENCE):
            await beats.get()
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(2 * HEARTBEAT_SECONDS)  # one may already have been sent
        while not beats.empty():
            beats.get_nowait()
        await asyncio.sleep(2 * HEARTBEAT_SECONDS)
        assert beats.empty()
        os.kill(pid, signal.SIGCONT)
        async with asyncio.timeout(PATIENCE):
            await beats.get()
    finally:
        os.kill(pid, signal.SIGCONT)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
