"""Every option of `container.run`: the container equals the one of the printed command."""

import json
import re
from typing import Any

import pytest

from engine.schema.containers import MIB, OPERATION_LABEL, ContainerRun, HealthCheck, Port, Volume
from engine.schema.errors import ErrorCode
from launch.demo import IMAGE
from tests.engine.account import Account
from tests.engine.linux_account import EngineProcess, LinuxAccount

NETWORK = "berth-test"
SLEEP = ["sleep", "1000"]
OPTIONS: dict[str, dict[str, Any]] = {
    "nothing but the image": {"command_line": []},
    "command, environment and labels": {
        "command_line": ["sh", "-c", "echo \"$HOME\" 'a b'; sleep 1000"],
        "environment": {"A": "1", "EMPTY": "", "SPACE": " a b=c", "LINES": "1\n2", "PÄTH": "ü"},
        "labels": {"a": "1", "empty": "", "org.example/x": "a=b c", "ü": "\u202e<b>"},
    },
    "entrypoint of one word, user by name": {
        "entrypoint": ["sleep"],
        "command_line": ["1000"],
        "user": "nobody",
        "workdir": "/www",
    },
    "entrypoint of several words, user by number": {
        "entrypoint": ["sh", "-c"],
        "command_line": ["sleep 1000"],
        "user": "1000:1000",
        "hostname": "db.example",
    },
    "no entrypoint": {"entrypoint": [], "image": "berth-demo", "pull": "never"},
    "ports": {
        "ports": [
            Port(container_port=80, host_port=18681),
            Port(container_port=80, host_port=18682, host_ip="127.0.0.1"),
            Port(container_port=53, host_port=18653, protocol="udp", host_ip="127.0.0.1"),
            Port(container_port=7000, host_port=18700, length=3),
        ]
    },
    "port on IPv6": {"ports": [Port(container_port=80, host_port=18683, host_ip="::1")]},
    "binds": {
        "volumes": [
            Volume(source="/usr/share", target="/data"),
            Volume(source="/var/tmp", target="/private/", read_only=True, selinux="Z"),
        ]
    },
    "volumes": {
        "volumes": [
            Volume(source="kept", target="/kept"),
            Volume(source="other", target="/other", read_only=True, selinux="z", chown=True),
            Volume(target="/scratch"),
        ]
    },
    "no network": {"network": "none"},
    "host network": {"network": "host"},
    "host network and hostname": {"network": "host", "hostname": "elsewhere"},
    "slirp4netns": {"network": "slirp4netns"},
    "slirp4netns with options": {"network": "slirp4netns:mtu=1400,allow_host_loopback=true"},
    "bridge": {"network": "bridge"},
    "network by name": {"network": NETWORK},
    "network by name with options": {"network": f"{NETWORK}:alias=db,ip=10.213.0.9"},
    "another's network": {"network": "container:other"},
    "restart always, health check": {
        "restart": "always",
        "health": HealthCheck(command="test -d / && true"),
    },
    "restart on failure, health check in full": {
        "restart": "on-failure",
        "health": HealthCheck(command="true", interval=7, timeout=3, retries=2, start_period=9),
    },
    "restart on failure thrice, stop signal by name": {
        "restart": "on-failure",
        "restart_tries": 3,
        "stop_signal": "SIGUSR1",
    },
    "restart unless stopped, stop signal by short name": {
        "restart": "unless-stopped",
        "stop_signal": "int",
        "stop_timeout": 0,
    },
    "removed when it ends, stop signal by number": {
        "remove": True,
        "stop_signal": "10",
        "stop_timeout": 3,
    },
    "read-only": {"read_only": True},
    "read-only with a volume at /tmp": {
        "read_only": True,
        "volumes": [Volume(source="kept", target="/tmp")],
    },
    "init, real-time stop signal": {"init": True, "stop_signal": "RTMIN+3"},
    "terminal": {"tty": True},
    "interactive": {"interactive": True},
    "terminal, interactive": {"tty": True, "interactive": True},
}
LIMITS: dict[str, dict[str, Any]] = {
    "memory": {"memory": 64 * MIB},
    "cpu": {"cpus": 0.3},
    "pids": {"pids": 50},
}
# What differs between any two containers, or only shows that two commands created them.
CHANCE = re.compile(
    r"^(\.Id|\.Created|\.Args|\.ExecIDs|\.State\.(Pid|ConmonPid|.*At|Healthcheck|Health|CgroupPath|ConmonPidFile|PidFile)"
    r"|\.(Resolv|Hostname|Hosts)(conf|name|s)?Path|\.(ConmonPidFile|PidFile|OCIConfigPath|StaticDir)"
    r"|\.NetworkSettings\.(SandboxKey|MacAddress|IPAddress)|\.GraphDriver|\.MountLabel|\.ProcessLabel"
    r"|\.NetworkSettings\.Networks\.[^.]+\.(MacAddress|NetworkID|IPAddress)"
    r"|\.HostConfig\.(ContainerIDFile|LogConfig\.Path|CgroupParent)|\.Config\.CreateCommand"
    r"|\.LockNumber|\.Config\.Annotations\.io\.kubernetes)",
    re.I,
)

