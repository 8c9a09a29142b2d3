"""Builds, archives, lists, and sharing with Podman 5 and systemd, through the API."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.host import Host
from tests.lab.session import IMAGE, PORT, _token, api, done, operate, podman

BUILT = "localhost/lab/built:1"
TEXT = f"FROM {IMAGE}\nARG WHO\nRUN echo $WHO > /who\n"
# The file that an operation produced becomes an upload of another account.
_MOVE = """
import sys, urllib.request
url, token, operation, account = sys.argv[1:]
def call(path, data=None):
    asked = urllib.request.Request(url + path, data=data, headers={
        "Authorization": "Bearer " + token, "Content-Type": "application/octet-stream"})
    return urllib.request.urlopen(asked).read()
print(call(f"/accounts/{account}/uploads", call(f"/operations/{operation}/download")).decode())
"""


@pytest.fixture(autouse=True)
def _nothing_left(host: Host) -> Iterator[None]:
    yield
    for account in ("alice", "bob"):
        left = podman(host, account, "ps", "--all", "--external", "--format", "{{.Image}}").split()
        assert not [image for image in left if "lab" in image]
        operate(host, account, "image.remove", image=BUILT, force=True)


def built(host: Host, **more: object) -> dict[str, Any]:
    values = {"tags": [BUILT], "containerfile": TEXT, "build_args": {"WHO": "sailor"}}
    return done(host, "alice", "image.build", **(values | more))


def identity(host: Host, account: str, image: str = BUILT) -> str:
    return podman(host, account, "image", "inspect", "--format", "{{.Id}}", image).strip()


def test_a_containerfile_is_built_then_taken_from_the_cache_and_squashed(host: Host) -> None:
    first = built(host, labels={"made": "by a = test"}, format="docker")
    found = json.loads(podman(host, "alice", "image", "inspect", BUILT))[0]
    assert found["Id"] == first["image_id"]
    assert found["Labels"]["made"] == "by a = test"
    assert "docker" in found["ManifestType"]
    values = {"tags": [BUILT], "containerfile": TEXT, "build_args": {"WHO": "sailor"}}
    again = operate(host, "alice", "image.build", **values, labels={"made": "by a = test"},
                    format="docker")  # fmt: skip
    assert "cached" in [step["status"] for step in again["progress"]["steps"]]
    assert again["result"]["image_id"] == first["image_id"]
    built(host, squash="all")
    found = json.loads(podman(host, "alice", "image", "inspect", BUILT))[0]
    assert len(found["RootFS"]["Layers"]) == 1


def test_a_failing_step_is_named_and_another_architecture_says_what_the_host_lacks(
    host: Host,
) -> None:
    text = f"FROM {IMAGE}\nRUN echo the reason; exit 3\n"
    ended = operate(host, "alice", "image.build", tags=[BUILT], containerfile=text)
    assert ended["state"] == "failed"
    assert ended["error"]["message"].startswith("Step 2/2 failed: RUN echo the reason")
    assert ended["progress"]["steps"][-1]["status"].startswith("failed")
    assert "the reason" in ended["progress"]["message"]
    # A program of a machine that no kernel supports. The shell prints the kernel's error.
    text = f"FROM {IMAGE}\nRUN printf '\\177ELF\\2\\1\\1' > /x && chmod 755 /x\n"
    text += 'RUN ["/x"]\n'
    ended = operate(host, "alice", "image.build", tags=[BUILT], containerfile=text)
    assert ended["state"] == "failed"
    assert "another architecture" in ended["error"]["message"], ended["error"]


def test_an_archive_that_was_saved_is_loaded_in_another_account(host: Host) -> None:
    built(host)
    values = {"kind": "image.save", "parameters": {"images": [BUILT]}}
    saving = api(host, "POST", "/accounts/alice/operations", values)
    saved = api(host, "GET", f"/operations/{saving['id']}?wait=30")
    assert saved["state"] == "succeeded", saved["error"]
    url = f"http://127.0.0.1:{PORT}/api/v1"
    moved = host.run("python3", "-c", _MOVE, url, _token(host), saving["id"], "bob")
    upload = json.loads(moved.stdout)["id"]
    loaded = done(host, "bob", "image.load", archive=upload)
    assert loaded["images"] == [BUILT]
    assert identity(host, "bob") == identity(host, "alice")


def test_an_image_is_shared_with_bob_and_is_in_a_list_of_alice(host: Host) -> None:
    built(host)
    shared = done(host, "bob", "image.share", source=_key(host, "alice"), image=BUILT)
    assert shared["image_id"] == identity(host, "alice") == identity(host, "bob")
    name = "localhost/lab/many:1"
    done(host, "alice", "manifest.create", name=name, images=[BUILT])
    done(host, "alice", "manifest.add", name=name, image=IMAGE, architecture="arm64")
    listed = json.loads(podman(host, "alice", "manifest", "inspect", name))["manifests"]
    assert sorted(each["platform"]["architecture"] for each in listed)[-1] == "arm64"
    assert len(listed) == 2
    podman(host, "alice", "manifest", "rm", name)


def _key(host: Host, account: str) -> str:
    return str(api(host, "GET", f"/accounts/{account}")["key"])
