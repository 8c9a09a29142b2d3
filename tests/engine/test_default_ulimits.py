"""The default of `--ulimit` in Podman's help becomes the limits of the create call."""

import pytest

from engine.podman.default_ulimits import default_ulimits
from engine.process import programs

HELP = """
      --uidmap strings      UID map to use for the user namespace
      --ulimit strings      Ulimit options{}
      --umask string        Set umask in container (default "0022")
"""


@pytest.mark.parametrize(
    ("default", "limits"),
    [
        ("", []),
        (" (default [host])", []),
        (" (default [nproc=32768:32768])", [("nproc", 32768, 32768)]),
        (
            " (default [nofile=1024,nproc=5:-1])",
            [("nofile", 1024, 1024), ("nproc", 5, 2**64 - 1)],
        ),
    ],
)
async def test_the_default_of_the_option_is_taken(
    monkeypatch: pytest.MonkeyPatch, default: str, limits: list[tuple[str, int, int]]
) -> None:
    async def run(*argv: str, **_: object) -> programs.Done:
        return programs.Done(0, HELP.format(default), "")

    monkeypatch.setattr(programs, "run", run)
    found = await default_ulimits()
    assert [(each["type"], each["soft"], each["hard"]) for each in found] == limits
