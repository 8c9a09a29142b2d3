"""Production: a systemd host, bin/install, bin/enroll, and no process in between as root."""

import pytest

from tests.lab.host import Host
from tests.lab.session import IMAGE, PORT, api, done, engine_version, podman
from tests.waiting import until

ANSWERS = f"""
import time, urllib.request
while True:
    try:
        urllib.request.urlopen("http://127.0.0.1:{PORT}/healthz")
        break
    except OSError:
        time.sleep(0.3)
"""
CONNECT = "import socket; socket.socket(socket.AF_UNIX).connect('/run/berth/{uid}/engine.sock')"


def test_a_container_is_launched_as_the_account_and_runs_in_its_own_session(host: Host) -> None:
    values = {"kind": "container.run", "parameters": {"image": IMAGE, "name": "web"}}
    operation = api(host, "POST", "/accounts/alice/operations", values)
    while not (ended := api(host, "GET", f"/operations/{operation['id']}?wait=30"))["ended_at"]:
        pass
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
    output = host.run("/root/berth/bin/enroll", "alice", "--check").stdout
    assert "missing" not in output


def test_an_account_that_leaves_keeps_its_containers_and_can_come_back(host: Host) -> None:
    podman(host, "alice", "import", "/var/tmp/image.tar", "localhost/kept:1")
    host.run("/root/berth/bin/enroll", "alice", "--remove")
    accounts = api(host, "GET", "/accounts")["accounts"]
    assert "alice" not in [account["key"] for account in accounts]
    assert "localhost/kept" in podman(host, "alice", "images")
    host.run("/root/berth/bin/enroll", "alice")
    accounts = api(host, "GET", "/accounts")["accounts"]
    assert "alice" in [account["key"] for account in accounts]


def test_after_a_power_cut_everything_is_there_again(host: Host) -> None:
    host.off()
    host.boot()
    host.run("python3", "-c", ANSWERS)
    assert "missing" not in host.run("/root/berth/bin/enroll", "bob", "--check").stdout


def test_an_upgrade_keeps_settings_and_lets_a_running_operation_end_in_the_old_engine(
    host: Host,
) -> None:
    settings = host.root / "etc/berth/berth.env"
    with settings.open("a") as file:
        file.write("BERTH_UPLOAD_LIMIT=5G\n")
    before, old = settings.read_text(), engine_version(host, "alice")
    # A container's first process ignores signals without a handler.
    done(host, "alice", "container.run", image=IMAGE, name="stays", command_line=["sleep", "3600"])
    values = {"kind": "container.stop", "parameters": {"container": "stays", "timeout": 3600}}
    stopping = api(host, "POST", "/accounts/alice/operations", values)["id"]

    def state() -> str:
        return str(api(host, "GET", f"/operations/{stopping}")["state"])

    until(lambda: state() == "running", "it is being stopped")
    with (host.root / "root/berth/engine/__init__.py").open("a") as file:
        file.write("# newer\n")
    host.run("/root/berth/bin/install")
    assert settings.read_text() == before
    limit = "from django.conf import settings; print(settings.BERTH_UPLOAD_LIMIT)"
    assert str(5 << 30) in host.run("/root/berth/manage.py", "shell", "-c", limit).stdout
    # Only the first bin/install got the port.
    assert state() == "running"
    assert engine_version(host, "alice") == old
    podman(host, "alice", "kill", "stays")
    until(lambda: state() == "succeeded", "it has ended")
    now = "from engine.schema.version import version; print(version())"
    new = host.run("/root/berth/manage.py", "shell", "-v", "0", "-c", now).stdout.strip()
    assert new != old
    until(lambda: engine_version(host, "alice") == new, "the engine runs the new code")
    podman(host, "alice", "rm", "stays")
