"""How bin/test runs the tests: what a killed run left goes first; what fails runs once more."""

import fcntl
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import leftovers
from tests.machine import TURNS

MANY = 60
"""More failures than these are not repeated: they are no accident."""


def main(words: list[str]) -> int:
    """The exit status of pytest, of the second run where there is one."""
    TURNS.mkdir(parents=True, exist_ok=True)
    with (TURNS / "berth-test").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(
                "berth: Another bin/test runs on this machine. Wait for its end.", file=sys.stderr
            )
            return 1
        leftovers.remove()
        with tempfile.TemporaryDirectory(prefix="berth-test-") as cache:
            return run(words, Path(cache))


def run(words: list[str], cache: Path) -> int:
    """All tests, and once more those that failed. Out: the exit status of the last run."""
    # One more than there are processors: tests wait a lot.
    workers = [] if _chosen(words) else ["-n", str(len(os.sched_getaffinity(0)) + 1)]
    status = _pytest(*workers, "--durations=20", *words, cache=cache)
    file = cache / "v/cache/lastfailed"
    failed = json.loads(file.read_text()) if file.exists() else {}
    if status != 1 or not 0 < len(failed) <= MANY:
        return status
    print(f"berth: {len(failed)} failed; once more, one after the other", flush=True)
    return _pytest(*words, "-n", "0", "--last-failed", "--again", cache=cache)


def _chosen(words: list[str]) -> bool:
    """Whether the caller says how many workers."""
    return any(word.startswith(("-n", "--numprocesses")) for word in words)


def _pytest(*words: str, cache: Path) -> int:
    command = [sys.executable, "-m", "pytest", "-o", f"cache_dir={cache}", *words]
    try:
        return subprocess.run(command, env=os.environ | {leftovers.MARK: "1"}).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
