"""Mounts are parsed like real Podman does: Berth evaluates what gets mounted."""

import json
from typing import Any

import pytest

from engine.schema import mounts
from launch.demo import IMAGE
from tests.engine.linux_account import EngineProcess, LinuxAccount


def mounted(account: LinuxAccount, option: str, value: str) -> dict[str, Any]:
    """Return Podman's interpretation."""
    account.podman("create", "--name", "mounts", option, value, IMAGE)
    try:
        (found,) = json.loads(account.podman("container", "inspect", "mounts"))[0]["Mounts"]
        return dict(found)
    finally:
        account.podman("rm", "--force", "mounts")


@pytest.mark.parametrize(
    "value",
    [
        "type=bind,source=/usr/share,target=/h",
        "type=bind,src=/usr/share,dst=/h,ro",
        "type=bind,src=/usr/share,destination=/h,readonly=true",
        "type=bind,src=/usr/share,destination=/h,ro=false",
        "type=bind,src=/usr/share,destination=/h,rw",
        "dst=/h,src=/usr/share,type=bind,readonly,relabel=shared,bind-propagation=rslave",
    ],
)
def test_a_mount_is_what_podman_mounts(
    alice_linux: LinuxAccount, alice_process: EngineProcess, value: str
) -> None:
    message, found = mounts.mount(value), mounted(alice_linux, "--mount", value)
    assert (found["Type"], found["Source"]) == (message.kind, message.source)
    assert (found["Destination"], found["RW"]) == (message.target, message.writes)


@pytest.mark.parametrize("value", ["/usr/share:/h", "/usr/share:/h:ro", "/usr/share:/h:ro,z,nodev"])
def test_a_volume_is_what_podman_mounts(
    alice_linux: LinuxAccount, alice_process: EngineProcess, value: str
) -> None:
    message, found = mounts.volume(value), mounted(alice_linux, "--volume", value)
    assert (found["Type"], found["Source"]) == (message.kind, message.source)
    assert (found["Destination"], found["RW"]) == (message.target, message.writes)


@pytest.mark.parametrize(
    "value",
    [
        "type=bind,source=/usr/share,src=/usr/lib,dst=/h",
        "type=bind,src=/usr/share,source=/usr/lib,dst=/h",
        "type=bind,src=/usr/share,src=/usr/lib,dst=/h",
        "type=bind,src=/usr/share,dst=/h,target=/i",
        "type=bind,src=/usr/share,dst=/h,destination=/i,dst=/j",
    ],
)
def test_of_what_is_said_twice_podman_takes_the_last_and_a_policy_nothing(
    alice_linux: LinuxAccount, alice_process: EngineProcess, value: str
) -> None:
    message, found = mounts.options(value), mounted(alice_linux, "--mount", value)
    assert (found["Source"], found["Destination"]) == (message["source"], message["target"])
    with pytest.raises(mounts.Unclear):
        mounts.mount(value)
