"""Errors of set-up: the cause and the remedy, in one line."""

import os
import shutil
from pathlib import Path

import pytest

from tests.setup.steps import CLEAN, as_nobody, bash, one_line

# --- What programs say, and what of it is passed on ------------------------------------------

# Output of npm, apt, and pip, each after the message that it must cause.
CAUSES = [
    each.partition("\n")
    for each in (Path(__file__).parent / "causes.txt").read_text().split("## ")[1:]
]


@pytest.mark.parametrize(("cause", "_", "words"), CAUSES, ids=[each[2][:40] for each in CAUSES])
def test_the_cause_is_found_among_a_programs_words(
    tmp_path: Path, cause: str, _: str, words: str
) -> None:
    (tmp_path / "log").write_text(words)
    output = bash('cause "$1"', str(tmp_path / "log")).stdout
    assert cause in output
    assert len(output.splitlines()) == 1


# --- Root, where it is needed ----------------------------------------------------------------

NO_SUDO = 'command() { case "$*" in *sudo) return 1 ;; *) builtin command "$@" ;; esac; };'
WRONG_PASSWORD = """#!/bin/sh
[ "$1" != -n ] || { echo 'sudo: a password is required' >&2; exit 1; }
echo asked >>"$0.log"
printf 'Sorry, try again.\\nSorry, try again.\\nsudo: 3 incorrect password attempts\\n' >&2
exit 1
"""


def test_a_checkout_of_somebody_else_is_named_as_what_it_is() -> None:
    output = one_line(as_nobody("need_writable /etc"))
    assert "/etc cannot be written by nobody" in output
    assert "git clone" in output


def test_missing_packages_without_sudo_are_one_line_with_what_root_can_paste() -> None:
    output = one_line(as_nobody(NO_SUDO + "_apt no-such-package"))
    assert "sudo is not installed" in output
    assert output.endswith("apt-get install -y --no-install-recommends no-such-package")


def test_a_wrong_password_ends_it_at_once_in_one_line(tmp_path: Path) -> None:
    programs = Path("/var/tmp") / f"berth-test-sudo-{os.getpid()}"
    programs.mkdir(mode=0o777)
    programs.chmod(0o777)
    try:
        (programs / "sudo").write_text(WRONG_PASSWORD)
        (programs / "sudo").chmod(0o755)
        done = as_nobody("_apt no-such-package", f"{programs}:{CLEAN['PATH']}")
        assert (programs / "sudo.log").read_text() == "asked\n"
    finally:
        shutil.rmtree(programs)
    output = one_line(done)
    assert "3 incorrect password attempts" in output
    assert "As root, run once: apt-get install" in output


def test_where_all_packages_are_there_nobody_is_asked_for_anything() -> None:
    done = as_nobody(NO_SUDO + "_apt bash coreutils")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_a_network_apt_is_not_even_tried(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://127.0.0.1:1/debian stable main\n")
    settings = f'Dir::Etc::sourcelist "{tmp_path}/sources.list";\nDir::Etc::sourceparts "-";\n'
    (tmp_path / "apt.conf").write_text(settings)
    never = "_apt_get() { echo tried >&2; exit 9; };"
    output = one_line(bash(never + "_apt no-such-package", APT_CONFIG=str(tmp_path / "apt.conf")))
    assert "No mirror of apt answers" in output
    assert "127.0.0.1" in output