UNORDERED = (".Config.Env", ".HostConfig.Binds")


@pytest.fixture(scope="session", autouse=True)
def network(alice_linux: LinuxAccount, alice_process: EngineProcess) -> None:
    """Create a network of alice's own."""
    alice_linux.podman("network", "create", "--subnet", "10.213.0.0/24", NETWORK)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
async def test_it_is_what_the_command_line_makes(alice: Account, options: dict[str, Any]) -> None:
    query = ContainerRun(**{"image": IMAGE, "name": "twin", "command_line": SLEEP, **options})
    if query.network.startswith("container:"):
        await alice.launch(name="other")
    made = await alice.do(query)
    ours = settings(await alice.inspect("twin"), made["id"])
    await alice.remove("twin")
    _podman, *words = query.command_in_full()
    identity = alice.podman(*words)
    theirs = settings(await alice.inspect("twin"), identity)
    await alice.remove("twin")
    assert ours == theirs


def settings(inspected: dict[str, Any], identity: str) -> dict[str, Any]:
    """Return all settings of a container, by their path in the document."""
    (inspected["Config"]["Labels"] or {}).pop(OPERATION_LABEL, None)
    found: dict[str, Any] = {}
    _flatten(inspected, "", found)
    text = json.dumps(found).replace(identity, "ID").replace(identity[:12], "ID")
    text = re.sub(r"\b[0-9a-f]{64}\b", "VOLUME", text)
    return dict(json.loads(text))


def _flatten(value: Any, place: str, found: dict[str, Any]) -> None:
    if CHANCE.match(place):
        return
    if isinstance(value, dict):
        if not value:
            return
        for name, each in value.items():
            _flatten(each, f"{place}.{name}", found)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        # Podman does not order mounts and ports.
        for number, each in enumerate(sorted(value, key=json.dumps)):
            _flatten(each, f"{place}.{number}", found)
    else:
        if value is None:
            return
        found[place] = sorted(value) if place in UNORDERED else value


@pytest.mark.parametrize("controller", LIMITS)
async def test_a_limit_that_the_host_cannot_keep_is_refused(
    alice: Account, controller: str
) -> None:
    info = (await alice.engine.snapshot()).info
    if info.cgroup_version == "v2" and controller in info.cgroup_controllers:
        pytest.skip(f"this host delegates {controller}")
    query = ContainerRun(image=IMAGE, name="limited", **LIMITS[controller])
    error = await alice.refused(query)
    assert error.code == ErrorCode.UNAVAILABLE
    assert controller in error.message
    assert not await alice.rows()


@pytest.mark.parametrize("network", ["host", "none", "container:base"])
async def test_ports_that_podman_discards_are_not_in_the_result(
    alice: Account, network: str
) -> None:
    await alice.launch(name="base")
    query = ContainerRun(
        image=IMAGE,
        command_line=("sleep", "9"),
        name="guest",
        network=network,
        ports=[Port(host_port=18099, container_port=80)],
    )
    result = await alice.do(query)
    assert result["ports"] == []
    assert any("discarded" in each for each in result["warnings"])
    assert (await alice.rows())["guest"].ports == []
    await alice.remove("guest")
