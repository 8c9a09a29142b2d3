"""bin/uninstall lists and removes everything of Berth on a machine; data only on request."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.setup.steps import CLEAN, TREE

# A separate machine in these respects: paths, processes, and accounts that are not really removed.
MACHINE = """
set -e
mkdir -p /etc/berth
for place in /opt /run /etc/berth /var/lib /var/cache; do mount -t tmpfs tmpfs $place; done
mkdir -p /opt/berth/code /opt/berth/venv /opt/berth-test/code /run/berth/4711 /var/lib/berth/files
echo x >/etc/berth/defaults.env
echo x >/etc/berth/berth.env
echo podman >/etc/berth/packages
echo x >/var/lib/berth/db.sqlite3
"""
LEFT = "find /opt /run /etc/berth /var/lib /var/cache -mindepth 1 | LC_ALL=C sort"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Create programs that only report changes to this machine's accounts."""
    for name in ("userdel", "groupdel"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho "{name} $*"\n')
        (tmp_path / name).chmod(0o755)
    # Not from /opt, where the tests may run.
    for part in ("bin", "deploy"):
        shutil.copytree(TREE / part, tmp_path / "tree" / part)
    return tmp_path


def machine(tools: Path, script: str) -> "subprocess.CompletedProcess[str]":
    """Run a script on that machine."""
    return subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "bash", "-c"]
        + [MACHINE + script, "bash", str(tools / "tree/bin/uninstall")],
        env=CLEAN | {"PATH": f"{tools}:{CLEAN['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def test_a_dry_run_lists_it_and_changes_nothing(tools: Path) -> None:
    done = machine(tools, f'{LEFT} >/tmp/$$; "$1" --dry-run; {LEFT} | cmp - /tmp/$$; rm /tmp/$$')
    assert done.returncode == 0, done.stderr
    assert "would remove code, Python environments and assets: /opt/berth /opt" in done.stdout
    assert "would remove generated settings: /etc/berth/defaults.env" in done.stdout
    assert "stays: the data in /var/lib/berth" in done.stdout
    assert "stays: packages that set-up installed: podman" in done.stdout


def test_it_removes_all_but_data_and_settings_and_twice_is_no_fault(tools: Path) -> None:
    done = machine(tools, f'"$1"; "$1"; echo LEFT; {LEFT}')
    assert done.returncode == 0, done.stderr
    left = done.stdout.split("LEFT\n")[1].split()
    assert [each for each in left if each.startswith(("/opt", "/run/berth"))] == []
    assert {"/etc/berth/berth.env", "/var/lib/berth/db.sqlite3"} <= set(left)
    assert "/etc/berth/defaults.env" not in left
    assert "userdel" not in done.stdout.replace("userdel --remove berth-demo", "")


def test_data_go_only_after_a_yes(tools: Path) -> None:
    done = machine(tools, f'! "$1" --data; echo LEFT; {LEFT}')
    assert "cannot be brought back" in done.stderr
    assert "/var/lib/berth/db.sqlite3" in done.stdout
    assert "/opt/berth/code" in done.stdout
    done = machine(tools, f'"$1" --data --yes; echo LEFT; {LEFT}')
    assert done.returncode == 0, done.stderr
    assert "berth" not in done.stdout.split("LEFT\n")[1]


def test_what_runs_has_to_be_ended_first(tools: Path) -> None:
    idle = '(exec -a /opt/berth/venv/bin/python /usr/bin/python3 -c "import time; time.sleep(600)"'
    idle += " -m launch.serve --demo) &"
    done = machine(tools, f'{idle} until grep -zqs launch.serve /proc/$!/cmdline; do :; done; "$1"')
    assert done.returncode == 1
    assert "End it first: Ctrl-C where it runs, or kill " in done.stderr
