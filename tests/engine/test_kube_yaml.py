"""Compare the evaluation of Kubernetes YAML with what Podman makes of it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.policy import inspect_data
from engine.policy import requests as r
from engine.policy.kube import documents
from launch.demo import IMAGE
from tests.engine.account import Account

Played = Callable[[str], dict[str, Any]]


@pytest.fixture
def played(alice: Account) -> Iterator[Played]:
    """Let Podman create a pod with one container, without starting it. Return its inspect data."""

    def play(text: str) -> dict[str, Any]:
        alice.podman("play", "kube", "--replace", "--start=false", "-", given=text.encode())
        infra = json.loads(alice.podman("pod", "inspect", "judged"))["InfraContainerID"]
        container, first = json.loads(alice.podman("inspect", "judged-c", infra))
        # What the containers of a pod share belongs to its first one.
        for shared in ("PortBindings", "NetworkMode"):
            container["HostConfig"][shared] = first["HostConfig"][shared]
        return dict(container)

    yield play
    alice.podman("pod", "rm", "-f", "-i", "judged")


def pod(own: str, more: str = "") -> str:
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: judged\nspec:\n{more}  containers:\n"
        f"  - name: c\n    image: {IMAGE}\n    imagePullPolicy: Never\n{own}"
    )


def mounted(own: str, source: str) -> str:
    return pod(f"    volumeMounts: [{{name: v, mountPath: /h{own}}}]\n",
               f"  volumes: [{{name: v, hostPath: {{{source}}}}}]\n")  # fmt: skip


CASES = {
    "none": pod("    env: [{name: A, value: b}]\n"),
    "privileged": pod("    securityContext: {privileged: true}\n"),
    "capability": pod("    securityContext: {capabilities: {add: [SYS_PTRACE]}}\n"),
    "path": mounted("", "path: /usr/share"),
    "read-only": mounted(", readOnly: true", "path: /usr/share, type: Directory"),
    "network": pod("", "  hostNetwork: true\n"),
    "limits": pod("    resources: {limits: {memory: 64Mi, cpu: 500m}}\n"),
    "port": pod("    ports: [{containerPort: 80, hostPort: 18977}]\n"),
}


def told(wanted: list[r.Request]) -> set[tuple[Any, ...]]:
    """Return what both know, in the same form."""
    found: set[tuple[Any, ...]] = set()
    for each in wanted:
        match each:
            case r.Privileged() | r.Raw():
                found.add((type(each).__name__,))
            case r.Bind(source=source, read_only=read_only):
                found.add(("bind", source, read_only))
            case r.Port(first=first):
                found.add(("port", first))
            case r.Capability(name=name):
                found.add(("capability", name.removeprefix("CAP_")))
            case r.Namespace(kind="network"):
                found.add(("network",))
            case r.Limits(memory=memory, cpus=cpus):
                found.add(("limits", memory, cpus))
    return found


@pytest.mark.parametrize("name", CASES)
def test_podman_makes_what_was_judged(played: Played, name: str) -> None:
    wanted = told(documents.requests(CASES[name]))
    assert wanted == told(inspect_data.requests(played(CASES[name])))
    assert len(wanted) == (1 if name in ("none", "limits") else 2)


def test_podman_takes_keys_in_any_case_and_so_all_but_one_are_raw(played: Played) -> None:
    text = pod("    SECURITYCONTEXT: {Privileged: true}\n")
    assert played(text)["HostConfig"]["Privileged"]
    assert ("Raw",) in told(documents.requests(text))
