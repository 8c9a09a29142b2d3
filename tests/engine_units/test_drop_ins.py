"""Drop-ins of Quadlets are found where Podman's generator looks for them."""

import os
from pathlib import Path

import pytest

from engine.systemd import drop_ins, quadlets, validation

FOLDER = "containers/systemd"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".config" / FOLDER / "sub").mkdir(parents=True)
    return tmp_path / ".config" / FOLDER


def put(home: Path, path: str, text: str = "[Container]\n") -> None:
    (home / path).parent.mkdir(parents=True, exist_ok=True)
    (home / path).write_text(text)


@pytest.mark.parametrize(
    ("file", "drop_in"),
    [
        ("k1.container", "k1.container.d/10.conf"),
        ("k1.container", "container.d/all.conf"),
        ("k1.container", "sub/k1.container.d/10.conf"),
        ("sub/k1.container", "k1.container.d/10.conf"),
        ("app-web-1.container", "app-.container.d/x.conf"),
        ("app-web-1.container", "app-web-.container.d/x.conf"),
        ("job@a.container", "job@.container.d/x.conf"),
        ("job@a.container", "job@a.container.d/x.conf"),
        ("p.pod", "p.pod.d/x.conf"),
        ("p.pod", "pod.d/x.conf"),
        ("v.volume", "v.volume.d/x.conf"),
        ("n.network", "n.network.d/x.conf"),
        ("k.kube", "k.kube.d/x.conf"),
        ("i.image", "i.image.d/x.conf"),
        ("b.build", "b.build.d/x.conf"),
    ],
)
def test_a_drop_in_is_found(home: Path, file: str, drop_in: str) -> None:
    put(home, drop_in)
    assert drop_ins.of(f"{FOLDER}/{file}") == [f"{FOLDER}/{drop_in}"]


@pytest.mark.parametrize(
    "other",
    ["k1.container.d/readme", "k1.pod.d/x.conf", "k.container.d/x.conf", "pod.d/x.conf",
     "k1-.container.d/x.conf", "k1.container.d.conf", "k1.container.d/deep/x.conf"],
)  # fmt: skip
def test_what_is_no_drop_in_of_a_file_is_not(home: Path, other: str) -> None:
    put(home, other)
    assert drop_ins.of(f"{FOLDER}/k1.container") == []


def test_they_come_in_the_order_of_their_own_names(home: Path) -> None:
    put(home, "k1.container.d/20.conf")
    put(home, "container.d/10.conf")
    put(home, "container.d/30.conf")
    found = [each.rpartition("/")[2] for each in drop_ins.of(f"{FOLDER}/k1.container")]
    assert found == ["10.conf", "20.conf", "30.conf"]


def test_one_that_is_newer_than_the_unit_is_a_change(home: Path, tmp_path: Path) -> None:
    made = tmp_path / "k1.service"
    made.write_text("")
    put(home, "k1.container.d/10.conf")
    for place in (home / "k1.container.d/10.conf", home / "k1.container.d"):
        os.utime(place, (1, 1))
    assert not drop_ins.changed_since(f"{FOLDER}/k1.container", made)
    os.utime(home / "k1.container.d/10.conf", (2**32, 2**32))
    assert drop_ins.changed_since(f"{FOLDER}/k1.container", made)


async def test_a_file_is_checked_together_with_its_drop_ins(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home, "k1.container.d/10.conf", "[Container]\nImage=localhost/app\n")
    given: dict[str, str] = {}

    async def dry_run(environment: dict[str, str]) -> tuple[dict[str, str], list[str]]:
        place = Path(environment["QUADLET_UNIT_DIRS"])
        for path in place.rglob("*"):
            if path.is_file():
                given[str(path.relative_to(place))] = path.read_text()
        return {}, []

    monkeypatch.setattr(quadlets, "generator", lambda: "/usr/libexec/podman/quadlet")
    monkeypatch.setattr(quadlets, "dry_run", dry_run)
    await validation.check(f"{FOLDER}/k1.container", "[Container]\n")
    assert given == {
        "k1.container": "[Container]\n",
        "k1.container.d/10.conf": "[Container]\nImage=localhost/app\n",
    }
