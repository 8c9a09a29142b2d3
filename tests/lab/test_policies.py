"""The host's policy on a whole host: at an engine's socket, and at each start of a kube unit."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.host import Host
from tests.lab.session import IMAGE, ask, at_the_socket, done, operate, podman

pytestmark = pytest.mark.usefixtures("dave_is_tidied", "policy")
POLICY = """
[accounts.dave]
privileged = false
namespaces = []
[accounts.dave.binds]
roots = ["/srv/dave"]
"""
YAML = f"""
apiVersion: v1
kind: Pod
metadata:
  name: played
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: web
    image: {IMAGE}
    imagePullPolicy: Never
"""
KUBE = "[Kube]\nYaml=played.yaml\nPodmanArgs=--build=false\n"
PLACE = "containers/systemd/"


@pytest.fixture
def policy(host: Host) -> Iterator[None]:
    """Write a policy for dave alone."""
    place = host.root / "etc/berth/policy.toml"
    place.write_text(POLICY)
    place.chmod(0o644)
    yield
    place.unlink()


def unit(name: str, text: str) -> tuple[str, dict[str, Any]]:
    return "unit.write", {"file": PLACE + name, "text": text}


def test_what_is_not_allowed_is_refused_at_the_engines_socket_and_makes_nothing(host: Host) -> None:
    run = {"image": IMAGE}
    quadlet = f"[Container]\nImage={IMAGE}\n"
    attempts = {
        "namespaces": [("container.run", run | {"network": "host"}),
                       unit("a.yaml", YAML.replace("spec:", "spec:\n  hostNetwork: true")),
                       unit("a.container", f"{quadlet}Network=host\n")],
        "binds.roots": [
            ("container.run", run | {"volumes": [{"source": "/etc", "target": "/h"}]}),
            unit("a.yaml", f"{YAML}  volumes: [{{name: v, hostPath: {{path: /etc}}}}]\n")],
        "privileged": [unit("a.yaml", f"{YAML}    securityContext: {{privileged: true}}\n")],
        "raw_quadlets": [unit("a.container", f"{quadlet}PodmanArgs=--privileged\n"),
                         unit("a.kube", "[Kube]\nYaml=/etc/a.yaml\n")],
    }  # fmt: skip
    for rule, each in attempts.items():
        for kind, parameters in each:
            error = at_the_socket(host, "dave", kind, **parameters)["error"]
            assert error["code"] == "policy", (kind, parameters, error)
            assert f"(rule {rule})" in error["message"]
    assert podman(host, "dave", "ps", "--all", "--quiet") == ""
    assert [row for row in ask(host, "dave", "units") if row["file"]] == []


def test_a_kube_unit_is_judged_again_when_it_is_started(host: Host) -> None:
    done(host, "dave", "unit.write", file=f"{PLACE}played.yaml", text=YAML)
    done(host, "dave", "unit.write", file=f"{PLACE}played.kube", text=KUBE)
    done(host, "dave", "unit.start", unit="played.service")
    before = podman(host, "dave", "ps", "--quiet", "--filter", "name=played-web")
    assert before
    changed = host.root / "home/dave/.config" / f"{PLACE}played.yaml"
    changed.write_text(YAML.replace("spec:", "spec:\n  hostNetwork: true"))
    refused = operate(host, "dave", "unit.restart", unit="played.service")
    assert "(rule namespaces)" in refused["error"]["message"]
    assert podman(host, "dave", "ps", "--quiet", "--filter", "name=played-web") == before
    done(host, "dave", "unit.stop", unit="played.service")
    changed.unlink()
