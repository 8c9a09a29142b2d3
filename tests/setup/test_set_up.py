"""The code that root's Berth runs, and set-up when killed: what stays, what continues."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.setup.steps import CLEAN, SOURCES, bash, make_tree, one_line

# --- The code that root's Berth runs ---------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Create a small checkout, in a path with spaces."""
    return make_tree(tmp_path)


COPY = """
PLACE=$2 CODE=$2/code VENV=$2/venv NEW=()
mkdir -p "$PLACE"
copy_code "$1"
put_in_place
cat "$CODE/.stamp"
"""


def copied(tree: Path, place: Path) -> str:
    """Return the stamp of the copied code."""
    done = bash(COPY, str(tree), str(place))
    assert done.returncode == 0, done.stderr
    assert not [each for each in place.iterdir() if each.suffix in (".new", ".old")]
    return done.stdout


def test_the_same_content_has_the_same_stamp_whenever_and_by_whomever_it_was_written(
    tree: Path, tmp_path: Path
) -> None:
    stamp = copied(tree, tmp_path / "place")
    inode = (tmp_path / "place/code").stat().st_ino
    clone = tmp_path / "clone"
    shutil.copytree(tree, clone, symlinks=True)
    for file in clone.rglob("*"):
        os.utime(file, (1, 1), follow_symlinks=False)
        os.chown(file, 65534, 65534, follow_symlinks=False)
        if not file.is_symlink():
            file.chmod(file.stat().st_mode | 0o020)
    (clone / "left/by/a/branch").mkdir(parents=True)
    (clone / "consoleapp/__pycache__").mkdir()
    (clone / "consoleapp/__pycache__/views.pyc").touch()
    (clone / ".git").write_text("gitdir: elsewhere\n")
    (clone / ".mypy_cache").mkdir()
    (clone / "locale/de/LC_MESSAGES/x.mo").touch()
    (clone / ".venv").mkdir()
    assert copied(clone, tmp_path / "place") == stamp
    assert (tmp_path / "place/code").stat().st_ino == inode


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: (tree / "consoleapp/views.py").write_text("# other\n"),
        lambda tree: (tree / "consoleapp/views.py").chmod(0o755),
        lambda tree: (tree / "bin/tool").chmod(0o644),
        lambda tree: (tree / "bin/tool").rename(tree / "bin/tool2"),
        lambda tree: (tree / "new").touch(),
        lambda tree: ((tree / "link").unlink(), (tree / "link").symlink_to("requirements.txt")),
    ],
    ids=["content", "executable", "not executable", "name", "one more", "link"],
)
def test_other_code_has_another_stamp_and_takes_the_place(
    tree: Path, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    stamp = copied(tree, tmp_path / "place")
    change(tree)
    assert copied(tree, tmp_path / "place") != stamp
    compared = subprocess.run(
        ["diff", "-r", "--no-dereference", "--exclude=.stamp", tree, tmp_path / "place/code"]
    )
    assert compared.returncode == 0


@pytest.mark.parametrize("moment", range(1, 41, 2))
def test_a_copy_that_is_killed_at_any_moment_is_made_by_the_next(
    tree: Path, tmp_path: Path, moment: int
) -> None:
    old = copied(tree, tmp_path / "place")
    (tree / "consoleapp/views.py").write_text("# newer\n")
    kill = f"count=0; set -T; trap '[ $((count += 1)) != {moment} ] || kill -9 $BASHPID' DEBUG;"
    died = bash(kill + COPY, str(tree), str(tmp_path / "place"))
    assert died.returncode in (0, 1, -signal.SIGKILL, 128 + signal.SIGKILL)
    assert copied(tree, tmp_path / "place") != old
    assert (tmp_path / "place/code/consoleapp/views.py").read_text() == "# newer\n"


NOBODY = "PLACE=$1 VENV=$1/venv; need_nobody_running"


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("python", "-P", "-m", "launch.serve", "--demo"), "Ctrl-C"),
        (("python", "-m", "pytest", "-q"), "bin/test runs"),
    ],
)
def test_other_code_is_refused_while_a_console_runs_and_said_how_to_end_it(
    tree: Path, tmp_path: Path, words: tuple[str, ...], remedy: str
) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    idle = "import time; time.sleep(600)"
    # The kernel shows this command line, whatever program runs.
    running = subprocess.Popen(
        [f"{venv}/bin/{words[0]}", "-c", idle, *words[1:]], executable="/usr/bin/python3"
    )
    try:
        output = one_line(bash(NOBODY, str(tmp_path)))
        assert remedy in output
        assert f"kill {running.pid}" in output
    finally:
        running.kill()
        running.wait()
    assert bash(NOBODY, str(tmp_path)).returncode == 0


