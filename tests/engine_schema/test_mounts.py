"""Values of `--mount` and `--volume` are parsed like Podman does, or refused."""

import pytest

from engine.schema import mounts
from engine.schema.mounts import Mounted, Unclear


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("type=bind,src=/a,dst=/b", Mounted("bind", "/a", "/b", writes=True)),
        ("type=bind,source=/a,destination=/b,ro", Mounted("bind", "/a", "/b", writes=False)),
        ("dst=/b,type=bind,source=/a,readonly=true", Mounted("bind", "/a", "/b", writes=False)),
        ("type=bind,src=/a,target=/b,ro=false", Mounted("bind", "/a", "/b", writes=True)),
        ("type=bind,src=/a,target=/b,rw=false", Mounted("bind", "/a", "/b", writes=False)),
        ("type=bind,src=/a,target=/b,ro,U=true", Mounted("bind", "/a", "/b", writes=True)),
        ("type=volume,src=data,dst=/b", Mounted("volume", "data", "/b", writes=True)),
        ("src=data,dst=/b", Mounted("volume", "data", "/b", writes=True)),
        ("type=tmpfs,dst=/b,tmpfs-mode=700", Mounted("tmpfs", "", "/b", writes=True)),
        ("type=image,src=quay.io/a,dst=/b", Mounted("image", "quay.io/a", "/b", writes=True)),
    ],
)
def test_a_mount_is_understood(value: str, expected: Mounted) -> None:
    assert mounts.mount(value) == expected


@pytest.mark.parametrize(
    "value",
    ["", "type=bind", "type=bind,src=/a,dst=b", "type=bind,src,dst=/b", "type=bind,src=/a,src=/b,"
     "dst=/c", "type=bind,src=/a,dst=/b,x", "type=glob,src=/a/*,dst=/b", "type=bind,src=/a,dst=/b,",
     "type=bind,src=/a,dst=/b,ro=True", "type=bind,src=/a,dst=/b,ro=", "type=bind,src=/a\u00a0,dst="
     "/b", "type=,src=/a,dst=/b", "type,src=/a,dst=/b"],
)  # fmt: skip
def test_what_could_be_taken_differently_is_refused(value: str) -> None:
    with pytest.raises(Unclear):
        mounts.mount(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/b", Mounted("volume", "", "/b", writes=True)),
        ("data:/b", Mounted("volume", "data", "/b", writes=True)),
        ("/a:/b:ro", Mounted("bind", "/a", "/b", writes=False)),
        ("/a:/b:ro,U", Mounted("bind", "/a", "/b", writes=True)),
        ("./a:/b", Mounted("bind", "./a", "/b", writes=True)),
        ("~/a:/b", Mounted("bind", "~/a", "/b", writes=True)),
        ("/a:/b:", Mounted("bind", "/a", "/b", writes=True)),
    ],
)
def test_a_volume_is_understood(value: str, expected: Mounted) -> None:
    assert mounts.volume(value) == expected


def test_of_what_is_said_twice_podman_takes_the_last() -> None:
    message = mounts.options("type=bind,source=/a,src=/b,dst=/c,target=/d,readonly")
    assert message == {"type": "bind", "source": "/b", "target": "/d", "ro": None}
