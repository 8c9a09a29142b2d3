"""Lock files name everything that the code needs, and tests run with the console's versions."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def pinned(lock: str) -> dict[str, str]:
    """Return the version of each package, by its normalized name."""
    found = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", (ROOT / lock).read_text(), re.M)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def wanted(source: str) -> set[str]:
    """Return the direct dependencies, by their normalized names."""
    lines = re.findall(r"^([A-Za-z][\w.-]*)", (ROOT / source).read_text(), re.M)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in lines}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_a_lock_has_all_that_is_asked_for(name: str) -> None:
    assert wanted(f"{name}.in")
    assert wanted(f"{name}.in") <= set(pinned(f"{name}.txt"))


def test_the_tests_run_with_the_versions_that_the_console_runs_with() -> None:
    console, tests = pinned("requirements.txt"), pinned("requirements-dev.txt")
    assert console
    assert {name: tests.get(name) for name in console} == console
