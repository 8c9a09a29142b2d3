"""Podman's messages, and what Berth adds to them."""

import time

import pytest

from engine.podman.errors import understand
from engine.schema.containers import (
    ContainerRemove,
    ContainerRename,
    ContainerRun,
    ContainerStart,
    Port,
)
from engine.schema.errors import ErrorCode
from engine.schema.queries import ContainerInspect
from launch.demo import IMAGE
from tests.engine.account import Account

# Messages of real Podman (4.3 to 5.4), crun, runc, and the network tools.
SAID = [
    ('no container with name or ID "x509-exporter" found: no such container', "not_found"),
    ('no container with name or ID "unauthorized" found: no such container', "not_found"),
    ("failed to find image cgroup-controller: cgroup-controller: image not known", "not_found"),
    ("localhost/x509/unauthorized:EOF: image not known", "not_found"),
    (
        'runc: runc create failed: unable to start container process: exec: "/no/such/program": '
        "stat /no/such/program: no such file or directory: OCI runtime attempted to invoke a "
        "command that was not found",
        "invalid: program",
    ),
    (
        "crun: executable file `x509` not found in $PATH: No such file or directory: OCI runtime "
        "attempted to invoke a command that was not found",
        "invalid: program",
    ),
    (
        'runc: runc create failed: unable to start container process: exec: "/bin": permission '
        "denied: OCI permission denied",
        "invalid: no program that its user may run",
    ),
    (
        "runc: runc create failed: unable to start container process: error during container init: "
        "open /proc/sys/net/x: no such file or directory: OCI runtime attempted to invoke a "
        "command that was not found",
        "invalid: options",
    ),
    (
        "OCI runtime error: crun: cgroups in hybrid mode not supported, drop all controllers from "
        "cgroupv2",
        "unavailable: cgroup v2",
    ),
    (
        "crun: the requested cgroup controller `cpu` is not available: OCI runtime error",
        "unavailable: limit",
    ),
    (
        "crun: opening file `memory.max` for writing: No such file or directory: OCI runtime "
        "attempted to invoke a command that was not found",
        "unavailable: limit",
    ),
    (
        "crun: create keyring `3f1b`: Disk quota exceeded: OCI runtime error",
        "unavailable: kernel.keys.maxkeys",
    ),
    (
        "runc: runc create failed: unable to start container process: unable to join session "
        "keyring: unable to create session key: disk quota exceeded: OCI runtime error",
        "unavailable: kernel.keys.maxkeys",
    ),
    ("writing blob: storing blob to file: write /v/x: disk quota exceeded", "unavailable: disk"),
    ("statfs /no/such/path: no such file or directory", "invalid: path"),
    ("statfs /srv/x509: certificate: EOF: no such file or directory", "invalid: path"),
    ("statfs /srv/a b/no space left on device: permission denied", "invalid: read it"),
    (
        "rootlessport listen tcp 10.99.99.99:8099: bind: cannot assign requested address",
        "invalid: address",
    ),
    ("rootlessport listen tcp [::1]:80: bind: cannot assign requested address", "invalid: address"),
    ('invalid IP address "no-ip" in port mapping', "invalid: address"),
    (
        "setting up Pasta: pasta failed with exit code 1:\n"
        "Failed to bind any port for '-t ::1/8099-8099:80-80', exiting",
        "invalid: address",
    ),
    (
        "pasta failed with exit code 1:\nFailed to bind port 8099 (Address already in use) for "
        "option '-t 8099-8099:80-80', exiting",
        "conflict: port",
    ),
    (
        "pasta failed with exit code 1:\nFailed to bind port 8080 (Cannot assign requested address)"
        " for option '-t fe80::1/8080-8080:80-80'\n",
        "invalid: address",
    ),
    (
        "pasta failed with exit code 1:\nFailed to bind port 9911 (Address already in use) for "
        "option '-t 127.0.0.1/9911-9911:80-80'\n",
        "conflict: port",
    ),
    (
        "pasta failed with exit code 1:\nFailed to bind port 80 (Permission denied) for option "
        "'-t 80-80:80-80'\n",
        "invalid: below 1024",
    ),
    ("can't forward protocol: sctp", "invalid: TCP and UDP"),
    (
        "error from slirp4netns while setting up port redirection: map[desc:bad request: "
        "add_hostfwd: slirp_add_hostfwd failed]",
        "invalid: address",
    ),
    ("rootlessport listen tcp 0.0.0.0:8123: bind: address already in use", "conflict: port"),
    ("rootlessport conflict with ID 1", "conflict: port"),
    (
        "rootlessport cannot expose privileged port 80, you can add "
        "'net.ipv4.ip_unprivileged_port_start=80' to /etc/sysctl.conf (currently 1024), or choose "
        "a larger port number (>= 1024): listen tcp 0.0.0.0:80: bind: permission denied",
        "invalid: below 1024",
    ),
    (
        "no command or entrypoint provided, and no CMD or ENTRYPOINT from image",
        "invalid: command",
    ),
    (
        "container 978c8c has dependent containers which must be removed before it: 88c9ed: "
        "container already exists",
        "conflict: first",
    ),
    (
        "renaming container 88c9ed: name base already in use, cannot rename container 88c9ed: "
        "container already exists",
        "conflict: name",
    ),
    ('workdir "/nope" does not exist on container 0a5c', "invalid: directory"),
    ("unable to find user EOF: no matching entries in passwd file", "invalid: user"),
    ('"CAP_NOSUCH": unknown capability', "invalid: capabilities"),
    (
        'conflict in specified volumes - multiple volumes at "/x": duplicate mount destination',
        "invalid: place",
    ),
    (
        "unable to find network with name or ID x509: network not found",
        "not_found: network",
    ),
    (
        "initializing source docker://10.0.0.1:1/x509/unauthorized:1: pinging container registry "
        '10.0.0.1:1: Get "https://10.0.0.1:1/v2/": dial tcp 10.0.0.1:1: connect: connection '
        "refused",
        "unreachable: answer",
    ),
    (
        'pinging container registry unauthorized.example: Get "https://unauthorized.example/v2/": '
        "x509: certificate signed by unknown authority",
        "unreachable: certificate",
    ),
    (
        'pinging container registry a.example: Get "https://a.example/v2/": http: server gave HTTP '
        "response to HTTPS client",
        "unreachable: certificate",
    ),
    (
        "reading manifest EOF in a.example/x509: manifest unknown",
        "not_found: registry",
    ),
    (
        "reading manifest 1 in a.example/x: unauthorized: authentication required",
        "unauthorized: sign-in",
    ),
    (
        "reading blob sha256:12: fetching blob: invalid status code from registry 429 (Too Many "
        "Requests)",
        "unreachable: later",
    ),
    (
        "fetching blob: received unexpected HTTP status: 503 Service Unavailable",
        "unreachable: fault",
    ),
    (
        "removing container e1 root filesystem: 1 error occurred:\n"
        "\t* unlinkat /s/shm: device or resource busy",
        "conflict: in use",
    ),
    ('"created" is not running, can\'t pause: container state improper', "conflict: state"),
    (
        "image used by 88c9ed: image is in use by a container: consider listing external "
        "containers and force-removing image",
        "conflict: containers",
    ),
    ("a reason that nobody has heard of", "refused"),
    ("opening seccomp profile failed: open /no/such: no such file or directory", "refused"),
]


