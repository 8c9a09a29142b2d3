"""Podman's REST paths are in one module, so that a call has one name and one meaning."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OWN = {"engine/podman/api.py", "engine/podman/client.py"}
CALLS = {"call", "stream", "exists"}


def rest_calls(source: str) -> list[str]:
    """Return the calls of Podman's API in a module's text, whatever the client's name there."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CALLS
        and "podman" in ast.unparse(node.func.value).lower()
    ]


def modules() -> list[str]:
    found = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "engine").rglob("*.py"))
    assert set(found) > OWN
    return [name for name in found if name not in OWN]


@pytest.mark.parametrize("name", modules())
def test_no_other_module_calls_podmans_api_by_path(name: str) -> None:
    assert not rest_calls((ROOT / name).read_text())


@pytest.mark.parametrize(
    "line",
    [
        'podman.call("GET", "/info")',
        'self._podman.stream("GET", "/events")',
        "work.podman.exists(path(name))",
    ],
)
def test_a_raw_call_is_found(line: str) -> None:
    assert rest_calls(line) == [line.replace('"', "'")]
