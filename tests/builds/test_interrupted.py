"""A build whose engine dies or ends leaves nothing behind, and can be repeated."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID, uuid4

import pytest

from engine.schema.builds import ImageBuild
from engine.schema.errors import EngineUnreachable
from engine.schema.progress import Interrupted, Succeeded
from tests.builds.test_building import SECRET, cat, tar
from tests.fixtures.builds import BASE, Account, open_yard
from tests.waiting import eventually

# The first step leaves files of another id in its container; the second waits for /go.
TEXT = f"""FROM {BASE}
COPY . /src
RUN --mount=type=secret,id=tok mkdir /own && echo x > /own/file && chown -R 1000:1000 /own
RUN [ "$(cat /src/go)" = yes ] || sleep 4711
"""


@pytest.fixture(autouse=True)
def _it_serves_again(shipwright: Account) -> Iterator[None]:
    yield
    if shipwright.process is None:
        shipwright.start()


async def _until_it_sleeps(account: Account, building: "asyncio.Task[object]") -> None:
    while not account.sleepers():
        assert not building.done(), building.result()
        await asyncio.sleep(0.05)


async def _begin(account: Account, operation: UUID, go: str) -> object:
    async with open_yard(account) as yard:
        upload = await yard.put(operation, tar(go=go))
        return await yard.build(
            operation,
            containerfile=TEXT,
            context=str(upload),
            secrets={"tok": SECRET},
            cache=False,
        )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_a_build_whose_engine_ended_leaves_nothing_and_works_when_it_is_tried_again(
    shipwright: Account, how: int
) -> None:
    operation = uuid4()
    building = asyncio.create_task(_begin(shipwright, operation, "no"))
    await _until_it_sleeps(shipwright, building)
    await asyncio.to_thread(shipwright.end, how)
    with suppress(EngineUnreachable):
        await building
    await eventually(lambda: not shipwright.sleepers(), "none is left")
    await asyncio.to_thread(shipwright.start)
    assert not shipwright.leftovers()
    async with open_yard(shipwright) as yard:
        # Building again does no harm: the worker sends it again with the same id.
        assert isinstance(await yard.engine.recall(operation), Interrupted)
        assert ImageBuild.repeatable
    outcome = await _begin(shipwright, operation, "yes")
    assert isinstance(outcome, Succeeded), outcome
    assert cat(shipwright, "localhost/built:1", "/own/file") == "x\n"
    assert not shipwright.leftovers()
