"""Processes that start with Redis are waited for. If one dies, one line says so."""

import itertools
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from launch import serve
from launch.errors import SetupError
from launch.supervisor import CALM, FIRST_PAUSE, LONGEST_PAUSE, Process, end


def process(name: str, place: Path, *argv: str) -> Process:
    """Start a process."""
    made = Process(name, list(argv), {"PATH": "/usr/bin:/bin"}, place / f"{name}.log", place)
    made.start()
    return made


@pytest.mark.parametrize("socket", ["none", "dead"])
def test_redis_that_dies_while_berth_starts_is_told_in_one_line(
    tmp_path: Path, socket: str
) -> None:
    if socket == "dead":
        redis = shutil.which("redis-server") or "redis-server"
        words = ("--port", "0", "--unixsocket", str(tmp_path / "redis.sock"), "--save", "")
        first = process("redis", tmp_path, redis, *words)
        while not (tmp_path / "redis.sock").exists():
            assert first.popen
            assert first.popen.poll() is None
        assert first.popen
        first.popen.kill()
        first.popen.wait()
    else:
        first = process("redis", tmp_path, sys.executable, "-c", "raise SystemExit('no memory')")
        assert first.popen
        first.popen.wait()
    sleeping = [process(name, tmp_path, "sleep", "600") for name in ("worker", "observer", "web")]
    given: Any = SimpleNamespace(data=tmp_path, bind="127.0.0.1", port=1)
    try:
        with pytest.raises(SetupError) as refused:
            serve._wait_for_all(given, [first, *sleeping], [])
    finally:
        end(sleeping)
    assert "redis has ended" in str(refused.value)
    assert "redis.log" in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_what_ran_for_a_while_is_started_again_at_once_and_what_fails_at_once_is_not(
    tmp_path: Path,
) -> None:
    made = Process("worker", [], {}, tmp_path / "log", tmp_path)
    starts = [made.started]
    for _ in range(20):  # it ends as soon as it is started
        made.plan_restart(made.started)
        made.started = made.due
        starts.append(made.due)
    pauses = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert pauses[0] == pytest.approx(FIRST_PAUSE)
    assert pauses[-1] == pytest.approx(LONGEST_PAUSE)
    made.plan_restart(made.started + LONGEST_PAUSE)
    assert made.due == pytest.approx(made.started + LONGEST_PAUSE + FIRST_PAUSE)
    assert made.pause == LONGEST_PAUSE
    made.plan_restart(made.started + CALM + 1)
    assert made.pause == 2 * FIRST_PAUSE
