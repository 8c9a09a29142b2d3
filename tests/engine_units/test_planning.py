"""Units for containers without a command line: from inspect data, not from Podman's record."""

from typing import Any, cast

import pytest

from engine.podman.client import Podman
from engine.schema.errors import EngineError, ErrorCode
from engine.systemd import quadlets, unit_plan

VOLUME = "a" * 64
SERVICE = ["podman", "system", "service", "-t", "60", "unix:///run/user/1000/podman.sock"]
IMAGE = {
    "Config": {"Env": ["IMG=own"], "Labels": {"from": "image"}, "Cmd": ["serve"], "Entrypoint": []}
}


def made(**config: Any) -> dict[str, Any]:
    """Return the container of the bug report."""
    return {
        "Id": "f" * 64, "Name": "web", "Image": "b" * 64, "ImageName": "localhost/app:1",
        "Path": "serve", "Args": [],
        "Config": {
            "CreateCommand": SERVICE, "Env": ["IMG=own", "MINE=1"], "Cmd": ["serve"],
            "Labels": {"from": "image", "mine": "1"}, "StopSignal": 2, "StopTimeout": 33, **config,
        },
        "HostConfig": {
            "Binds": [f"{VOLUME}:/data:rw,rprivate,nosuid,nodev,rbind"], "GroupAdd": ["27"],
            "ShmSize": 134_217_728, "DnsSearch": ["example.com"], "NetworkMode": "slirp4netns",
            "UsernsMode": "host", "Links": ["other"],
        },
        "Mounts": [{"Type": "volume", "Name": VOLUME, "Destination": "/data"}],
    }  # fmt: skip


class Store:
    """A Podman with the image and some volumes."""

    major = 4

    def __init__(self, *, image: bool = True) -> None:
        self.image = image

    async def call(self, method: str, path: str, **_: Any) -> Any:
        if path.startswith("/images/"):
            if not self.image:
                raise EngineError(ErrorCode.NOT_FOUND, "no such image")
            return IMAGE
        return [{"Name": VOLUME}]


@pytest.fixture(autouse=True)
def generator(monkeypatch: pytest.MonkeyPatch) -> None:
    async def generate(files: dict[str, str]) -> tuple[dict[str, str], list[str]]:
        return {"web.service": ""}, []

    monkeypatch.setattr(quadlets, "generator", lambda: "/usr/libexec/podman/quadlet")
    monkeypatch.setattr(quadlets, "generate", generate)


@pytest.mark.parametrize("style", ["quadlet", "generate-new"])
@pytest.mark.parametrize(
    "command",
    [SERVICE, ["podman", "--log-level", "debug", "system", "service"],
     ["podman", "kube", "play", "run"], ["podman", "play", "kube", "x.yaml"],
     ["podman", "container", "clone", "x"], [], None],
)  # fmt: skip
async def test_a_unit_comes_from_what_the_container_is(style: Any, command: Any) -> None:
    plan = await unit_plan.plan(cast(Podman, Store()), made(CreateCommand=command), style)
    (text,) = plan.files.values()
    assert "system service" not in text
    assert "kube" not in text
    for wanted in ("MINE=1", "mine=1", "group-add=27", "shm-size=134217728b", "userns=host",
                   "stop-signal=2", "dns-search=example.com", "stop-timeout=33"):  # fmt: skip
        assert wanted in text, text
    for image in ("IMG=own", "from=image", "serve"):
        assert image not in text
    # The note and the mount name the same volume.
    assert [each.name for each in plan.volumes] == ["web-data"]
    assert "web-data:/data" in text
    assert VOLUME not in text
    assert "--link" in [each.option for each in plan.not_carried_over]


async def test_an_image_that_is_gone_is_said_and_all_of_it_is_in_the_unit() -> None:
    plan = await unit_plan.plan(cast(Podman, Store(image=False)), made(), "quadlet")
    (text,) = plan.files.values()
    assert "IMG=own" in text
    assert "The image is gone" in plan.not_carried_over[0].reason