def test_two_set_ups_of_one_place_take_turns(tmp_path: Path) -> None:
    script = 'one_at_a_time "$1"; echo has it; read -r _; set_up_is_over; echo gave it back'
    words = ["bash", "-c", SOURCES + script, "x", str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": CLEAN}
    first = subprocess.Popen(words, **pipes)  # type: ignore[call-overload]
    assert first.stdout.readline() == "has it\n"
    second = subprocess.Popen(words, **pipes)  # type: ignore[call-overload]
    assert "waiting for another set-up" in second.stdout.readline()
    assert first.communicate("\n")[0] == "gave it back\n"
    assert second.communicate("\n")[0] == "has it\ngave it back\n"


# --- All of it, killed -----------------------------------------------------------------------

# Its steps are the same each time, except for examining all processes of the machine.
WHOLE = """
PYTHON=/usr/bin/python3
choose_place() { NEW=() PLACE=$2 CODE=$2/code VENV=$2/venv ASSETS=$2/node_modules; mkdir -p "$2"; }
install_packages() { :; }
install_locks() { mkdir -p "$1/bin"; printf '#!%s\n' "$1/bin/python" >"$1/bin/tool"; }
need_space() { :; }
need_nobody_running() { :; }
find_npm() { NPM=("$1/npm"); }
set_up "$1" "$2" run
"""
WORDS = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "a"\nmsgstr "b"\n'
NPM = """#!/bin/bash
mkdir node_modules
cp package-lock.json node_modules/got
"""


@pytest.fixture
def whole(tree: Path) -> Path:
    """Add everything that set-up reads, and an npm."""
    for name in ("package.json", "package-lock.json", "requirements-pip.txt"):
        (tree / name).write_text("{}\n")
    (tree / "npm").write_text(NPM)
    (tree / "npm").chmod(0o755)
    (tree / "locale/de/LC_MESSAGES/x.po").write_text(WORDS)
    return tree


def test_a_set_up_that_is_killed_at_twenty_moments_goes_on_with_the_next(
    whole: Path, tmp_path: Path
) -> None:
    tree, place = whole, tmp_path / "a place"
    counted = bash(
        f"count=0; set -T; trap ': $((count += 1))' DEBUG; {WHOLE} trap - DEBUG; echo $count",
        str(tree),
        str(tmp_path / "counted"),
    )
    assert counted.returncode == 0, counted.stderr
    steps = int(counted.stdout.splitlines()[-1])
    for each in range(20):
        moment = 1 + each * steps // 20
        (tree / "consoleapp/views.py").write_text(f"# {each}\n")
        (tree / "package-lock.json").write_text(f"{{}}\n# {each}\n")
        (tree / "requirements.txt").write_text(f"# {each}\n")
        kill = f"count=0; set -T; trap '[ $((count += 1)) != {moment} ] || kill -9 $$' DEBUG;"
        died = bash(kill + WHOLE, str(tree), str(place))
        assert died.returncode != 0, moment
        done = bash(WHOLE, str(tree), str(place))
        assert done.returncode == 0, (moment, done.stderr)
        assert (place / "code/consoleapp/views.py").read_text() == f"# {each}\n"
        assert (place / "node_modules/got").read_text() == f"{{}}\n# {each}\n"
        assert (place / "venv/bin/tool").read_text() == f"#!{place}/venv/bin/python\n"
        left = {file.name for file in place.iterdir()} - {".berth-set-up"}
        assert left == {"code", "venv", "node_modules"}, moment
    before = {file: file.stat().st_ino for file in place.iterdir()}
    again = bash(WHOLE, str(tree), str(place))
    assert (again.returncode, again.stdout) == (0, "")
    assert {file: file.stat().st_ino for file in place.iterdir()} == before


def test_what_was_whole_when_a_set_up_was_killed_is_not_made_again(
    whole: Path, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    killed = WHOLE.replace("find_npm() {", "find_npm() { kill -9 $$;")
    assert bash(killed, str(whole), str(place)).returncode != 0
    made = (place / "venv.new").stat().st_ino
    done = bash(WHOLE, str(whole), str(place))
    assert done.returncode == 0, done.stderr
    assert "making the Python environment" not in done.stdout
    assert (place / "venv").stat().st_ino == made
    assert not (place / "venv.new").exists()
