"""What happens to a unit file whose operation was interrupted by the engine's death."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.operations import units
from engine.schema.errors import EngineError
from engine.schema.units import UnitDelete, UnitRestore, UnitWrite
from engine.systemd import selinux, unit_files, validation

FILE = "systemd/user/web.service"
TEXT = "[Service]\nExecStart=/bin/true\n"


class Systemd:
    """Counts the requests to reread files."""

    def __init__(self) -> None:
        self.reloads = 0

    async def manager(self, name: str) -> str:
        return "252"

    async def properties(self, unit: str) -> dict[str, str]:
        return {"LoadState": "not-found"}

    async def reload(self) -> None:
        self.reloads += 1


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)

    async def fine(*_: Any) -> Any:
        return SimpleNamespace(ok=True, problems=[])

    async def no_label(*_: Any) -> str:
        return ""

    async def passes(*_: Any, **__: Any) -> None:
        return None

    monkeypatch.setattr(validation, "check", fine)
    monkeypatch.setattr(selinux, "restore", no_label)
    noted: list[str] = []
    return SimpleNamespace(
        units=SimpleNamespace(systemd=Systemd()),
        admission=SimpleNamespace(admit_unit_file=passes),
        note=noted.append,
        noted="",
        notes=noted,
    )


@pytest.mark.parametrize("written", [False, True], ids=["before-the-write", "after-it"])
async def test_a_new_file_is_there_once_whenever_the_engine_died(
    context: Any, written: bool
) -> None:
    if written:
        unit_files.write(FILE, TEXT, "")
    result = await units.resume_write(context, UnitWrite(file=FILE, text=TEXT))
    assert result.digest == unit_files.digest_of(TEXT)
    found = unit_files.find(FILE)
    assert found
    assert found.text == TEXT
    assert context.units.systemd.reloads == 1
    assert unit_files.versions(FILE) == []


async def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(context: Any) -> None:
    unit_files.write(FILE, "another text", "")
    with pytest.raises(EngineError):
        await units.resume_write(context, UnitWrite(file=FILE, text=TEXT))
    found = unit_files.find(FILE)
    assert found
    assert found.text == "another text"


@pytest.mark.parametrize("restored", [False, True], ids=["before-the-write", "after-it"])
async def test_a_version_is_put_back_whenever_the_engine_died(context: Any, restored: bool) -> None:
    unit_files.write(FILE, TEXT, "")
    version = unit_files.write(FILE, "newer", unit_files.digest_of(TEXT))
    if restored:
        unit_files.write(FILE, TEXT, unit_files.digest_of("newer"))
    query = UnitRestore(file=FILE, version=version, digest=unit_files.digest_of("newer"))
    await units.resume_restore(context, query)
    found = unit_files.find(FILE)
    assert found
    assert found.text == TEXT


@pytest.mark.parametrize("deleted", [False, True], ids=["before-it-went", "after-it-went"])
async def test_a_file_is_deleted_whenever_the_engine_died(context: Any, deleted: bool) -> None:
    version = unit_files.write(FILE, TEXT, "")
    assert version == ""
    context.noted = unit_files.digest_of(TEXT)
    if deleted:
        unit_files.delete(FILE, None)
    result = await units.delete(context, UnitDelete(file=FILE, digest=unit_files.digest_of(TEXT)))
    assert "was deleted" in result.summary
    assert unit_files.find(FILE) is None
    assert context.units.systemd.reloads == 1
    context.noted = ""
    with pytest.raises(EngineError, match="There is no file"):
        await units.delete(context, UnitDelete(file=FILE))
