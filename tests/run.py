"""Run the tests for bin/test: remove leftovers of a killed run, and repeat failed tests."""

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
"""More failures than this are not repeated: they are not unsteady tests."""


def main(words: list[str]) -> int:
    """Return the exit status of pytest, of the second run if there is one."""
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
    """Run all tests, then failed ones again. Return the exit status of the last run."""
    # One more than there are processors, since tests wait a lot.
    workers = [] if _chosen(words) else ["-n", str(len(os.sched_getaffinity(0)) + 1)]
    status = _pytest(*workers, "--durations=20", *words, cache=cache)
    file = cache / "v/cache/lastfailed"
    failed = json.loads(file.read_text()) if file.exists() else {}
    if status != 1 or not 0 < len(failed) <= MANY:
        return status
    print(f"berth: {len(failed)} failed; once more, one after the other", flush=True)
    return _pytest(*words, "-n", "0", "--last-failed", "--again", cache=cache)


def _chosen(words: list[str]) -> bool:
    """Return whether the caller sets the number of workers."""
    return any(word.startswith(("-n", "--numprocesses")) for word in words)


def _pytest(*words: str, cache: Path) -> int:
    command = [sys.executable, "-m", "pytest", "-o", f"cache_dir={cache}", *words]
    try:
        return subprocess.run(command, env=os.environ | {leftovers.MARK: "1"}).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
