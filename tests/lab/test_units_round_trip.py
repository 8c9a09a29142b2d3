"""More than forty containers as Quadlets: each Quadlet creates an equal container."""

import json
from pathlib import Path

import pytest

from tests.lab.host import Host
from tests.lab.session import as_account

IMAGE = "localhost/berth-demo:latest"
SLEEP = ["sleep", "1000"]
# Words after `podman create --name NAME`. `--stop-signal KILL` avoids the wait at the end.
TABLE: dict[str, list[str]] = {
    "plain": [IMAGE],
    "command": [IMAGE, *SLEEP],
    "command-spaces": [IMAGE, "sh", "-c", "echo 'a  b' \"c\"; sleep 1000"],
    "command-dollar": [IMAGE, "sh", "-c", 'X=1; echo "$X" $$ ${X:-y}; sleep 1000'],
    "command-percent": [IMAGE, "sh", "-c", "echo 100% %n %%h $(date +%s); sleep 1000"],
    "command-newline": [IMAGE, "sh", "-c", "echo one\necho two\tthree\nsleep 1000"],
    "command-backslash": [IMAGE, "sh", "-c", "printf 'a\\nb\\\\c'; sleep 1000"],
    "command-unicode": [IMAGE, "sh", "-c", "echo grüße 世界 🚢; sleep 1000"],
    "command-empty-word": [IMAGE, "sh", "-c", "sleep 1000", ""],
    "command-semicolon": [IMAGE, "sh", "-c", "sleep 1000", ";", "-x", "@y", "#z"],
    "entrypoint": ["--entrypoint", "sleep", IMAGE, "1000"],
    "entrypoint-list": ["--entrypoint", '["sh", "-c"]', IMAGE, "sleep 1000"],
    "entrypoint-none": ["--entrypoint", "", IMAGE, *SLEEP],
    "env": ["-e", "A=1", "--env", "B=two words", IMAGE],
    "env-hostile": ["-e", "A=%h$HOME\"'\\", "-e", "B=line\nline", "-e", "C=", IMAGE],
    "env-joined": ["--env=A=b=c", "-eD=e", IMAGE],
    "label": ["--label", "team=web", "-l", "note=it's 100% \"fine\"", IMAGE],
    "label-newline": ["--label", "text=a\nb", IMAGE],
    "annotation": ["--annotation", "org.example/a=b c", IMAGE],
    "port": ["-p", "8181:8080", IMAGE],
    "port-local": ["-p", "127.0.0.1:8182:8080/tcp", "-p", "8182:8080/udp", IMAGE],
    "port-range": ["--publish=8183-8185:9000-9002", IMAGE],
    "volume-named": ["-v", "data:/data", IMAGE],
    "volume-read-only": ["-v", "data:/data:ro", "--volume", "/usr/share:/share:ro", IMAGE],
    "volume-anonymous": ["-v", "/scratch", IMAGE],
    "volume-odd-name": ["-v", "/var/tmp/with space:/odd", IMAGE],
    "volume-like-quadlet": ["-v", "data.volume:/data", IMAGE],
    "mount": ["--mount", "type=bind,source=/usr/share,destination=/share,ro=true", IMAGE],
    "tmpfs": ["--tmpfs", "/cache:rw,size=1m,mode=1777", IMAGE],
    "user": ["--user", "1000:1000", IMAGE, *SLEEP],
    "workdir": ["-w", "/www", IMAGE],
    "hostname": ["-h", "box.example", IMAGE],
    "read-only": ["--read-only", IMAGE, *SLEEP],
    "read-only-no-tmpfs": ["--read-only", "--read-only-tmpfs=false", IMAGE, *SLEEP],
    "init": ["--init", IMAGE],
    "tty": ["-t", IMAGE],
    "interactive-tty": ["-it", IMAGE, "sh"],
    "capabilities": ["--cap-drop", "ALL", "--cap-add", "NET_BIND_SERVICE", IMAGE],
    "no-new-privileges": ["--security-opt", "no-new-privileges", IMAGE],
    "security-options": ["--security-opt", "mask=/proc/kcore", IMAGE],
    "network-none": ["--network", "none", IMAGE],
    "network-host": ["--network=host", IMAGE, *SLEEP],
    "dns": ["--dns", "192.0.2.1", "--dns-search", "example.test", "--dns-option", "ndots:2", IMAGE],
    "add-host": ["--add-host", "db:192.0.2.7", IMAGE],
    "health": ["--health-cmd", "wget -q -O- localhost:8080 || exit 1", "--health-interval", "1h",
               "--health-retries", "5", IMAGE],
    "health-none": ["--no-healthcheck", IMAGE],
    "stop": ["--stop-signal", "SIGINT", "--stop-timeout", "3", IMAGE],
    "ulimit": ["--ulimit", "nofile=512:1024", IMAGE],
    "shm": ["--shm-size", "8m", IMAGE],
    "userns": ["--userns", "keep-id", IMAGE, *SLEEP],
    "ipc-host": ["--ipc", "host", "--uts", "host", IMAGE],
    "group-add": ["--group-add", "100", IMAGE],
    "device": ["--device", "/dev/null:/dev/nothing", IMAGE],
    "log-none": ["--log-driver", "none", IMAGE],
    "timezone": ["--tz", "Etc/UTC", "--umask", "0027", IMAGE],
    "sysctl": ["--sysctl", "net.ipv4.ip_default_ttl=70", IMAGE],
    "restart": ["--restart", "always", IMAGE],
    "auto-remove": ["--rm", "--replace", IMAGE],
    "pull-never": ["--pull", "never", "--", IMAGE],
    "pull-joined": ["--pull=missing", "--quiet", IMAGE, *SLEEP],
}  # fmt: skip


@pytest.fixture(scope="module")
def differences(host: Host) -> dict[str, dict[str, object]]:
    """Return the differences by container. All are created at once, which is much faster."""
    (host.root / "var/tmp/with space").mkdir(mode=0o755, exist_ok=True)
    script = Path(__file__).with_name("round_trip.py")
    (host.root / "var/tmp/round_trip.py").write_text(script.read_text())
    (host.root / "var/tmp/table.json").write_text(json.dumps(TABLE))
    python = "/opt/berth/venv/bin/python"
    output = as_account(
        host,
        "carol",
        *("env", "PYTHONPATH=/opt/berth/code", "PYTHONDONTWRITEBYTECODE=1"),
        *(python, "/var/tmp/round_trip.py", "/var/tmp/table.json"),
    )
    return json.loads(output)


@pytest.mark.parametrize("name", TABLE)
def test_a_container_made_by_its_quadlet_is_the_same(
    differences: dict[str, dict[str, object]], name: str
) -> None:
    assert differences[name] == {}
