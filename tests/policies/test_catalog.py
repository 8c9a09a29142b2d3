"""Launch templates do not bypass a policy, whatever their parameters contain."""

# ruff: noqa: F811 - a parameter of pytest is the fixture of that name

from pathlib import Path

import pytest

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.audit.models import Event
from consoleapp.catalog import launching
from consoleapp.catalog.definition import Wrong
from consoleapp.core.actor import Actor
from consoleapp.operations.models import Operation
from consoleapp.policies import effective_policy
from consoleapp.policies.check import NotAllowed
from consoleapp.policies.versions import write
from engine.policy.host_file import PolicyFile
from tests.fixtures.catalog import busy, template  # noqa: F401 - fixtures
from tests.fixtures.web import nothing_is_published, operator  # noqa: F401 - fixtures
from tests.policies.attempts import STRICT

pytestmark = pytest.mark.django_db
OPEN = {
    "parameters": [
        {"name": "tag", "type": "text", "required": False, "default": "1"},
        {"name": "port", "type": "number", "default": "18900"},
        {"name": "memory", "type": "choice", "choices": ["64m", "4g"], "default": "64m"},
    ],
    "run": {
        "image": "quay.example/team/app:${tag}",
        "name": "app",
        "memory": "${memory}",
        "ports": [{"container_port": 80, "host_port": "${port}"}],
    },
}


@pytest.fixture(autouse=True)
def strict(web: LinuxAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effective_policy, "_file", PolicyFile(tmp_path / "policy.toml"))
    write(web, STRICT, actor=Actor(user=None))


@pytest.mark.parametrize(
    ("run", "rule"),
    [
        ({"image": "evil.example/x:${tag}"}, "images.registries"),
        ({"network": "host"}, "namespaces"),
        ({"volumes": [{"source": "/etc", "target": "/h"}]}, "binds.roots"),
        ({"volumes": [{"source": "/usr/share", "target": "/h"}]}, "binds.read_only"),
        ({"pids": 5000}, "pids.most"),
    ],
)
def test_what_a_template_has_in_it_is_judged_at_each_launch(
    web: LinuxAccount, operator: User, busy: set[int], run: dict[str, object], rule: str
) -> None:
    made = template(operator, OPEN | {"run": OPEN["run"] | run})  # type: ignore[operator]
    with pytest.raises(NotAllowed) as refused:
        launching.launch(made, web, {}, actor=Actor(user=operator))
    assert rule in {violation.rule for violation in refused.value.violations}
    assert Event.objects.filter(action="policy.refused", actor_name=operator.username).count() == 1
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [
        {"port": "80"},
        {"port": "19000"},
        {"memory": "4g"},
        {"tag": "1 --privileged"},
        {"tag": "1@sha256:0"},
        {"tag": "x/../../evil"},
        {"tag": "1\n-v/:/h"},
        {"tag": "${port}"},
    ],
)
def test_a_parameter_does_not_lead_out_of_the_policy(
    web: LinuxAccount, operator: User, busy: set[int], typed: dict[str, str]
) -> None:
    made = template(operator, OPEN)
    with pytest.raises((NotAllowed, Wrong)):
        launching.launch(made, web, typed, actor=Actor(user=operator))
    assert not Operation.objects.exists()


def test_a_template_within_the_policy_is_launched(
    web: LinuxAccount, operator: User, busy: set[int]
) -> None:
    made = template(operator, OPEN)
    operation = launching.launch(made, web, {"port": "18901"}, actor=Actor(user=operator))
    assert operation.parameters["image"] == "quay.example/team/app:1"
