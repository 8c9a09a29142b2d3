"""Unit files are only ever written to the account's own folders, whoever creates obstacles."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.schema.errors import EngineError, ErrorCode
from engine.schema.units import UnitStart, UnitWrite
from engine.systemd import unit_files

FILE = "containers/systemd/web.container"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    "file",
    [
        "../.bashrc",
        "/etc/passwd",
        "containers/systemd/../../.bashrc",
        "containers/systemd/..container",
        "containers/systemd/web.sh",
        "containers/systemd/web",
        "containers/systemd/a\nb.container",
        "containers/systemd/web.container\n",
        "containers/systemd/%h.container",
        "containers/systemd/$HOME.container",
        "containers/systemd/-web.container",
        "containers/systemd/.hidden.container",
        "containers/systemd//web.container",
        "containers/systemd/a/b/c/d/e/f.container",
        "containers/systemd/a b.container",
        "systemd/user/web.socket.d/x.conf",
        "systemd/user/default.target.wants/web.service",
        "systemd/system/web.service",
        "systemd/user/web.target",
        "",
    ],
)
def test_a_hostile_file_name_is_refused_before_anything_happens(file: str) -> None:
    with pytest.raises(ValidationError):
        UnitWrite(file=file, text="")


@pytest.mark.parametrize(
    "unit", ["-x.service", "../x.service", "a\n.service", "a b.service", "%n.service", "a", "x.sh"]
)
def test_a_hostile_unit_name_is_refused(unit: str) -> None:
    with pytest.raises(ValidationError):
        UnitStart(unit=unit)


def test_a_file_is_written_whole_and_its_earlier_text_kept(home: Path) -> None:
    assert unit_files.write(FILE, "one\n", "") == ""
    version = unit_files.write(FILE, "two\n", unit_files.digest_of("one\n"))
    assert (home / ".config" / FILE).read_text() == "two\n"
    assert unit_files.version(FILE, version).text == "one\n"
    assert [each.id for each in unit_files.versions(FILE)] == [version]
    assert os.listdir(home / ".config/containers/systemd") == ["web.container"]


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_a_file_that_is_another_than_the_editor_saw_is_not_overwritten(
    home: Path, digest: str
) -> None:
    unit_files.write(FILE, "one\n", "")
    with pytest.raises(EngineError) as refused:
        unit_files.write(FILE, "two\n", digest)
    assert refused.value.report.code is ErrorCode.CONFLICT
    assert (home / ".config" / FILE).read_text() == "one\n"


def test_a_planted_link_in_place_of_the_file_is_not_written_through(home: Path) -> None:
    outside = home / "outside"
    outside.write_text("mine\n")
    place = home / ".config" / FILE
    place.parent.mkdir(parents=True)
    place.symlink_to(outside)
    for digest in ("", unit_files.digest_of("mine\n")):
        with pytest.raises(EngineError):
            unit_files.write(FILE, "theirs\n", digest)
    with pytest.raises(EngineError):
        unit_files.find(FILE)
    assert outside.read_text() == "mine\n"


@pytest.mark.parametrize("link", [".config", ".config/containers", ".config/containers/systemd"])
def test_a_planted_link_in_place_of_a_folder_is_not_followed(home: Path, link: str) -> None:
    outside = home / "elsewhere"
    (outside / "containers/systemd").mkdir(parents=True)
    (outside / "systemd").mkdir()
    place = home / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(outside)
    with pytest.raises(EngineError):
        unit_files.write(FILE, "theirs\n", "")
    assert not list(outside.rglob("*.container"))
    assert unit_files.all_files() == []


def test_a_fifo_in_place_of_the_file_holds_nobody_up(home: Path) -> None:
    place = home / ".config" / FILE
    place.parent.mkdir(parents=True)
    os.mkfifo(place)
    with pytest.raises(EngineError):
        unit_files.find(FILE)


def test_a_secret_in_a_file_is_not_in_the_row_of_its_operation() -> None:
    text = '[Container]\nEnvironment=DB_PASSWORD=geheim "API_TOKEN=a b" PORT=1\nSecret=name\n'
    query = UnitWrite(file=FILE, text=text)
    assert "geheim" not in str(query.public())
    assert "a b" not in str(query.public())
    assert "PORT=1" in query.public()["text"]
    assert query.wire()["text"] == text
