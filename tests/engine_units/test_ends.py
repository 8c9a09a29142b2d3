"""How a container's unit ends: which ends are clean, and how the others are explained."""

from pathlib import Path

import pytest

from engine.client import Engine
from engine.schema.errors import EngineUnreachable
from engine.systemd import diagnosis, from_container


@pytest.mark.parametrize(
    ("signal", "statuses"),
    [
        (None, "137 143"),
        ("", "137 143"),
        (15, "137 143"),
        ("SIGTERM", "137 143"),
        ("INT", "130 137 143"),
        ("SIGQUIT", "131 137 143"),
        (10, "137 138 143"),
        ("SIGRTMIN+3", "137 143"),
        (400, "137 143"),
    ],
)
def test_an_end_by_its_stop_signal_is_clean_and_restarts_what_nobody_stopped(
    signal: object, statuses: str
) -> None:
    message = from_container.ends({"Config": {"StopSignal": signal}})
    assert message == [f"SuccessExitStatus={statuses}", f"RestartForceExitStatus={statuses}"]


def test_an_end_by_a_signal_is_explained_and_another_failure_is_not_taken_for_one() -> None:
    explanation, remedy = diagnosis.failure("exit-code", "notify", [], 143)
    assert "SIGTERM" in explanation
    assert "SuccessExitStatus=143" in remedy
    assert diagnosis.failure("exit-code", "notify", [], 1) == ("", "")


async def test_an_account_whose_socket_is_gone_is_told_of_lingering(tmp_path: Path) -> None:
    async with Engine(tmp_path / "engine.sock", 4711) as engine:
        with pytest.raises(EngineUnreachable, match="loginctl enable-linger 4711"):
            await engine.units()
