"""Policies in the API: refusals that name the parameter, and dry runs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from consoleapp.accounts.models import LinuxAccount, User
from consoleapp.audit.models import Event
from consoleapp.core.actor import Actor
from consoleapp.operations import broker
from consoleapp.operations.models import Operation
from consoleapp.policies import effective_policy
from consoleapp.policies.versions import write
from engine.policy.host_file import PolicyFile
from tests.fixtures.api import Caller, accounts, caller, people  # noqa: F401 - fixtures
from tests.policies.attempts import ALLOWED, ATTEMPTS, STRICT, Attempt

# ruff: noqa: F811 - a parameter of pytest is the fixture of that name
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def strict(
    accounts: dict[str, LinuxAccount],
    people: dict[str, User],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(broker, "send", lambda *_: True)
    monkeypatch.setattr(effective_policy, "_file", PolicyFile(tmp_path / "policy.toml"))
    write(accounts["web"].host, STRICT, actor=Actor(user=people["admin"]))


def _is_no_name(attempt: Attempt) -> bool:
    """Return whether Podman itself refuses the image's name, which comes before any policy."""
    return "//" in str(attempt.parameters.get("image", ""))


@pytest.mark.parametrize("who", ["operator", "owner", "admin"])
@pytest.mark.parametrize("attempt", ATTEMPTS[::4], ids=str)
def test_an_attempt_is_a_403_that_names_the_rule(
    caller: Callable[..., Caller], attempt: Attempt, who: str
) -> None:
    if attempt.parameters.get("source") == "other":
        return  # that account does not exist here
    answer = caller(who).operate(attempt.kind, **attempt.parameters)
    if _is_no_name(attempt):
        assert (answer.status_code, Operation.objects.exists()) == (422, False)
        return
    assert answer.status_code == 403, answer.content
    error = answer.json()["error"]
    assert error["code"] == "policy"
    assert any(f"rule {attempt.rule} of the host" in each["message"] for each in error["fields"])
    assert Event.objects.filter(action="policy.refused", actor_name=who, source="api").count() == 1
    assert not Operation.objects.exists()


def test_a_refusal_is_at_its_parameter(caller: Callable[..., Caller]) -> None:
    volumes = [{"source": "data", "target": "/a"}, {"source": "/etc", "target": "/b"}]
    answer = caller("operator").operate(
        "container.run", image="localhost/berth-demo", volumes=volumes
    )
    paths = [each["path"] for each in answer.json()["error"]["fields"]]
    assert paths == ["parameters.volumes.1.source"]


@pytest.mark.parametrize("attempt", ATTEMPTS[::8], ids=str)
def test_a_dry_run_says_what_would_be_refused_and_leaves_no_trace(
    caller: Callable[..., Caller], attempt: Attempt
) -> None:
    body = {"kind": attempt.kind, "parameters": attempt.parameters}
    message = caller("operator").post("/accounts/web/policy/check", body)
    if _is_no_name(attempt):
        assert message.status_code == 422
        return
    answer = message.json()
    assert answer["allowed"] is False
    assert attempt.rule in {each["rule"] for each in answer["violations"]}
    assert not Event.objects.filter(action="policy.refused").exists()
    assert not Operation.objects.exists()


@pytest.mark.parametrize("attempt", ALLOWED, ids=str)
def test_a_dry_run_of_what_is_allowed(caller: Callable[..., Caller], attempt: Attempt) -> None:
    body = {"kind": attempt.kind, "parameters": attempt.parameters}
    answer = caller("operator").post("/accounts/web/policy/check", body).json()
    assert answer == {"outcome": "allowed", "allowed": True, "violations": [], "requirements": []}


def test_a_dry_run_tells_of_a_missing_role(caller: Callable[..., Caller]) -> None:
    body = {"kind": "container.start", "parameters": {"container": "web"}}
    answer = caller("viewer").post("/accounts/web/policy/check", body).json()
    assert [each["rule"] for each in answer["violations"]] == ["role"]
    assert caller("stranger").post("/accounts/web/policy/check", body).status_code == 404


def test_everybody_with_a_grant_reads_what_holds(caller: Callable[..., Caller]) -> None:
    answer = caller("viewer").get("/accounts/web/policy").json()
    (policy,) = answer["policies"]
    assert (answer["role"], policy["source"]) == ("viewer", "the host local")
    assert policy["policy"]["privileged"] is False
    assert "No terminals." in policy["says"]
    assert caller("stranger").get("/accounts/web/policy").status_code == 404
