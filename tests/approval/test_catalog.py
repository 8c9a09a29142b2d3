"""Launch templates do not bypass approval, and keep their allotted ports."""

# ruff: noqa: F811 - a parameter of pytest is the fixture of that name

from pathlib import Path

import pytest

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.catalog import launching, ports
from consoleapp.catalog.models import PortAllotment
from consoleapp.core.actor import Actor
from consoleapp.operations.states import State
from consoleapp.operations.submit import cancel
from consoleapp.policies import effective_policy
from consoleapp.policies.versions import write
from engine.policy.host_file import PolicyFile
from tests.fixtures.catalog import busy, template  # noqa: F401 - fixtures
from tests.fixtures.web import nothing_is_published, operator  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db
CONTENTS = {
    "parameters": [{"name": "port", "type": "port"}],
    "run": {
        "image": "quay.example/team/app:1",
        "name": "app",
        "memory": "2g",
        "ports": [{"container_port": 80, "host_port": "${port}"}],
    },
}


@pytest.fixture(autouse=True)
def asking(web: LinuxAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effective_policy, "_file", PolicyFile(tmp_path / "policy.toml"))
    write(web, '[approval.memory]\nmost = "1g"', actor=Actor(user=None))


def test_a_launch_of_the_catalogue_waits_and_keeps_its_port_until_it_is_decided(
    web: LinuxAccount, operator: User, busy: set[int]
) -> None:
    made = template(operator, CONTENTS)
    operation = launching.launch(made, web, {}, actor=Actor(user=operator))
    assert operation.state == State.AWAITING
    ports.release(web.host)
    assert PortAllotment.objects.filter(operation=operation).exists()
    cancel(operation, actor=Actor(user=operator))
    ports.release(web.host)
    assert not PortAllotment.objects.filter(operation=operation).exists()
