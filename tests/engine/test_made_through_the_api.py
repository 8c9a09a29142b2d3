"""For a container created through Docker's API, the derived command line creates an equal one."""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.systemd import create_command
from engine.systemd.inspect_data import command_line
from launch.demo import IMAGE
from tests.engine.linux_account import EngineProcess, LinuxAccount
from tests.waiting import until

Create = Callable[..., dict[str, Any]]
# Values that belong to one container or moment.
_OWN = {
    "Id", "Created", "State", "ResolvConfPath", "HostnamePath", "HostsPath", "StaticDir",
    "OCIConfigPath", "ConmonPidFile", "PidFile", "GraphDriver", "Name", "ExecIDs",
    "NetworkSettings", "Mounts", "RestartCount", "Dependencies", "Config", "HostConfig",
}  # fmt: skip
_OWN_OF_CONFIG = {"CreateCommand", "Annotations", "Hostname"}
_OWN_OF_HOST = {"LogConfig", "ContainerIDFile", "CgroupMode"}


@pytest.fixture(scope="module")
def create(alice_linux: LinuxAccount, alice_process: EngineProcess) -> Iterator[Create]:
    """Create a container through the API of a service with a new user's defaults."""
    path = alice_linux.runtime / "docker.sock"
    service = subprocess.Popen(
        ["podman", *alice_linux.podman_options(), "system", "service", "-t", "60", f"unix://{path}"],
        env=alice_linux.environment(), user=alice_linux.uid, group=alice_linux.gid,
        extra_groups=[], cwd=alice_linux.home, stdin=subprocess.DEVNULL,
    )  # fmt: skip

    def answers() -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(path)) == 0

    def make(name: str, **body: Any) -> dict[str, Any]:
        text = json.dumps({"Image": IMAGE, "Cmd": ["sleep", "600"], **body})
        url = f"http://d/v1.41/containers/create?name={name}"
        header = "Content-Type: application/json"
        argv = ["curl", "-sS", "--unix-socket", str(path), "-H", header, "-d", text, url]
        answer = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)
        assert "Id" in answer, answer
        return inspect(alice_linux, name)

    try:
        until(answers, "the service answers")
        yield make
    finally:
        service.terminate()
        service.wait(60)


@pytest.fixture(autouse=True)
def tidy(alice_linux: LinuxAccount) -> Iterator[None]:
    yield
    alice_linux.podman("rm", "--all", "--force", "--time", "0", "--volumes")
    alice_linux.podman("volume", "prune", "--force")


