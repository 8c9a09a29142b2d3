"""A broken file of registries, logins, or certificates is one row that says so."""

import os
from pathlib import Path
from typing import Any

import pytest

from engine.registries import auth_file, registries_conf, trust

ODD = ["dangling", "itself", "folder", "pipe", "locked", "large", "bytes"]
GOOD = '[[registry]]\nlocation = "good.example"\n'


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_RUNTIME_DIR", "REGISTRY_AUTH_FILE", "CONTAINERS_REGISTRIES_CONF",
                 "XDG_CACHE_HOME"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(registries_conf, "HOST_FILE", tmp_path / "none")
    monkeypatch.setattr(registries_conf, "HOST_FOLDER", tmp_path / "none.d")
    made = tmp_path / ".config/containers"
    made.mkdir(parents=True)
    return made


def make(path: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    match what:
        case "dangling":
            path.symlink_to("/nowhere")
        case "itself":
            path.symlink_to(path.name)
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "locked":
            path.write_text(GOOD)
            opened = os.open

            def refusing(query: Any, *words: Any, **more: Any) -> int:
                if str(query).endswith(path.name):
                    raise PermissionError(13, "Permission denied", str(query))
                return opened(query, *words, **more)

            monkeypatch.setattr(os, "open", refusing)
        case "large":
            path.write_bytes(b"#" * (4 * 1024 * 1024))
        case "bytes":
            path.write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize("what", ODD)
def test_an_odd_drop_in_hides_no_other(
    home: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home / "registries.conf.d"
    folder.mkdir()
    (folder / "10-good.conf").write_text(GOOD)
    make(folder / "20-odd.conf", what, monkeypatch)
    effective = registries_conf.load()
    assert "good.example" in effective.registries
    errors = {Path(each.path).name: each.error for each in effective.files}
    assert errors["20-odd.conf"]
    assert not errors["10-good.conf"]


@pytest.mark.parametrize("text", ["registry = 'x'", "registry = [1]", "[[registry]]\nmirror = 'x'"])
def test_a_file_of_another_shape_is_a_row(home: Path, text: str) -> None:
    (home / "registries.conf").write_text(text)
    (file,) = registries_conf.load().files
    assert file.error


def test_a_name_of_any_bytes_can_be_shown(home: Path) -> None:
    folder = home / "registries.conf.d"
    folder.mkdir()
    (folder / os.fsdecode(b"\xff.conf")).write_text(GOOD)
    (file,) = registries_conf.load().files
    assert file.path.endswith("\\xff.conf")
    assert file.model_dump_json()


@pytest.mark.parametrize("what", [*ODD, "list", "odd table"])
def test_an_odd_file_of_sign_ins_hides_no_other(
    home: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = home.parents[1] / ".docker/config.json"
    docker.parent.mkdir()
    docker.write_text('{"auths": {"good.example": {"auth": "dTpw"}}}')
    match what:
        case "list":
            (home / "auth.json").write_text("[]")
        case "odd table":
            (home / "auth.json").write_text('{"auths": ["x"]}')
        case _:
            make(home / "auth.json", what, monkeypatch)
    found = auth_file.sign_ins()
    assert [each.registry for each in found if not each.error] == ["good.example"]
    broken = [each for each in found if each.error]
    # To Podman, a dangling link is a missing file.
    assert [Path(each.origin).name for each in broken] == (
        [] if what == "dangling" else ["auth.json"]
    )
    assert auth_file.credentials("good.example") == ("u", "p")


@pytest.mark.parametrize("what", ODD)
def test_an_odd_certificate_hides_no_other_list(
    home: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = home / "certs.d/reg.example"
    folder.mkdir(parents=True)
    make(folder / "ca.crt", what, monkeypatch)
    (found,) = [each for each in trust.certificates() if each.own]
    assert found.error
    assert found.registry == "reg.example"
