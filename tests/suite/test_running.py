"""How the tests run: what runs at the same time, in which order, and what is printed."""

import os
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest

from tests import leftovers
from tests.machine import free_port, own
from tests.schedule import ALONE, SLOW
from tests.waiting import until

TREE = Path(__file__).resolve().parents[2]
NOTES = """
import os, pathlib, pytest
PLACE = pathlib.Path(__file__).resolve().parents[2] / "log"

@pytest.fixture(autouse=True)
def _noted(request):
    note("begin", request)
    yield
    note("end", request)

def note(word, request):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "none")
    with PLACE.open("a") as log:
        log.write(f"{word} {request.node.nodeid} {worker}\\n")
"""
OPTIONS = """[pytest]
addopts = -p tests.schedule -p no:django -p no:asyncio -p no:schemathesis --import-mode=importlib
"""
PASSES = NOTES + "".join(f"\ndef test_{n}(): pass\n" for n in range(6))


class Project:
    """A small suite with this one's rules, in its own folder."""

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / "pytest.ini").write_text(OPTIONS)

    def write(self, name: str, text: str) -> None:
        file = self.place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def run(self, *words: str, by: str = "-m pytest") -> "subprocess.CompletedProcess[str]":
        """Run it without the cache, plugins, and variables of the current run."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "DJANGO"))}
        return subprocess.run(
            [sys.executable, *by.split(" ", 1), *words],
            cwd=self.place,
            env=inherited | {"PYTHONPATH": str(TREE), "TMPDIR": str(self.place)},
            capture_output=True,
            text=True,
        )

    def log(self) -> list[list[str]]:
        """Return the log's words: begin or end, the test, the worker."""
        return [line.split() for line in (self.place / "log").read_text().splitlines()]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def passed(done: "subprocess.CompletedProcess[str]", count: int) -> None:
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{count} passed" in done.stdout.splitlines()[-1]


def test_what_changes_the_machine_runs_when_all_others_have_ended(project: Project) -> None:
    (alone,) = ALONE
    project.write(alone, PASSES)
    for number in range(5):
        project.write(f"tests/part{number}/test_it.py", PASSES)
    passed(project.run("-n", "3"), 36)
    log = project.log()
    assert [word for word, test, _ in log if test.startswith(alone)] == ["begin", "end"] * 6
    assert all(test.startswith(alone) for _, test, _ in log[-12:])


@pytest.mark.parametrize("workers", ["1", "3"])
def test_what_runs_alone_also_runs_when_there_is_nothing_else(
    project: Project, workers: str
) -> None:
    (alone,) = ALONE
    project.write(alone, PASSES)
    passed(project.run("-n", workers), 6)


def test_the_tests_of_a_file_stay_with_one_worker(project: Project) -> None:
    for number in range(6):
        project.write(f"tests/part{number}/test_it.py", PASSES)
    passed(project.run("-n", "2"), 36)
    at = {(test.partition("::")[0], worker) for _, test, worker in project.log()}
    assert len(at) == 6


def test_a_name_that_differs_between_workers_does_no_harm(project: Project) -> None:
    project.write(
        "tests/part/test_it.py",
        NOTES + "\n@pytest.mark.parametrize('x', [os.getpid()])\ndef test_it(x): pass\n",
    )
    project.write("tests/other/test_it.py", PASSES)
    passed(project.run("-n", "2"), 7)


def test_a_number_gives_the_same_random_order_again_and_files_stay_together(
    project: Project,
) -> None:
    for number in range(4):
        project.write(f"tests/part{number}/test_it.py", PASSES)

    def order(*words: str) -> list[str]:
        (project.place / "log").unlink(missing_ok=True)
        passed(project.run(*words), 24)
        return [test for word, test, _ in project.log() if word == "begin"]

    plain, first = order(), order("--seed", "7")
    assert first == order("--seed", "7")
    assert first not in (plain, order("--seed", "8"))
    files = [file for file, _ in groupby(first, key=lambda test: test.partition("::")[0])]
    assert len(files) == 4


def test_quick_leaves_out_what_takes_long_and_says_so(project: Project) -> None:
    project.write(f"{SLOW[0]}/test_it.py", PASSES)
    project.write("tests/part/test_it.py", PASSES)
    done = project.run("--quick")
    passed(done, 6)
    assert "6 deselected" in done.stdout


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_failure_is_named_with_its_reason_before_the_others_run(
    project: Project, workers: str
) -> None:
    project.write("tests/part/test_it.py", "def test_it(): assert 'the reason' == 1\n")
    project.write("tests/part/test_more.py", PASSES)
    output = project.run("-n", workers).stdout
    at_once = output[: output.index("= FAILURES =")]
    assert "FAILED (call) tests/part/test_it.py::test_it" in at_once
    assert "assert 'the reason' == 1" in at_once


def twice(project: Project) -> "subprocess.CompletedProcess[str]":
    """Run like bin/test, without its lock."""
    script = "import pathlib, sys; from tests.run import run; "
    script += "sys.exit(run(['-n', '2'], pathlib.Path('cache')))"
    return project.run(script, by="-c")


def test_what_fails_beside_others_and_passes_alone_is_called_unsteady(project: Project) -> None:
    beside = "import os\ndef test_it(): assert 'PYTEST_XDIST_WORKER' not in os.environ\n"
    project.write("tests/part/test_beside.py", beside)
    project.write("tests/part/test_fine.py", PASSES)
    done = twice(project)
    passed(done, 1)
    assert "unsteady tests" in done.stdout
    assert "UNSTEADY tests/part/test_beside.py::test_it" in done.stdout


def test_what_fails_alone_as_well_fails_the_run(project: Project) -> None:
    project.write("tests/part/test_it.py", "def test_it(): assert False\n")
    done = twice(project)
    assert done.returncode == 1
    assert "unsteady" not in done.stdout


def test_two_workers_have_names_and_ports_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests import machine

    def names(worker: str) -> tuple[str, int]:
        monkeypatch.setattr(machine, "WORKER", worker)
        return own("alice"), free_port()

    found = [names(worker) for worker in ("gw0", "gw1", "gw2", "")]
    assert len({name for name, _ in found}) == 4
    assert len({port // 1000 for _, port in found[:3]}) == 3


@pytest.mark.parametrize(
    ("variables", "left"),
    [
        ({leftovers.MARK: "1"}, True),
        ({"BERTH_DATA": "/var/tmp/berth-test-10000"}, True),
        ({"HOME": "/root"}, False),
    ],
)
def test_what_a_killed_run_left_is_told_from_other_processes(
    variables: dict[str, str], left: bool
) -> None:
    with subprocess.Popen(["sleep", "1000"], env=variables) as process:
        try:
            environment = Path(f"/proc/{process.pid}/environ")
            until(environment.read_bytes, "its environment can be read")
            found = leftovers.is_left(process.pid)
        finally:
            process.kill()
    assert found is left


def test_the_run_itself_is_no_leftover() -> None:
    # 0 is a parent in another pid namespace.
    assert {os.getpid(), os.getppid()} - {0} <= leftovers.own_line()
