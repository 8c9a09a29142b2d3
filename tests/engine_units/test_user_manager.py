"""Jobs of the user manager that are cancelled."""

import asyncio
from typing import Any

import pytest

from engine.systemd.user_manager import Systemd


class Held(Systemd):
    """Answers StartUnit when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.answers = asyncio.Event(), asyncio.Event()
        self.cancelled: list[int] = []

    async def _open(self) -> Any:
        return None

    async def _manage(self, member: str, signature: str, body: list[Any]) -> list[Any]:
        if member == "CancelJob":
            self.cancelled += body
            return []
        self.asked.set()
        await self.answers.wait()
        return ["/org/freedesktop/systemd1/job/7"]


@pytest.mark.parametrize("answered", [False, True], ids=["before-its-answer", "after-it"])
async def test_a_job_is_cancelled_with_its_operation(answered: bool) -> None:
    systemd = Held()
    job = asyncio.create_task(systemd.job("StartUnit", "web.service"))
    await systemd.asked.wait()
    if answered:
        systemd.answers.set()
        await asyncio.sleep(0)
    job.cancel()
    await asyncio.sleep(0)
    systemd.answers.set()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert systemd.cancelled == [7]
