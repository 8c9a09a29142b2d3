"""Lab hosts, made once for all tests of the session."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from launch.demo import archive
from tests.lab.host import Host
from tests.lab.session import IMAGE, OLDER_PORT, PORT, ask, operate, podman
from tests.machine import own

TREE = Path(__file__).resolve().parents[2]
ACCOUNTS = ("alice", "bob", "carol", "dave")


@pytest.fixture(scope="session")
def host() -> Iterator[Host]:
    """A Debian 13 host with Berth installed; alice and bob, carol and dave take part."""
    yield from _made("trixie", ACCOUNTS, PORT)


@pytest.fixture(scope="session")
def older_host() -> Iterator[Host]:
    """A Debian 12 host (Podman 4.3, no Quadlets) with Berth installed; carol takes part."""
    for made in _made("bookworm", ("carol",), OLDER_PORT):
        # Podman 4.3 believes that it is in a cgroup of its own only if it owns every hierarchy's;
        # the lab's machine may have several, and their roots are all that is seen in there.
        made.run("chown", "carol", "/sys/fs/cgroup")
        yield made


@pytest.fixture
def dave_is_tidied(host: Host) -> Iterator[None]:
    """What a test made of units, containers and volumes as dave is gone after it."""
    yield
    for row in ask(host, "dave", "units"):
        if row["file"]:
            operate(host, "dave", "unit.delete", file=row["file"])
    podman(host, "dave", "rm", "--all", "--force", "--time", "0")
    podman(host, "dave", "volume", "prune", "--force")


def _made(release: str, accounts: tuple[str, ...], port: int) -> Iterator[Host]:
    place = Path("/var/tmp") / own(f"lab-{release}")
    shutil.rmtree(place, ignore_errors=True)
    made = Host(release, place)
    made.boot()
    try:
        tar = ["tar", "-C", str(TREE), "--exclude=__pycache__", "-cf", f"{place}/berth.tar", "."]
        subprocess.run(tar, check=True)
        inside = made.root / "root/berth"
        inside.mkdir()
        subprocess.run(["tar", "-C", str(inside), "-xf", f"{place}/berth.tar"], check=True)
        # The lab has no pids controller, which Podman limits by default.
        settings = made.root / "etc/containers/containers.conf.d/lab.conf"
        settings.parent.mkdir(parents=True)
        settings.write_text("[containers]\npids_limit=0\n")
        made.run("/root/berth/bin/install", "--port", str(port))
        image = made.root / "var/tmp/image.tar"
        image.write_bytes(archive())
        image.chmod(0o644)
        command = 'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]'
        for name in accounts:
            made.run("useradd", "--create-home", name)
            made.run("/root/berth/bin/enroll", name)
            podman(made, name, "import", "--change", command, "/var/tmp/image.tar", IMAGE)
        # Nothing in a lab waits for the network; Quadlets do, by way of this target.
        made.run("systemctl", "add-wants", "multi-user.target", "network-online.target")
        made.run("systemctl", "start", "network-online.target")
        yield made
    finally:
        made.off()
        shutil.rmtree(place, ignore_errors=True)
