"""Dependencies point one way: pages and API → operations → engine.client → (socket) → engine."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
# The worker's side and the observer's: only these talk to engines.
TALKS_TO_ENGINES = ("consoleapp/worker/", "consoleapp/observer/")


def imports(file: Path) -> Iterator[str]:
    """Yield every module that `file` imports, wherever the import is."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def files(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found
    return found


@pytest.mark.parametrize("file", files("consoleapp"), ids=lambda f: str(f.relative_to(ROOT)))
def test_the_console_knows_the_engine_by_its_schema_and_its_client(file: Path) -> None:
    place = str(file.relative_to(ROOT))
    of_engine = {name for name in imports(file) if name.split(".")[0] == "engine"}
    allowed = ("engine.schema", "engine.policy", "engine.client")
    if not place.startswith(TALKS_TO_ENGINES):
        allowed = ("engine.schema", "engine.policy")
    assert all(name == "engine" or name.startswith(allowed) for name in of_engine), of_engine


@pytest.mark.parametrize(
    "file",
    files("consoleapp/web") + files("consoleapp/api") + files("consoleapp/catalog"),
    ids=lambda f: str(f.relative_to(ROOT)),
)
def test_pages_and_api_never_reach_for_the_workers_side(file: Path) -> None:
    workers = ("consoleapp.worker", "consoleapp.observer")
    assert not [name for name in imports(file) if name.startswith(workers)]


@pytest.mark.django_db
def test_every_model_has_its_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_table_of_packages_is_that_of_the_contracts() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(each for each in contracts["contracts"] if each.get("id") == "console")["layers"]
    text = (ROOT / "docs/architecture.md").read_text().partition("### The console's packages")[2]
    first_cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    table = [re.findall(r"`([a-z0-9]+)`", cell) for cell in first_cells[: len(layers)]]
    assert table == [layer.split(" | ") for layer in layers]
