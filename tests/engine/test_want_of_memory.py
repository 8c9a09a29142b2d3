"""Which containers were killed, and whether for lack of memory.

None is here: not every test machine supports memory limits for rootless containers.
"""

import asyncio
from contextlib import aclosing

from engine.schema.containers import ContainerKill
from tests.engine.account import Account


async def test_what_somebody_killed_did_not_run_out_of_memory(alice: Account) -> None:
    await alice.launch(name="killed")
    async with asyncio.timeout(20), aclosing(alice.engine.events()) as events:
        assert (await anext(events)).action == "connected"
        await alice.do(ContainerKill(container="killed"))
        async for event in events:
            if event.action == "died":
                break
    assert event.attributes["containerExitCode"] == "137"
    assert event.attributes["oomKilled"] == "false"
    row = await alice.becomes("killed", "exited")
    assert (row.exit_code, row.oom_killed) == (137, False)
