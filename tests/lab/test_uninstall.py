"""bin/uninstall on a systemd host lists and removes everything of Berth; containers stay."""

from tests.lab.host import Host
from tests.lab.session import IMAGE, podman

UNINSTALL = "/root/berth/bin/uninstall"
PLACES = ("/etc", "/opt", "/run", "/usr", "/var", "/home")
KEPT = {"/etc/berth", "/var/lib/berth", "/home/carol/.local/state/berth"}


def found(host: Host) -> set[str]:
    """Return Berth's files and folders. A folder of that name counts with its content."""
    lab = ("-name", "*berth-lab*")  # from the lab itself
    words = ("-xdev", "-name", "*berth*", "-prune", "!", *lab, "-print")
    listed = host.run("find", *PLACES, *words, check=False).stdout
    return set(listed.split())


def units(host: Host) -> str:
    """Return Berth's units and processes."""
    listed = host.run("systemctl", "list-unit-files", "--no-legend", "*berth*", check=False)
    running = host.run("pgrep", "--full", "--list-full", "/opt/berth", check=False)
    return listed.stdout + running.stdout


def test_it_takes_berth_away_and_comes_back_with_the_data_until_they_go_too(
    other_host: Host,
) -> None:
    host = other_host
    podman(host, "carol", "run", "--detach", "--name", "stays", IMAGE)
    before = found(host)
    output = host.run(UNINSTALL, "--dry-run").stdout
    removed = "".join(line for line in output.splitlines(True) if "would remove" in line)
    for each in ("berth-web.service", "berth.target", "enrollment of carol", "/opt/berth"):
        assert each in removed
    assert "/var/lib/berth" not in removed
    assert found(host) == before
    assert "berth-web.service" in units(host)

    host.run(UNINSTALL)
    assert units(host) == ""
    assert found(host) == KEPT
    running = ("ps", "--format", "{{.Names}}")
    assert podman(host, "carol", *running).split() == ["stays"]

    host.run("/root/berth/bin/install")
    host.run("/root/berth/bin/enroll", "carol")
    shell = ("/root/berth/manage.py", "shell", "-v", "0", "-c")
    count = "from consoleapp.accounts.models import User; print(User.objects.count())"
    assert host.run(*shell, count).stdout.strip() == "1"

    host.run(UNINSTALL, "--data", "--yes")
    assert units(host) == ""
    assert found(host) == {"/home/carol/.local/state/berth"}
    assert host.run("getent", "passwd", "berth", check=False).stdout == ""
    assert podman(host, "carol", *running).split() == ["stays"]
