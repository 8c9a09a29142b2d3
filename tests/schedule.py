"""Decide which tests run where and in what order, and what a run prints.

With `-n`, workers of pytest-xdist run whole files. Files of one folder share expensive fixtures
(accounts, a console), so a worker stays in a folder as long as possible. The longest folders start
first.
"""

import random
from pathlib import Path
from typing import Any

import pytest

COST = {
    "tests/browser": 300,
    "tests/engine": 260,
    "tests/lab": 250,
    "tests/registries": 150,
    "tests/builds": 150,
    "tests/images": 100,
    "tests/setup": 100,
    "tests/lab/test_units_older_podman.py": 120,
    "tests/audit/test_postgresql.py": 350,
}
"""The approximate seconds of a folder or file. All others go last, one file at a time.

Lab hosts are prepared in the meantime (`tests/lab/prepare.py`), so tests/lab does not start first.
"""
WHOLE = {
    "tests/lab/test_units_older_podman.py": "tests/lab/test_units_older_podman.py",
    "tests/lab": "tests/lab",
}
"""Files that only one worker may run, and their unit: a lab host is too slow to create twice."""
ALONE = {"tests/engine/test_policy.py"}
"""Files that affect all processes of the machine. They run last, with nothing beside them."""
SLOW = (
    *COST,
    *("tests/live", "tests/operations/test_lives.py", "tests/suite"),
    *("tests/api/test_document.py", "tests/files/test_crossing.py", "tests/audit/test_chain.py"),
    *("tests/web/second_factor/test_security_keys.py", "tests/web/single_sign_on"),
)
"""What --quick skips: tests with engines, browsers, hosts, and servers, or with high load."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("berth")
    group.addoption("--seed", type=int, help="run the tests in the random order of this seed")
    group.addoption("--quick", action="store_true", help="skip slow tests: see SLOW")
    group.addoption("--again", action="store_true", help="repeat failed tests: see bin/test")


def pytest_report_header(config: pytest.Config) -> list[str]:
    seed = config.getoption("seed")
    return [] if seed is None else [f"random order: --seed {seed}"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("quick"):
        left_out = [item for item in items if _below(item.nodeid, SLOW)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not _below(item.nodeid, SLOW)]
    if (seed := config.getoption("seed")) is not None:
        items[:] = _shuffled(items, random.Random(seed))
    if not config.getoption("numprocesses", None):
        items.sort(key=lambda item: _file(item.nodeid) in ALONE)


def _shuffled(items: list[pytest.Item], order: random.Random) -> list[pytest.Item]:
    """Shuffle folders, files in each, and tests in each, keeping shared fixtures together."""
    folders: dict[str, dict[str, list[pytest.Item]]] = {}
    for item in items:
        file = _file(item.nodeid)
        folders.setdefault(str(Path(file).parent), {}).setdefault(file, []).append(item)
    shuffled = []
    for folder in order.sample(sorted(folders), len(folders)):
        for file in order.sample(sorted(folders[folder]), len(folders[folder])):
            found = folders[folder][file]
            shuffled += order.sample(found, len(found))
    return shuffled


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def _below(nodeid: str, places: Any) -> bool:
    return any(nodeid.startswith((f"{place}/", f"{place}::")) for place in places)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.workers import Schedule

    return Schedule(config, log)


# --- What is printed ---------------------------------------------------------------------------

LINES = 40
"""The maximum lines of a failure to print at once. All of it comes at the end."""


class Failures:
    """Prints each failure and its reason at once, since a run may be ended before its summary."""

    def __init__(self, reporter: Any) -> None:
        self._reporter = reporter

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._reporter.ensure_newline()
            self._reporter.write_line(f"FAILED ({report.when}) {report.nodeid}", red=True)
            for line in report.longreprtext.splitlines()[-LINES:]:
                self._reporter.write_line(f"    {line}")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if reporter := config.pluginmanager.getplugin("terminalreporter"):
        config.pluginmanager.register(Failures(reporter), "berth-failures")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if config.getoption("again") and (passed := terminalreporter.getreports("passed")):
        terminalreporter.section("unsteady tests", red=True, bold=True)
        terminalreporter.write_line(
            "These failed beside others and passed alone. Each is a bug: see CONTRIBUTING.md."
        )
        for report in passed:
            terminalreporter.write_line(f"UNSTEADY {report.nodeid}")