def inspect(account: LinuxAccount, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(account.podman("container", "inspect", name))[0]
    return found


def image(account: LinuxAccount) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(account.podman("image", "inspect", IMAGE))[0]
    return found


@pytest.fixture(scope="module")
def default_limits(alice_linux: LinuxAccount) -> list[dict[str, Any]]:
    """Return the limits that Podman's command line sets if pid_max is within its limits."""
    alice_linux.podman("create", "--name", "plain", IMAGE)
    limits: list[dict[str, Any]] = inspect(alice_linux, "plain")["HostConfig"]["Ulimits"]
    return limits


def _bind(text: str) -> str:
    source, target, options = text.split(":")
    return f"{source}:{target}:{'ro' if 'ro' in options.split(',') else 'rw'}"


def comparable(found: dict[str, Any], default_limits: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what defines the container, without values of its own and unrequested ones."""
    kept = {key: value for key, value in found.items() if key not in _OWN}
    config = {k: v for k, v in found["Config"].items() if k not in _OWN_OF_CONFIG}
    config["Env"] = sorted(each for each in config["Env"] if not each.startswith("HOSTNAME="))
    host = {k: v for k, v in found["HostConfig"].items() if k not in _OWN_OF_HOST}
    host["Binds"] = sorted(_bind(each) for each in host["Binds"])
    host["Ulimits"] = [each for each in host["Ulimits"] if each not in default_limits]
    host["Tmpfs"] = {place: sorted(message.split(",")) for place, message in host["Tmpfs"].items()}
    networks = sorted(found["NetworkSettings"].get("Networks") or {})
    return {
        **kept,
        **{f"Config.{key}": value for key, value in config.items()},
        **{f"HostConfig.{key}": value for key, value in host.items()},
        "networks": networks,
    }


OPTIONS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "environment": {"Env": ["A=two words", "B=", "C=x=y", "D=one\ntwo"]},
    "labels": {"Labels": {"mine": "1", "with space": "a b"}},
    "user": {"User": "1000:1000", "WorkingDir": "/tmp"},
    "ends": {"StopSignal": "SIGINT", "StopTimeout": 33},
    "terminal": {"Tty": True, "OpenStdin": True},
    "entrypoint": {"Entrypoint": ["/bin/sh", "-c", "exec sleep 9"], "Cmd": []},
    "entrypoint and command": {"Entrypoint": ["/bin/sh", "-c"], "Cmd": ["sleep 9"]},
    "health": {"Healthcheck": {"Test": ["CMD", "true"], "Interval": 5_500_000_000,
                               "Timeout": 3_000_000_000, "Retries": 2}},
    "health with arguments": {"Healthcheck": {"Test": ["CMD", "test", "-e", "/a b"]}},
    "health that reads like a list": {"Healthcheck": {"Test": ["CMD-SHELL", "[ -e /x ]"]}},
    "health by a shell": {"Healthcheck": {"Test": ["CMD-SHELL", "test -e /x"]}},
    "names": {"HostConfig": {"Dns": ["192.0.2.1"], "DnsOptions": ["ndots:2"],
                             "DnsSearch": ["example.com"], "ExtraHosts": ["db:10.0.0.5"]}},
    "groups": {"HostConfig": {"GroupAdd": ["27"]}},
    "kept ids": {"HostConfig": {"UsernsMode": "keep-id"}},
    "capabilities": {"HostConfig": {"CapAdd": ["NET_ADMIN"], "CapDrop": ["MKNOD"]}},
    "privileged": {"HostConfig": {"Privileged": True}},
    "security": {"HostConfig": {"SecurityOpt": ["label=disable", "no-new-privileges"]}},
    "shared memory": {"HostConfig": {"ShmSize": 134_217_728}},
    "tmpfs": {"HostConfig": {"Tmpfs": {"/scratch": "size=1m,noexec"}}},
    "binds": {"HostConfig": {"Binds": ["/tmp:/host:ro", "named:/named", "other:/other:nocopy"]}},
    "mounts": {"HostConfig": {"Mounts": [
        {"Type": "bind", "Source": "/srv", "Target": "/srvx", "ReadOnly": True}]}},
    "ports": {"HostConfig": {"PortBindings": {
        "80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18080"}],
        "53/udp": [{"HostIp": "", "HostPort": "15353"}]}}},
    "exposed": {"ExposedPorts": {"9000/tcp": {}, "9001/udp": {}}},
    "restart": {"HostConfig": {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}},
    "init": {"HostConfig": {"Init": True}},
    "read-only": {"HostConfig": {"ReadonlyRootfs": True}},
    "host": {"HostConfig": {"NetworkMode": "host"}},
    "no network": {"HostConfig": {"NetworkMode": "none"}},
    "pid": {"HostConfig": {"PidMode": "host"}},
    "uts": {"HostConfig": {"UTSMode": "host"}},
    "log": {"HostConfig": {"LogConfig": {"Type": "k8s-file", "Config": {"tag": "x"}}}},
    "oom": {"HostConfig": {"OomScoreAdj": 100}},
    "name of the host": {"Hostname": "box"},
}  # fmt: skip


@pytest.mark.parametrize("what", OPTIONS)
def test_the_line_makes_the_same_container(
    alice_linux: LinuxAccount, create: Create, default_limits: list[dict[str, Any]], what: str
) -> None:
    made = create("theirs", **OPTIONS[what])
    assert create_command.place(made["Config"]["CreateCommand"] or []) is None
    argv, _ = command_line(made, image(alice_linux), None)
    assert not any(word.startswith("--env=PATH=") for word in argv)
    alice_linux.podman("rm", "theirs")
    alice_linux.podman("create", *argv[2:])
    wanted = comparable(made, default_limits)
    got = comparable(inspect(alice_linux, "theirs"), default_limits)
    assert [f"{key}: {got.get(key)}, not {value}" for key, value in wanted.items()
            if got.get(key) != value] == []  # fmt: skip


def test_what_is_not_seen_before_a_start_is_said_and_read_off_after_it(
    alice_linux: LinuxAccount, create: Create
) -> None:
    setting = {"net.ipv4.ip_unprivileged_port_start": "80"}
    host = {"NetworkMode": "none", "Sysctls": setting, "LogConfig": {"Type": "k8s-file"}}
    made = create("theirs", HostConfig=host)
    _, lost = command_line(made, image(alice_linux), None)
    assert any("--sysctl" in each.option for each in lost)
    runtime = {"linux": {"sysctl": setting}, "mounts": [
        {"source": "/dev/fuse", "destination": "/dev/fuse", "type": "bind"}]}  # fmt: skip
    argv, lost = command_line(made, image(alice_linux), runtime)
    assert "--sysctl=net.ipv4.ip_unprivileged_port_start=80" in argv
    assert "--device=/dev/fuse" in argv
    assert lost == []


def test_a_volume_without_a_name_is_one_that_can_be_named(
    alice_linux: LinuxAccount, create: Create
) -> None:
    made = create("theirs", Volumes={"/data": {}})
    argv, _ = command_line(made, image(alice_linux), None)
    (given,) = [each for each in create_command.split(argv)[1] if each.target == "/data"]
    assert given.with_source("theirs-data") == ["--volume=theirs-data:/data"]
