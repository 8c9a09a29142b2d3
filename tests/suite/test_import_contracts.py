"""The import contracts in pyproject.toml hold, and a new forbidden import breaks them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


def lint(tree: Path) -> tuple[int, str]:
    done = subprocess.run([LINT, "--no-cache"], cwd=tree, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the code that a test may change."""
    for folder in ("engine", "launch", "consoleapp"):
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_code_keeps_its_contracts() -> None:
    status, message = lint(ROOT)
    assert status == 0, message


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("engine/podman/client.py", "from engine.server import app", "lie in layers"),
        ("engine/schema/errors.py", "from engine.policy import rules", "lie in layers"),
        ("engine/podman/client.py", "from engine.podman import api", "in a cycle"),
        ("engine/schema/errors.py", "import django", "nothing of the console"),
        ("launch/errors.py", "from engine.schema import errors", "without what it sets up"),
    ],
    ids=["cycle of rooms", "arrow upwards", "cycle in a room", "engine to Django", "launch"],
)
def test_an_arrow_that_points_the_wrong_way_is_found(
    tree: Path, module: str, line: str, contract: str
) -> None:
    file = tree / module
    file.write_text(f"{file.read_text()}\n{line}\n")
    status, message = lint(tree)
    assert status == 1
    assert any(contract in each and "BROKEN" in each for each in message.splitlines()), message
