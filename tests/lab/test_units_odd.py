"""On a real systemd: template units, odd files, and broken ones, beside units that keep working."""

import pytest

from tests.lab.host import Host
from tests.lab.session import IMAGE, api, as_account, ask, done, operate, podman, unit

pytestmark = pytest.mark.usefixtures("dave_is_tidied")
SERVICES = "/home/dave/.config/systemd/user"
QUADLETS = "/home/dave/.config/containers/systemd"
_TEMPLATE = f"""[Service]
ExecStart=/usr/bin/podman run --rm --name worker-%i --cgroups=no-conmon {IMAGE}
ExecStop=/usr/bin/podman rm --force --time 0 worker-%i
[Install]
WantedBy=default.target
DefaultInstance=main
"""
_POD = "[Pod]\nPodName=qpod\n"
_OF_POD = (
    f"[Container]\nImage={IMAGE}\nPod=qpod.pod\nStopTimeout=0\n[Install]\nWantedBy=default.target\n"
)
_ALONE = f"[Container]\nImage={IMAGE}\nContainerName=d1\nStopTimeout=0\n"


def shell(host: Host, script: str) -> str:
    return as_account(host, "dave", "sh", "-ec", script)


def put(host: Host, path: str, text: str) -> None:
    folder = path.rpartition("/")[0]
    as_account(host, "dave", "sh", "-ec", 'mkdir -p "$1"; printf %s "$3" > "$2"', "sh", folder,
               path, text)  # fmt: skip


def test_templates_and_odd_files_are_rows_and_ordinary_containers_go_on(host: Host) -> None:
    podman(host, "dave", "run", "-d", "--stop-signal", "KILL", "--name", "plain", IMAGE)
    put(host, f"{SERVICES}/worker@.service", _TEMPLATE)
    put(host, f"{SERVICES}/foo\\x2dbar.service", _TEMPLATE.replace("%i", "x"))
    put(host, f"{SERVICES}/a b.service", _TEMPLATE)
    put(host, f"{SERVICES}/locked.service", _TEMPLATE)
    odd = f"cd {SERVICES}; chmod 0 locked.service; ln -s /nowhere dangling.service; "
    odd += "mkdir folder.service; mkfifo pipe.service; systemctl --user daemon-reload; "
    odd += "systemctl --user enable worker@7.service; systemctl --user start worker@1.service"
    try:
        shell(host, odd)
        rows = {row["unit"]: row for row in ask(host, "dave", "units")}
        assert rows["worker@.service"]["template"]
        assert rows["worker@1.service"]["active"] == "active"
        assert rows["worker@1.service"]["file"] == "systemd/user/worker@.service"
        assert rows["worker@7.service"]["starts_at_boot"]
        assert not rows["worker@main.service"]["starts_at_boot"]
        assert rows["foo\\x2dbar.service"]["load"] == "loaded"
        for name in ("a b", "locked", "dangling", "folder", "pipe"):
            assert rows[f"{name}.service"]["problem"], name
        (status,) = ask(host, "dave", "unit.status", unit="worker@1.service")
        assert status["main_pid"]
        (template,) = ask(host, "dave", "unit.status", unit="worker@.service")
        assert template["row"]["load"] == "template"
        assert api(host, "GET", "/accounts/dave/units")["unavailable"] == ""
        done(host, "dave", "container.restart", container="plain")
        done(host, "dave", "container.stop", container="plain")
        done(host, "dave", "container.remove", container="plain")
        done(host, "dave", "unit.stop", unit="worker@1.service")
        refused = operate(host, "dave", "unit.start", unit="worker@.service")
        assert "template" in refused["error"]["message"]
        done(host, "dave", "unit.delete", file="systemd/user/worker@.service")
        rows = {row["unit"]: row for row in ask(host, "dave", "units")}
        assert not any(name.startswith("worker@") for name in rows)
    finally:
        shell(host, f"rm -rf {SERVICES}; systemctl --user daemon-reload")


def test_a_pod_starts_at_boot_by_its_container_and_drop_ins_are_seen(host: Host) -> None:
    put(host, f"{QUADLETS}/qpod.pod", _POD)
    put(host, f"{QUADLETS}/k1.container", _OF_POD)
    put(host, f"{QUADLETS}/d1.container", _ALONE)
    put(host, f"{QUADLETS}/job@.container", _ALONE.replace("d1", "job-%i"))
    try:
        link = f"cd {QUADLETS}; ln -s job@.container job@a.container; "
        shell(host, link + "systemctl --user daemon-reload")
        for name in ("k1.service", "qpod-pod.service"):
            row = unit(host, "dave", name)
            assert row
            assert row["starts_at_boot"], row
        alone = unit(host, "dave", "d1.service")
        assert alone
        assert (alone["starts_at_boot"], alone["needs_reload"]) == (False, False)
        put(host, f"{QUADLETS}/d1.container.d/10.conf", "[Install]\nWantedBy=default.target\n")
        alone = unit(host, "dave", "d1.service")
        assert alone
        assert alone["needs_reload"]
        done(host, "dave", "unit.daemon-reload")
        alone = unit(host, "dave", "d1.service")
        assert alone
        assert (alone["starts_at_boot"], alone["needs_reload"]) == (True, False)
        drop_in = "containers/systemd/d1.container.d/10.conf"
        (found,) = ask(host, "dave", "unit.file", file="containers/systemd/d1.container")
        assert [each["file"] for each in found["drop_ins"]] == [drop_in]
        (status,) = ask(host, "dave", "unit.status", unit="d1.service")
        assert f"/home/dave/.config/{drop_in}" in status["drop_ins"]
        rows = {row["unit"]: row for row in ask(host, "dave", "units")}
        assert rows["job@.service"]["template"]
        assert rows["job@a.service"]["file"] == "containers/systemd/job@.container"
    finally:
        shell(host, f"rm -rf {QUADLETS}; systemctl --user daemon-reload")
