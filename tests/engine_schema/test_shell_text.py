"""The equivalent command of an operation, as Bash runs it."""

import itertools
import json
import shlex
import subprocess
import sys

import pytest

from engine.schema.builds import ImageBuild
from engine.schema.containers import ContainerRun
from engine.schema.parameters import REDACTED
from engine.schema.shell_text import shell_text

# Prints its arguments, and the values of variables that it got by name.
PODMAN = (
    f"podman() {{ {shlex.quote(sys.executable)} -c 'import json, os, sys; "
    'print(json.dumps([sys.argv[1:], dict(os.environ)]))\' "$@"; }\n'
)


def run(text: str, typed: str) -> tuple[list[str], dict[str, str]]:
    done = subprocess.run(
        ["bash", "-c", PODMAN + text], input=typed, capture_output=True, text=True, check=True
    )
    words, environment = json.loads(done.stdout.splitlines()[-1][done.stdout.rfind("[[") :])
    return words, environment


@pytest.mark.parametrize(
    "environment",
    [
        {"DB_PASSWORD": "hunter2", "A": "1"},
        {"API_TOKEN": "a", "DB_PASSWORD": "b", "LINES": "x\ny"},
        {"URL": "postgres://me:hunter2@db/x"},
        {"db.password": "hunter2"},
        {"MY PASSWORD'S": "hunter2"},
    ],
)
def test_a_shell_asks_for_each_secret_and_podman_gets_what_was_typed(environment):
    launch = ContainerRun(image="x", environment=environment, command_line=["a b", "$HOME"])
    text = shell_text(launch.command())
    assert REDACTED not in text
    for value in ("hunter2", "••"):
        assert value not in text
    secret = [name for name, value in launch.public()["environment"].items() if value == REDACTED]
    words, given = run(text, "".join(f" typed {name}\\n\n" for name in secret))
    got = {}
    for option, word in itertools.pairwise(words):
        if option == "--env":
            name, equals, value = word.partition("=")
            got[name] = value if equals else given[name]
    typed = {name: f" typed {name}\\n" for name in secret}
    assert got == environment | typed
    assert words[-4:] == ["--", "x", "a b", "$HOME"]


def test_a_build_argument_that_is_a_secret_is_asked_for():
    build = ImageBuild(tags=["a"], containerfile="FROM x", build_args={"NPM_TOKEN": "hunter2"})
    words, given = run(shell_text(build.command()), "typed\n")
    assert "--build-arg=NPM_TOKEN" in words
    assert given["NPM_TOKEN"] == "typed"


@pytest.mark.parametrize(
    "argv",
    [
        ["podman", "run", "--env", "A=1", "--", "x", "", "a\nb", "it's"],
        ["podman", "run", "--", "x", "--env", f"A={REDACTED}"],
        ["podman", "run", "--label", f"A={REDACTED}", "x"],
        [],
    ],
)
def test_other_words_are_read_back_as_they_are(argv):
    assert shlex.split(shell_text(argv)) == argv
