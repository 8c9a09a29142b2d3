"""The same tests on PostgreSQL: in another process, since Django's database is set once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audit.postgresql import cluster

HERE = Path(__file__).parent
TREE = HERE.parents[1]


@pytest.mark.skipif("BERTH_DATABASE_URL" in os.environ, reason="this is that other process")
def test_the_audit_log_holds_on_postgresql_too():
    stories = [str(HERE), str(TREE / "tests/web/audit"), str(TREE / "tests/api/test_lists.py")]
    with cluster() as url:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *stories],
            cwd=TREE,
            env=os.environ | {"BERTH_DATABASE_URL": url, "BERTH_TESTING": "1"},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stdout[-20_000:]
