"""An engine whose code was replaced ends its last operation, and restarts with the new code."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from engine.schema.containers import ContainerStop
from engine.schema.errors import EngineError, EngineUnreachable
from engine.schema.progress import Succeeded
from engine.schema.version import on_disk, version
from engine.server import code_change
from tests.engine.account import Account
from tests.waiting import eventually


async def test_it_begins_again_only_when_its_operation_has_ended(alice: Account) -> None:
    assert (await alice.engine.ping())["version"] == version()
    assert (await alice.engine.snapshot()).info.engine_version == version()
    # A shell as a container's first process ends on SIGTERM only if it handles it.
    await alice.launch("sh", "-c", "while true; do sleep 1; done", name="deaf", stop_signal="TERM")
    engine, service = alice.process.pid, alice.process.service_pid()
    stopping = asyncio.create_task(alice.outcome(ContainerStop(container="deaf", timeout=5)))

    async def begun() -> bool:
        return (await alice.rows())["deaf"].state == "stopping" or stopping.done()

    await eventually(begun, "it is being stopped")
    os.kill(engine, signal.SIGUSR1)
    assert isinstance(await stopping, Succeeded)
    assert (await alice.rows())["deaf"].state == "exited"

    async def is_another() -> bool:
        try:
            await alice.engine.ping()
            return alice.process.service_pid() != service
        except (EngineError, EngineUnreachable, IndexError):
            return False  # between the two

    await eventually(is_another, "the engine has begun again")
    assert alice.process.pid == engine
    assert (await alice.rows())["deaf"].state == "exited"


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Create a small code folder."""
    monkeypatch.setattr(code_change, "LOOK_EVERY", 0.01)
    (tmp_path / "part").mkdir()
    (tmp_path / "one.py").write_text("1")
    (tmp_path / "part/two.py").write_text("2")
    return tmp_path


@pytest.mark.parametrize("change", ["edited", "added", "removed"])
async def test_other_code_is_noticed(code: Path, change: str) -> None:
    looking = asyncio.create_task(code_change.replaced(on_disk(code), code))
    await asyncio.sleep(0.05)
    assert not looking.done()
    match change:
        case "edited":
            (code / "part/two.py").write_text("3")
        case "added":
            (code / "three.py").write_text("3")
        case "removed":
            (code / "one.py").unlink()
    await eventually(looking.done, "it was noticed")
    looking.result()


async def test_the_same_code_laid_down_once_more_is_no_other(code: Path) -> None:
    looking = asyncio.create_task(code_change.replaced(on_disk(code), code))
    for _ in range(10):
        (code / "one.py").write_text("1")
        os.utime(code / "one.py", ns=(1, 1))
        await asyncio.sleep(0.02)
    assert not looking.done()
    looking.cancel()


async def test_code_that_is_gone_for_a_moment_is_waited_for(code: Path, tmp_path: Path) -> None:
    running = on_disk(code)
    (code / "one.py").rename(tmp_path / "kept")
    (code / "one.py").symlink_to(tmp_path / "nowhere")
    looking = asyncio.create_task(code_change.replaced(running, code))
    await asyncio.sleep(0.05)
    assert not looking.done()
    (code / "one.py").unlink()
    (code / "one.py").write_text("new")
    await eventually(looking.done, "it was noticed")