@pytest.mark.parametrize(("text", "wanted"), SAID)
def test_the_cause_decides_and_no_word_that_a_user_has_chosen(text: str, wanted: str) -> None:
    report = understand(text).report
    code, _, word = wanted.partition(": ")
    assert report.code == code, report
    assert word in report.remedy, report
    assert report.message == text.strip()


@pytest.mark.parametrize(
    "name",
    ["x509", "eof", "unauthorized", "denied", "no-such-host", "cgroup.controllers", "in-use",
     "memory.max", "is-blocked", "toomanyrequests", "tls", "statfs", "exec", "pasta", "keyring"],
)  # fmt: skip
def test_a_missing_thing_is_missing_whatever_it_is_called(name: str) -> None:
    for message, remedy in (
        (f'no container with name or ID "{name}" found: no such container', "removed meanwhile"),
        (f"no container with name or ID {name} found: no such container", "removed meanwhile"),
        (f"{name}: image not known", "Pull the image"),
        (f"unable to find network with name or ID {name}: network not found", "network"),
        (f'exec: "{name}": executable file not found in $PATH', "program"),
        (f'exec: "/opt/{name}: EOF": stat /opt/{name}: no such file or directory', "program"),
    ):
        report = understand(message).report
        assert remedy in report.remedy, report


def test_only_silence_is_internal() -> None:
    assert understand("", 500).report.code is ErrorCode.INTERNAL
    assert understand("some words", 500).report.code is ErrorCode.REFUSED
    assert understand("some words", 409).report.code is ErrorCode.CONFLICT


@pytest.mark.parametrize(
    "piece",
    ['"', "\\", "'", ": ", "`", "/", "a: b ", "\n* ", "dial tcp ", "x509: ", "statfs /",
     "reading manifest "],
)  # fmt: skip
def test_an_endless_message_is_understood_in_no_time(piece: str) -> None:
    began = time.process_time()
    understand(piece * (2_000_000 // len(piece)))
    assert time.process_time() - began < 20


async def test_real_podman_is_understood(alice: Account) -> None:
    missing = await alice.refused(ContainerStart(container="x509-exporter"))
    assert missing.code is ErrorCode.NOT_FOUND
    assert "certificate" not in missing.remedy
    found = await alice.unanswered(ContainerInspect(container="unauthorized"))
    assert found.code == ErrorCode.NOT_FOUND
    await alice.launch(name="base")
    await alice.launch(name="guest", network="container:base")
    removal = await alice.refused(ContainerRemove(container="base", force=True))
    assert removal.code is ErrorCode.CONFLICT
    assert "Remove those first" in removal.remedy
    renamed = await alice.refused(ContainerRename(container="guest", name="base"))
    assert renamed.code is ErrorCode.CONFLICT
    await alice.remove("guest")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"command_line": ("/no/such/program",)}, "program"),
        ({"ports": [Port(host_ip="10.99.99.99", host_port=8099, container_port=80)]}, "address"),
        ({"user": "x509"}, "user"),
        ({"workdir": "/cgroup/controller"}, "directory"),
    ],
)
async def test_a_launch_that_podman_refuses_says_what_to_change(
    alice: Account, options: dict[str, object], word: str
) -> None:

    error = await alice.refused(
        ContainerRun(**{"image": IMAGE, "command_line": ("sleep", "9"), **options})
    )
    assert error.code is ErrorCode.INVALID, error
    assert word in error.remedy
