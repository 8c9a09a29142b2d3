"""From one account's storage to another's, through both engines and a simulated worker."""

import asyncio
from uuid import uuid4

import pytest

from engine.client import Engine, ImageStream
from engine.schema.archives import ImageShare
from engine.schema.errors import EngineError, EngineUnreachable
from engine.schema.progress import Cancelled, Failed, Outcome, Progress, Succeeded
from tests.fixtures.images import LAYERED, Account
from tests.images.test_archives import identity
from tests.waiting import eventually


async def share(
    giving: Engine, taking: Engine, image: str = LAYERED, cut: int | None = None
) -> Outcome:
    """Do what consoleapp.worker.image_relay does; with `cut`, the sender stops after that."""
    operation = uuid4()
    parameters = ImageShare(source="anna", image=image)
    feeding: asyncio.Task[None] | None = None

    async def feed() -> None:
        async with giving.image(image) as stream:
            pieces = stream.pieces if cut is None else _cut(stream, cut)
            await taking.bring(operation, ImageStream(stream.image_id, stream.size, pieces))

    async for message in taking.run(operation, parameters):
        if isinstance(message, Progress):
            feeding = feeding or asyncio.create_task(feed())
            continue
        if feeding:
            await asyncio.gather(feeding, return_exceptions=True)
        return message
    raise AssertionError("no outcome")


async def _cut(stream: ImageStream, after: int):  # type: ignore[no-untyped-def]
    passed = 0
    async for piece in stream.pieces:
        yield piece
        passed += len(piece)
        if passed > after:
            raise ConnectionResetError("the giving end died")


async def test_the_image_is_the_same_in_the_other_account(
    anna: Account, anna_engine: Engine, ben: Account, ben_engine: Engine
) -> None:
    outcome = await share(anna_engine, ben_engine)
    assert isinstance(outcome, Succeeded), outcome
    assert outcome.result["image_id"] == identity(anna, LAYERED) == identity(ben, LAYERED)
    assert anna.left() == ben.left() == []


async def test_a_second_time_no_byte_comes_over(
    anna_engine: Engine, ben: Account, ben_engine: Engine
) -> None:
    await share(anna_engine, ben_engine)
    outcome = await share(anna_engine, ben_engine)
    assert isinstance(outcome, Succeeded), outcome
    assert outcome.result["size"] == 0


async def test_an_image_that_breaks_off_leaves_nothing(
    anna_engine: Engine, ben: Account, ben_engine: Engine
) -> None:
    outcome = await share(anna_engine, ben_engine, cut=1_000_000)
    assert isinstance(outcome, Failed), outcome
    assert "broke off" in outcome.error.message
    assert ben.podman("images", "-aq").stdout == ""
    assert ben.left() == []


async def test_a_cancelled_share_ends_both_ends(
    anna: Account, anna_engine: Engine, ben: Account, ben_engine: Engine
) -> None:
    operation = uuid4()
    parameters = ImageShare(source="anna", image=LAYERED)

    async def slowly(stream: ImageStream):  # type: ignore[no-untyped-def]
        async for piece in stream.pieces:
            yield piece
            await asyncio.sleep(0.2)

    async def feed() -> None:
        async with anna_engine.image(LAYERED) as stream:
            slow = ImageStream(stream.image_id, stream.size, slowly(stream))
            await ben_engine.bring(operation, slow)

    feeding: asyncio.Task[None] | None = None
    async for message in ben_engine.run(operation, parameters):
        if isinstance(message, Progress):
            feeding = feeding or asyncio.create_task(feed())
            if message.current:
                await ben_engine.cancel(operation)
        else:
            assert isinstance(message, Cancelled)
    assert feeding
    await asyncio.wait({feeding})
    feeding.exception()
    assert ben.podman("images", "-aq").stdout == ""
    assert ben.left() == []
    await eventually(lambda: not anna.runs("podman.*save"), "the giving end ends")


async def test_a_giving_engine_that_dies_leaves_no_half_image(
    anna: Account, ben: Account, ben_engine: Engine
) -> None:
    operation = uuid4()
    parameters = ImageShare(source="anna", image=LAYERED)

    async def feed() -> None:
        async with anna.engine() as engine, engine.image(LAYERED) as stream:

            async def until_death():  # type: ignore[no-untyped-def]
                async for piece in stream.pieces:
                    yield piece
                    anna.kill()

            dying = ImageStream(stream.image_id, stream.size, until_death())
            await ben_engine.bring(operation, dying)

    feeding: asyncio.Task[None] | None = None
    outcome: object = None
    async for message in ben_engine.run(operation, parameters):
        if isinstance(message, Progress):
            feeding = feeding or asyncio.create_task(feed())
        else:
            outcome = message
    assert feeding
    await asyncio.gather(feeding, return_exceptions=True)
    assert isinstance(outcome, Failed), outcome
    assert ben.podman("images", "-aq").stdout == ""
    assert ben.left() == []


async def test_a_taking_engine_that_dies_has_no_half_image_when_it_is_back(
    anna_engine: Engine, ben: Account
) -> None:
    operation = uuid4()
    parameters = ImageShare(source="anna", image=LAYERED)

    async def feed(engine: Engine) -> None:
        async with anna_engine.image(LAYERED) as stream:

            async def until_death():  # type: ignore[no-untyped-def]
                async for piece in stream.pieces:
                    yield piece
                    ben.kill()

            await engine.bring(operation, ImageStream(stream.image_id, stream.size, until_death()))

    async with ben.engine() as engine:
        feeding: asyncio.Task[None] | None = None
        try:
            async for message in engine.run(operation, parameters):
                if isinstance(message, Progress):
                    feeding = feeding or asyncio.create_task(feed(engine))
        except (EngineUnreachable, EngineError):
            pass
        assert feeding
        await asyncio.gather(feeding, return_exceptions=True)
    ben.start()
    assert ben.podman("images", "-aq").stdout == ""
    assert ben.left() == []


async def test_an_image_that_the_source_has_not_is_said_before_a_byte_flows(
    anna_engine: Engine,
) -> None:
    with pytest.raises(EngineError) as refused:
        async with anna_engine.image("localhost/none:1"):
            raise AssertionError("it cannot be there")
    assert refused.value.report.code == "not_found"
