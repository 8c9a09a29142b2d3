"""Processes that start with Redis are waited for. If one dies, one line says so."""

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from launch import serve
from launch.errors import Refusal
from launch.supervisor import Process, end


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
        with pytest.raises(Refusal) as refused:
            serve._wait_for_all(given, [first, *sleeping], [])
    finally:
        end(sleeping)
    assert "redis has ended" in str(refused.value)
    assert "redis.log" in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
