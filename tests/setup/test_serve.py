"""bin/serve keeps Berth running without privileges, and ends all of it on request."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.fixtures.browser import TREE, podman
from tests.fixtures.setup import ACCOUNT, Berth
from tests.waiting import until

DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
CHILDREN = {
    "redis": "redis-server",
    "the worker": "celery",
    "the observer": "manage.py observe",
    "the web server": "gunicorn",
}


def answers(berth: Berth) -> bool:
    """Return whether anything listens on Berth's port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", berth.port)) == 0


def test_no_process_is_root_and_the_web_server_is_not_in_the_workers_group(berth: Berth) -> None:
    for pid, line in berth.processes().items():
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        uids = next(row for row in status if row.startswith("Uid:")).split()[1:]
        assert "0" not in uids, line
        if "gunicorn" in line:
            gids = next(row for row in status if row.startswith("Gid:")).split()[1:]
            groups = next(row for row in status if row.startswith("Groups:")).split()[1:]
            engine = Path(f"/run/berth/{podman_uid()}/engine.sock").stat()
            assert str(engine.st_gid) not in gids + groups, line


def podman_uid() -> int:
    """Return the account's uid."""
    return Path(f"/home/{ACCOUNT}").stat().st_uid


def test_web_workers_share_the_memory_of_what_their_master_loaded(berth: Berth) -> None:
    def workers() -> list[int]:
        _, *forked = [p for p, line in berth.processes().items() if "gunicorn" in line]
        return forked if len(forked) == 2 else []

    for worker in until(workers, "both workers"):
        rows = Path(f"/proc/{worker}/smaps_rollup").read_text().splitlines()[1:]
        sizes = {name: int(size.split()[0]) for name, _, size in (r.partition(":") for r in rows)}
        assert sizes["Shared_Dirty"] > sizes["Private_Dirty"], sizes


@pytest.mark.parametrize("module", ["consoleapp.worker.tasks", "consoleapp.observer.observer"])
def test_pages_and_the_api_are_loaded_by_the_web_alone(module: str) -> None:
    code = f"import django, sys; django.setup(); import {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "consoleapp.settings"},
        cwd=TREE,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert module in loaded
    assert not loaded & {"ninja", "consoleapp.urls", "consoleapp.api.v1", "uvicorn"}


def test_its_data_are_for_nobody_else(berth: Berth) -> None:
    assert berth.data.stat().st_mode & 0o777 == 0o700
    assert (berth.data / "secret-key").stat().st_mode & 0o777 == 0o600
    assert berth.data.stat().st_uid != 0


@pytest.mark.parametrize("words", CHILDREN.values(), ids=CHILDREN.keys())
def test_what_is_killed_is_started_again_and_launches_go_on(berth: Berth, words: str) -> None:
    token, before = berth.token(), [p for p, line in berth.processes().items() if words in line]
    os.kill(berth.pid_of(words), signal.SIGKILL)
    until(lambda: not [p for p in before if Path(f"/proc/{p}").exists()], "no orphans")
    until(lambda: any(words in line for line in berth.processes().values()), "a new one")
    until(lambda: answers(berth), "the web server")
    ended = berth.launch(token, f"after-{words.split()[0].replace('.', '-')}")
    assert ended["state"] == "succeeded", ended


def test_a_killed_engine_is_started_again_by_the_next_launch(berth: Berth) -> None:
    os.kill(engine_of_account(), signal.SIGKILL)
    ended = berth.launch(berth.token(), "after-engine")
    assert ended["state"] == "succeeded", ended


def engine_of_account() -> int:
    """Return the pid of the account's engine."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if (place / "cmdline").read_bytes().endswith(b"\0-m\0engine\0") and (
                place.stat().st_uid == podman_uid()
            ):
                return int(place.name)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
    raise AssertionError("the account has no engine")


def test_browsers_keep_styles_and_scripts_whose_names_have_a_hash(berth: Berth) -> None:
    address = f"http://127.0.0.1:{berth.port}"
    found = []
    for page in ("/user/login/", "/api/v1/docs"):
        with DIRECTLY.open(address + page) as answer:
            found += re.findall(r'(?:href|src)="(/static/[^"]+)"', answer.read().decode())
    assert any("swagger-ui-bundle" in path for path in found)
    names = json.loads((berth.data / "static/staticfiles.json").read_text())["paths"]
    terminal = f"/static/{names['js/terminal.js']}"
    with DIRECTLY.open(address + terminal) as answer:
        imported = re.findall(r'from "([^"]+)"', answer.read().decode())
    assert len(imported) == 3
    found += [urljoin(terminal, each) for each in imported]
    for path in found:
        assert re.search(r"\.[0-9a-f]{12}\.\w+$", path), path
        with DIRECTLY.open(address + path) as answer:
            assert "immutable" in answer.headers["Cache-Control"], path


def test_ctrl_c_ends_all_but_the_containers_and_the_next_start_sets_nothing_up_again(
    berth: Berth,
) -> None:
    ended = berth.launch(berth.token(), "stays")
    assert ended["state"] == "succeeded", ended
    ours = berth.processes()
    assert berth.end(signal.SIGINT) == 0
    until(lambda: not [p for p in ours if Path(f"/proc/{p}").exists()], "all of them ended")
    assert "stays" in podman(ACCOUNT, "ps", "--format", "{{.Names}}").stdout
    collected = (berth.data / "static.stamp").stat().st_mtime_ns
    # Loopback is not reached through this machine's proxy.
    nowhere = "http://127.0.0.1:1"
    berth.start(http_proxy=nowhere, https_proxy=nowhere, all_proxy=nowhere, no_proxy="")
    assert (berth.data / "static.stamp").stat().st_mtime_ns == collected
    message = berth.output.read_text()
    assert not [
        word for word in ("installing", "making", "fetching", "password") if word in message
    ]


def test_a_killed_supervisor_leaves_nothing_in_the_way_of_the_next(berth: Berth) -> None:
    ours = berth.processes()
    berth.end(signal.SIGKILL)
    until(lambda: not [p for p in ours if Path(f"/proc/{p}").exists()], "all of them ended")
    berth.start()
    ended = berth.launch(berth.token(), "after-supervisor")
    assert ended["state"] == "succeeded", ended
