"""The engine's own tests, inside of a Debian 13 host: Podman 5, cgroup v2, journald, pasta."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.host import Host

TREE = Path(__file__).resolve().parents[2]
CODE = "/opt/berth-test/code"
SET_UP = f"""
cd {CODE} && . bin/lib/say.sh && . bin/lib/packages.sh && . bin/lib/python.sh
DEBIAN_TEST=(docker-registry apache2-utils openssl)
install_packages run && install_packages test
make_venv /opt/berth-test/venv requirements.txt requirements-dev.txt
# A container that says much must not silence the next one, nor Podman's own events.
mkdir -p /etc/systemd/journald.conf.d
printf '[Journal]\\nRateLimitIntervalSec=0\\n' > /etc/systemd/journald.conf.d/lab.conf
systemctl restart systemd-journald
"""
TESTS = f"""
cd {CODE} && BERTH_TESTING=1 PYTHONDONTWRITEBYTECODE=1 \
exec /opt/berth-test/venv/bin/python -m pytest -q -p no:cacheprovider tests/engine
"""


@pytest.fixture
def host() -> Iterator[Host]:
    """A Debian 13 host with this code and what its tests need."""
    place = Path("/var/tmp/berth-lab-engine")
    shutil.rmtree(place, ignore_errors=True)
    made = Host("trixie", place)
    made.boot()
    try:
        code = made.root / CODE.lstrip("/")
        code.mkdir(parents=True)
        packed = place / "berth.tar"
        excluded = [f"--exclude={name}" for name in ("__pycache__", ".git", "node_modules")]
        subprocess.run(["tar", "-C", str(TREE), *excluded, "-cf", str(packed), "."], check=True)
        subprocess.run(["tar", "-C", str(code), "-xf", str(packed)], check=True)
        subprocess.run(["chmod", "-R", "go+rX", str(code)], check=True)
        made.run("bash", "-euc", SET_UP)
        yield made
    finally:
        made.off()
        shutil.rmtree(place, ignore_errors=True)


def test_the_engines_tests_pass_on_podman_5(host: Host) -> None:
    done = host.run("bash", "-euc", TESTS, check=False)
    assert done.returncode == 0, done.stdout[-8000:]
