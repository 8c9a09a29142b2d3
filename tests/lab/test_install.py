"""Production: a systemd host, bin/install, bin/enroll, and nothing in between that is root."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from launch.demo import archive
from tests.browser.conftest import free_port
from tests.lab.host import Host

TREE = Path(__file__).resolve().parents[2]
PORT = free_port()
IMAGE = "localhost/berth-demo:latest"
API = f"http://127.0.0.1:{PORT}/api/v1"
CALL = """
import sys, urllib.request
url, method, token, body = sys.argv[1:]
headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
asked = urllib.request.Request(url, method=method, data=body.encode() or None, headers=headers)
print(urllib.request.urlopen(asked).read().decode())
"""
ANSWERS = f"""
import time, urllib.request
for _ in range(100):
    try:
        urllib.request.urlopen("http://127.0.0.1:{PORT}/healthz")
        break
    except OSError:
        time.sleep(0.3)
"""
CONNECT = "import socket; socket.socket(socket.AF_UNIX).connect('/run/berth/{uid}/engine.sock')"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """A Debian 13 host with Berth installed, and alice and bob enrolled."""
    place = Path("/var/tmp/berth-lab-host")
    shutil.rmtree(place, ignore_errors=True)
    made = Host("trixie", place)
    made.boot()
    try:
        subprocess.run(
            ["tar", "-C", str(TREE), "--exclude=__pycache__", "-cf", f"{place}/berth.tar", "."],
            check=True,
        )
        (made.root / "root/berth").mkdir()
        subprocess.run(
            ["tar", "-C", str(made.root / "root/berth"), "-xf", f"{place}/berth.tar"], check=True
        )
        made.run("/root/berth/bin/install", "--port", str(PORT))
        for name in ("alice", "bob"):
            made.run("useradd", "--create-home", name)
            made.run("/root/berth/bin/enroll", name)
        (made.root / "root/image.tar").write_bytes(archive())
        made.run("install", "-m", "0644", "/root/image.tar", "/var/tmp/image.tar")
        command = 'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]'
        podman(made, "alice", "import", "--change", command, "/var/tmp/image.tar", IMAGE)
        yield made
    finally:
        made.off()
        shutil.rmtree(place, ignore_errors=True)


def podman(host: Host, account: str, *words: str) -> str:
    """Podman as the account, in its session."""
    uid = host.run("id", "-u", account).stdout.strip()
    done = host.run(
        *("runuser", "-u", account, "--", "env", "-C", "/", f"XDG_RUNTIME_DIR=/run/user/{uid}"),
        *(f"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/{uid}/bus", "podman", *words),
    )
    return done.stdout


def api(host: Host, method: str, path: str, body: object = None) -> dict:
    """A call to the API with an administrator's token."""
    token = host.run("/root/berth/manage.py", "api_token", "admin", "--scope", "operate").stdout
    given = json.dumps(body) if body is not None else ""
    done = host.run("python3", "-c", CALL, f"{API}{path}", method, token.strip(), given)
    return json.loads(done.stdout)


def test_a_container_is_launched_as_the_account_and_runs_in_its_own_session(host: Host) -> None:
    asked = {"kind": "container.run", "parameters": {"image": IMAGE, "name": "web"}}
    operation = api(host, "POST", "/accounts/alice/operations", asked)
    ended = api(host, "GET", f"/operations/{operation['id']}?wait=30")
    assert ended["state"] == "succeeded", ended["error"]
    assert "web" in podman(host, "alice", "ps", "--format", "{{.Names}}")
    listed = api(host, "GET", "/accounts/alice/containers")["containers"]
    assert [row["name"] for row in listed] == ["web"]
    assert api(host, "GET", "/accounts/bob/containers")["containers"] == []


def test_no_process_of_berth_is_root(host: Host) -> None:
    listed = host.run("ps", "-eo", "user,args").stdout.splitlines()
    ours = [line for line in listed if "/opt/berth" in line or "redis-server" in line]
    assert len(ours) >= 5
    assert not [line for line in ours if line.startswith("root")]


@pytest.mark.parametrize(
    ("user", "group"), [("berth", "berth-web"), ("bob", "bob")], ids=["the web tier", "another"]
)
def test_only_the_worker_reaches_an_engine(host: Host, user: str, group: str) -> None:
    uid = host.run("id", "-u", "alice").stdout.strip()
    refused = host.run(
        *("setpriv", "--reuid", user, "--regid", group, "--clear-groups"),
        *("python3", "-c", CONNECT.format(uid=uid)),
        check=False,
    )
    assert "Permission denied" in refused.stderr


def test_checking_an_enrolled_account_finds_nothing_missing(host: Host) -> None:
    said = host.run("/root/berth/bin/enroll", "alice", "--check").stdout
    assert "missing" not in said


def test_an_account_that_leaves_keeps_its_containers_and_can_come_back(host: Host) -> None:
    podman(host, "alice", "import", "/var/tmp/image.tar", "localhost/kept:1")
    host.run("/root/berth/bin/enroll", "alice", "--remove")
    accounts = api(host, "GET", "/accounts")["accounts"]
    assert [account["key"] for account in accounts] == ["bob"]
    assert "localhost/kept" in podman(host, "alice", "images")
    host.run("/root/berth/bin/enroll", "alice")
    assert len(api(host, "GET", "/accounts")["accounts"]) == 2


def test_after_a_power_cut_everything_is_there_again(host: Host) -> None:
    host.off()
    host.boot()
    host.run("python3", "-c", ANSWERS)
    assert "missing" not in host.run("/root/berth/bin/enroll", "bob", "--check").stdout
