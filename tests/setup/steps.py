"""Run parts of bin/lib separately, with a small checkout."""

import subprocess
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C"}
SOURCES = f'set -euo pipefail; . "{TREE}/bin/lib/set_up.sh"; '
NAMES = ("bin/tool", "consoleapp/views.py", "locale/de/LC_MESSAGES/x.po", "requirements.txt")


def make_tree(place: Path) -> Path:
    """Create a small checkout, in a path with spaces."""
    tree = place / "a tree"
    for name in NAMES:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(f"# {name}\n")
    (tree / "bin/tool").chmod(0o755)
    (tree / "link").symlink_to("bin/tool")
    return tree


def bash(script: str, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a script with the parts of bin/lib, without this test's environment."""
    return subprocess.run(
        ["bash", "-c", SOURCES + script, "bin/serve", *words],
        env=CLEAN | environment,
        cwd="/",
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def one_line(done: "subprocess.CompletedProcess[str]") -> str:
    """Return its error."""
    assert done.returncode == 1, (done.stdout, done.stderr)
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("berth: ")
    return lines[0]


def as_nobody(script: str, path: str = CLEAN["PATH"]) -> "subprocess.CompletedProcess[str]":
    """Run the script as a user other than root."""
    return subprocess.run(
        ["bash", "-c", SOURCES + script, "bin/serve"],
        env=CLEAN | {"PATH": path},
        cwd="/",
        user="nobody",
        group="nogroup",
        extra_groups=[],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
