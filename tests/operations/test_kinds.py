"""Each kind of operation is complete: a model, a handler, its policy requests, a page, a test."""

import inspect
import re
from pathlib import Path

import pytest

from engine.operations.handlers import HANDLERS, RECOVER, RESUME
from engine.policy.extract import unclassified
from engine.schema import kinds
from engine.schema.kinds import KINDS
from engine.schema.parameters import Parameters

ROOT = Path(__file__).parents[2]
EACH = pytest.mark.parametrize("kind", KINDS)

UNTESTED = {"unit.disable", "unit.reset-failed", "autoupdate.disable"}
"""They need a lab host's user manager. Write the test, then remove the kind here."""


def _defined() -> set[type[Parameters]]:
    modules = [each for _, each in inspect.getmembers(kinds, inspect.ismodule)]
    return {
        each
        for module in modules
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, Parameters) and "kind" in vars(each)
    }


def _sources(*patterns: str) -> str:
    """Return all files that match, without those that name every kind."""
    files = [file for pattern in patterns for file in sorted(ROOT.glob(pattern))]
    return "\n".join(file.read_text() for file in files if file != Path(__file__))


PAGES = _sources("consoleapp/web/**/*.py", "templates/**/*.html")
TESTS = _sources("tests/**/*.py")


def _names(kind: str) -> str:
    return rf"""["']{re.escape(kind)}["']|\b{KINDS[kind].__name__}\b"""


def _lines(text: str) -> str:
    """Return `text` without indentation, so that a list in Markdown may add some."""
    return "\n".join(line.strip() for line in text.strip().splitlines())


def test_the_example_in_contributing_is_the_source() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    section = text.split("## Adding a kind of operation\n")[1].split("\n## ")[0]
    files = re.findall(r"`((?:engine|templates|tests)/[^`]+\.(?:py|html))`", section)
    sources = [_lines((ROOT / file).read_text()) for file in files]
    examples = re.findall(r"```\w+\n(.*?)```", section, re.DOTALL)
    assert len(examples) == 5
    for example in examples:
        assert any(_lines(example) in source for source in sources), example


def test_each_defined_kind_is_in_the_table() -> None:
    assert set(KINDS.values()) == _defined()


def test_each_kind_has_a_handler_and_each_handler_a_kind() -> None:
    assert set(HANDLERS) == set(KINDS)
    assert set(RECOVER) | set(RESUME) <= set(KINDS)


def test_each_kind_states_what_policies_may_limit() -> None:
    assert unclassified() == set()


@EACH
def test_a_kind_has_a_label_and_a_description(kind: str) -> None:
    model = KINDS[kind]
    assert model.label
    assert vars(model).get("__doc__")


@EACH
def test_a_kind_has_a_form_or_a_button(kind: str) -> None:
    assert re.search(_names(kind), PAGES)


def test_all_other_kinds_have_a_test() -> None:
    untested = {kind for kind in KINDS if not re.search(_names(kind), TESTS)}
    assert untested == UNTESTED
