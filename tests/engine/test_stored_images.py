"""An image's ONBUILD steps, read from the account's storage."""

import base64
from pathlib import Path

import pytest

from engine.podman.stored_images import Unreadable, later_steps
from engine.policy import containerfile
from engine.policy import requests as r

ID = "a" * 64


def kept(root: Path, text: str) -> Path:
    folder = root / "overlay-images" / ID
    folder.mkdir(parents=True)
    name = base64.b64encode(f"sha256:{ID}".encode()).decode()
    (folder / f"={name}").write_text(text)
    return root


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ('{"config": {"OnBuild": ["RUN a", "COPY b /"]}}', ["RUN a", "COPY b /"]),
        ('{"config": {"onbuild": ["RUN a"]}}', ["RUN a"]),
        ('{"CONFIG": {"ONBUILD": ["RUN a"]}, "config": {}}', ["RUN a"]),
        ('{"config": {"OnBuild": ["RUN a"], "OnBuild": []}}', ["RUN a"]),
        ('{"config": {"OnBuild": null}}', []),
        ("{}", []),
    ],
)
def test_steps_are_found_as_podman_reads_them(tmp_path: Path, text: str, steps: list[str]) -> None:
    assert later_steps(kept(tmp_path, text), "overlay", ID) == steps


@pytest.mark.parametrize("text", ["", "[" * 100_000, "no JSON"])
def test_what_cannot_be_read_is_no_image_without_steps(tmp_path: Path, text: str) -> None:
    with pytest.raises(Unreadable):
        later_steps(kept(tmp_path, text), "overlay", ID)
    with pytest.raises(Unreadable):
        later_steps(tmp_path, "vfs", ID)


@pytest.mark.parametrize(
    "steps",
    [
        ["RUN --mount=target=/h true"],
        ["RUN true \\", "RUN --mount=target=/h true"],
        ["RUN true\nRUN --mount=target=/h true"],
        ["\ufeffRUN --mo\\\nunt=target=/h true"],
    ],
)
def test_each_step_is_judged_by_itself(steps: list[str]) -> None:
    assert any(isinstance(each, r.Bind) for each in containerfile.later(steps))
