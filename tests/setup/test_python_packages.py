"""Python packages come from the lock file, whatever the registry and pip's settings."""

import hashlib
import http.server
import subprocess
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.setup.steps import bash, make_tree, one_line


def wheel(place: Path, version: str, content: str = "") -> str:
    """Create an installable package in `place`. Return its SHA-256."""
    name, info = f"harbor_tool-{version}-py3-none-any.whl", f"harbor_tool-{version}.dist-info"
    with zipfile.ZipFile(place / name, "w") as file:
        file.writestr("harbor_tool.py", f"VERSION = {version!r}\n{content}")
        file.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: harbor-tool\nVersion: {version}\n"
        )
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")
    return hashlib.sha256((place / name).read_bytes()).hexdigest()


class Registry:
    """A package index on loopback: harbor-tool 1.0, which is locked, and the newer 1.1."""

    def __init__(self, place: Path) -> None:
        self.status = 200
        self.place = place / "index/harbor-tool"
        self.place.mkdir(parents=True)
        self.locked = wheel(self.place, "1.0")
        wheel(self.place, "1.1")
        registry = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *args: object) -> None:
                super().__init__(*args, directory=str(place))  # type: ignore[arg-type]

            def do_GET(self) -> None:
                if registry.status != 200:
                    self.send_error(registry.status)
                else:
                    super().do_GET()

            def log_message(self, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/index"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """Run a registry until the end of the test."""
    made = Registry(tmp_path)
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the system's Python, which creates an environment by copying an existing one."""
    place = tmp_path_factory.mktemp("python")
    subprocess.run(["/usr/bin/python3", "-m", "venv", place / "venv"], check=True)
    (place / "python").write_text(
        '#!/bin/sh\nif [ "$2 $3" = "-m venv" ]; then exec cp -a '
        f'{place}/venv/. "$4"; fi\nexec /usr/bin/python3 "$@"\n'
    )
    (place / "python").chmod(0o755)
    return place / "python"


@pytest.fixture
def make(
    tmp_path: Path, python: Path, registry: Registry
) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run make_venv with the registry as pip's index, into "a place/venv"."""
    tree = make_tree(tmp_path)
    (tree / "requirements-pip.txt").write_text("")
    lock = f"harbor-tool==1.0 --hash=sha256:{registry.locked}\n"
    (tree / "requirements.txt").write_text(lock)
    (tmp_path / "a place").mkdir()

    def run(before: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
        script = "NEW=() PYTHON=$3 PLACE=$2 VENV=$2/venv;"
        script += 'make_venv "$VENV" "$1" requirements.txt; put_in_place'
        words = (str(tree), str(tmp_path / "a place"), str(python))
        return bash(
            before + script,
            *words,
            **{"PIP_INDEX_URL": registry.url, "PIP_RETRIES": "0"} | environment,
        )

    return run


def version(tmp_path: Path) -> str:
    """Return the version of harbor-tool in the new environment."""
    words = [
        tmp_path / "a place/venv/bin/python",
        "-c",
        "import harbor_tool as h; print(h.VERSION)",
    ]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_the_locked_version_is_installed_although_there_is_a_newer_one(make, tmp_path) -> None:
    done = make()
    assert done.returncode == 0, done.stderr
    assert version(tmp_path) == "1.0"
    assert make().stdout == ""


SETTINGS = """
[global]
user = true
target = /nowhere
constraint = /nowhere/constraints.txt
require-virtualenv = false
index-url = http://127.0.0.1:1/never
[install]
no-binary = :all:
index-url = {url}
dry-run = true
"""


def test_of_a_persons_pip_settings_only_the_way_to_packages_counts(
    make, registry, tmp_path
) -> None:
    (tmp_path / "pip.conf").write_text(SETTINGS.format(url=registry.url))
    done = make(
        "unset PIP_INDEX_URL;",
        PIP_CONFIG_FILE=str(tmp_path / "pip.conf"),
        PIP_REQUIREMENT="/nowhere.txt",
        PIP_NO_DEPS="false",
        PYTHONPATH="/nowhere",
    )
    assert done.returncode == 0, done.stderr
    assert version(tmp_path) == "1.0"


def test_pip_settings_that_cannot_be_read_are_named(make, tmp_path) -> None:
    (tmp_path / "pip.conf").write_text("not a setting\n")
    output = one_line(make(PIP_CONFIG_FILE=str(tmp_path / "pip.conf")))
    assert "pip's settings cannot be read" in output
    assert "PIP_CONFIG_FILE=/dev/null bin/serve" in output


def refuse(registry: Registry) -> dict[str, str]:
    return {"PIP_INDEX_URL": "http://somebody:secret-word@127.0.0.1:1/old"}


def fail_within(registry: Registry) -> dict[str, str]:
    registry.status = 503
    return {}


def forge(registry: Registry) -> dict[str, str]:
    wheel(registry.place, "1.0", "print('not what was locked')\n")
    return {}


def lose(registry: Registry) -> dict[str, str]:
    (registry.place / "harbor_tool-1.0-py3-none-any.whl").unlink()
    return {}


@pytest.mark.parametrize(
    ("trouble", "cause"),
    [
        (refuse, "cannot be reached"),
        (fail_within, "in trouble"),
        (forge, "wrong hash"),
        (lose, "does not have it"),
    ],
)
def test_a_registry_in_trouble_is_said_in_one_line_and_the_old_environment_stays(
    make, registry, tmp_path, trouble, cause
) -> None:
    tree = tmp_path / "a tree"
    assert make().returncode == 0
    (tree / "requirements.txt").write_text((tree / "requirements.txt").read_text() + "# newer\n")
    output = one_line(make(**trouble(registry)))
    assert cause in output
    assert "pip is set to the index http://127.0.0.1:" in output
    assert "PIP_CONFIG_FILE=/dev/null bin/serve" in output
    assert "secret-word" not in output
    assert version(tmp_path) == "1.0"
    registry.status = 200
    registry.locked = wheel(registry.place, "1.0")
    (tree / "requirements.txt").write_text(f"harbor-tool==1.0 --hash=sha256:{registry.locked}\n")
    assert make().returncode == 0


def test_too_little_room_is_said_before_anything_is_made(make, tmp_path) -> None:
    output = one_line(make("df() { printf 'h\\nd 9 9 12 9%% /\\n'; };"))
    assert "12 MB free, and Berth needs 1000 MB there" in output
    assert not list((tmp_path / "a place").iterdir())


def test_a_disk_that_fills_up_is_told_and_the_next_run_works(make, tmp_path) -> None:
    place = tmp_path / "a place"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], check=True)
    try:
        output = one_line(make("need_space() { :; };"))
    finally:
        subprocess.run(["umount", place], check=True)
    assert "the disk is full" in output
    assert make().returncode == 0
