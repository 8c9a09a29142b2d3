"""Units on a whole host: kept running, edited, converted, and restored after a power cut."""

import pytest

from tests.lab.host import Host
from tests.lab.session import IMAGE, as_account, ask, done, operate, podman, unit

FILE = "containers/systemd/{}.container"
pytestmark = pytest.mark.usefixtures("dave_is_tidied")
TEXT = f"[Container]\nImage={IMAGE}\nContainerName={{}}\nStopTimeout=0\n"


def launched(host: Host, name: str) -> None:
    podman(host, "dave", "run", "-d", "--stop-signal", "KILL", "--name", name, IMAGE)


def running(host: Host) -> list[str]:
    return podman(host, "dave", "ps", "--format", "{{.Names}}").split()


def test_a_container_is_kept_running_and_its_unit_acts_for_it(host: Host) -> None:
    launched(host, "web")
    kept = done(host, "dave", "container.autostart", container="web")
    assert (kept["unit"], kept["style"]) == ("web.service", "quadlet")
    row = unit(host, "dave", "web.service")
    assert row
    assert (row["active"], row["containers"], row["starts_at_boot"]) == ("active", ["web"], True)
    assert row["image"] == IMAGE
    stopped = done(host, "dave", "container.stop", container="web")
    assert "web.service was stopped" in stopped["summary"]
    assert running(host) == []
    row = unit(host, "dave", "web.service")
    # It ended by SIGKILL, its stop signal, which was requested.
    assert row
    assert (row["active"], row["result"]) == ("inactive", "success")
    done(host, "dave", "unit.start", unit="web.service")
    assert running(host) == ["web"]


def test_a_container_whose_unit_does_not_come_up_is_put_back(host: Host) -> None:
    as_account(host, "dave", "mkdir", "-p", "/home/dave/gone")
    podman(host, "dave", "run", "-d", "--stop-signal", "KILL", "--name", "fragile",
           "-v", "/scratch", "-v", "/home/dave/gone:/data", IMAGE)  # fmt: skip
    as_account(host, "dave", "rmdir", "/home/dave/gone")
    ended = operate(host, "dave", "container.autostart", container="fragile")
    assert ended["state"] == "failed"
    assert "does not exist" in ended["error"]["message"], ended["error"]
    assert unit(host, "dave", "fragile.service") is None
    assert "fragile" in podman(host, "dave", "ps", "--all", "--format", "{{.Names}}").split()
    # Its anonymous volume still exists, and no copy of it.
    (volume,) = podman(host, "dave", "volume", "ls", "--quiet").split()
    assert len(volume) == 64


def test_a_file_is_created_edited_restored_and_deleted(host: Host) -> None:
    file, text = FILE.format("note"), TEXT.format("note")
    first = done(host, "dave", "unit.write", file=file, text=text)
    second = done(host, "dave", "unit.write", file=file, text=text + "# 2\n",
                  digest=first["digest"])  # fmt: skip
    stale = operate(host, "dave", "unit.write", file=file, text=text, digest=first["digest"])
    assert stale["error"]["code"] == "conflict"
    done(host, "dave", "unit.restore", file=file, version=second["version"],
         digest=second["digest"])  # fmt: skip
    (found,) = ask(host, "dave", "unit.file", file=file)
    assert found["text"] == text
    newest = [version["digest"] for version in found["versions"][:2]]
    assert newest == [second["digest"], first["digest"]]
    done(host, "dave", "unit.delete", file=file)
    assert unit(host, "dave", "note.service") is None


def test_a_text_with_errors_is_refused_with_its_line(host: Host) -> None:
    text = TEXT.format("bad") + "Sniff=1\n"
    refused = operate(host, "dave", "unit.write", file=FILE.format("bad"), text=text)
    assert refused["error"]["code"] == "invalid"
    assert "Sniff" in refused["error"]["message"]
    (checked,) = ask(host, "dave", "unit.validate", file=FILE.format("bad"), text=text)
    assert checked["problems"][0]["line"] == 5


def test_a_link_that_the_account_planted_is_never_followed(host: Host) -> None:
    as_account(host, "dave", "mkdir", "-p", "/home/dave/.config/containers/systemd")
    as_account(host, "dave", "ln", "-s", "/home/dave/secret",
               "/home/dave/.config/containers/systemd/trap.container")  # fmt: skip
    as_account(host, "dave", "ln", "-s", "/tmp", "/home/dave/.config/containers/systemd/out")
    try:
        for place in ("trap", "out/web"):
            refused = operate(
                host, "dave", "unit.write", file=FILE.format(place), text=TEXT.format("x")
            )
            assert refused["error"]["code"] == "conflict"
        outside = as_account(host, "dave", "sh", "-c", "ls /tmp/*.container ~/secret", check=False)
        assert outside == ""
    finally:  # dangling links break Podman's generator
        as_account(
            host, "dave", "sh", "-c", "cd ~/.config/containers/systemd && rm trap.container out"
        )


def test_a_unit_is_converted_there_and_back(host: Host) -> None:
    launched(host, "web")
    done(host, "dave", "container.autostart", container="web", style="generate-new")
    done(host, "dave", "unit.convert", unit="container-web.service", style="quadlet")
    assert unit(host, "dave", "container-web.service") is None
    done(host, "dave", "unit.convert", unit="web.service", style="generate-new")
    assert running(host) == ["web"]


def test_after_a_power_cut_kept_containers_run_and_without_lingering_none_do(host: Host) -> None:
    launched(host, "web")
    launched(host, "old")
    done(host, "dave", "container.autostart", container="web")
    done(host, "dave", "container.autostart", container="old", style="generate-classic")
    host.off()
    host.boot()
    host.run("sh", "-c", "for i in $(seq 60); do systemctl is-active berth-web && break; sleep 1; "
             "done")  # fmt: skip
    podman(host, "dave", "ps")
    for _ in range(30):
        row = unit(host, "dave", "web.service")
        if row and row["active"] == "active":
            break
        host.run("sleep", "1")
    assert row
    assert (row["active"], row["containers"]) == ("active", ["web"])
    classic = unit(host, "dave", "container-old.service")
    assert classic
    assert classic["warnings"]
    if classic["active"] != "active":
        assert classic["leftovers"] == ["old"]
    everything = podman(host, "dave", "ps", "--all", "--format", "{{.Names}}").split()
    assert sorted(everything) == ["old", "web"]
    output = host.run("/root/berth/bin/enroll", "dave", "--check").stdout
    assert "Lingering is on" in output
    host.run("loginctl", "disable-linger", "dave")
    host.off()
    host.boot()
    assert "conmon" not in host.run("ps", "-u", "dave", "-o", "comm", check=False).stdout
    host.run("loginctl", "enable-linger", "dave")
    host.run("systemctl", "start", f"user@{host.run('id', '-u', 'dave').stdout.strip()}.service")
