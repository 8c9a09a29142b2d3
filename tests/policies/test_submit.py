"""Policies in the web tier: at `submit`, in the API, at the worker, and for messages in Redis."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group

from consoleapp.accounts.models import Grant, LinuxAccount, User
from consoleapp.audit.models import Event
from consoleapp.core.actor import Actor
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.operations.submit import retry, submit
from consoleapp.policies import effective_policy
from consoleapp.policies.check import NotAllowed, check_query
from consoleapp.policies.models import PolicyVersion
from consoleapp.policies.versions import of, versions, write
from consoleapp.worker import run as running
from consoleapp.worker import tasks
from engine.policy.host_file import PolicyFile
from engine.policy.rules import Unreadable
from engine.schema.containers import ContainerRun
from engine.schema.kinds import parse
from engine.schema.parameters import Role
from engine.schema.queries import ContainerTerminal
from launch.demo import IMAGE
from tests.fixtures.people import by
from tests.fixtures.queue import Sent
from tests.policies.attempts import ALLOWED, ATTEMPTS, STRICT, Attempt

pytestmark = pytest.mark.django_db
ROOT = Actor(user=None)


@pytest.fixture(autouse=True)
def no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ignore this machine's own policy."""
    place = tmp_path / "policy.toml"
    monkeypatch.setattr(effective_policy, "_file", PolicyFile(place))
    return place


@pytest.fixture(autouse=True)
def other_account(web: LinuxAccount, olga: User) -> LinuxAccount:
    """Create the account `other`, with olga as operator as well."""
    other = LinuxAccount.objects.create(
        host=web.host, name="other", key="other", uid=43, socket="/none"
    )
    Grant.objects.create(account=other, user=olga, role=Role.OPERATOR)
    return other


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=str)
def test_an_attempt_is_refused_and_audited_and_makes_nothing(
    web: LinuxAccount, olga: User, sent: Sent, attempt: Attempt
) -> None:
    write(web, STRICT, actor=ROOT)
    with pytest.raises(NotAllowed) as refused:
        submit(web, parse(attempt.kind, attempt.parameters), actor=by(olga))
    assert attempt.rule in {violation.rule for violation in refused.value.violations}
    event = Event.objects.get(action="policy.refused")
    assert (event.kind, event.actor_name, event.account_name) == (attempt.kind, "olga", "web")
    assert f"rule {attempt.rule} of the account web" in event.detail
    assert not Operation.objects.exists()
    assert sent == []


@pytest.mark.parametrize("attempt", ALLOWED, ids=str)
def test_what_is_allowed_is_queued(
    web: LinuxAccount, olga: User, sent: Sent, attempt: Attempt
) -> None:
    write(web, STRICT, actor=ROOT)
    assert submit(web, parse(attempt.kind, attempt.parameters), actor=by(olga)).pk


@pytest.mark.parametrize("attempt", ATTEMPTS[::8], ids=str)
def test_without_a_policy_all_is_as_it_was(
    web: LinuxAccount, olga: User, sent: Sent, attempt: Attempt
) -> None:
    if attempt.kind == "image.load":
        return  # it needs the upload that it names
    assert submit(web, parse(attempt.kind, attempt.parameters), actor=by(olga)).pk


@pytest.mark.parametrize("whose", ["host", "account", "group"])
def test_the_strictest_of_host_account_and_groups_wins(
    web: LinuxAccount, olga: User, sent: Sent, whose: str
) -> None:
    group = Group.objects.create(name="devs")
    olga.groups.add(group)
    targets = {"host": web.host, "account": web, "group": group}
    for name, target in targets.items():
        write(target, "containers = 0" if name == whose else "containers = 9", actor=ROOT)
    write(targets[whose], "[ports]\nranges = ['1-2']", actor=ROOT)
    wanted = ContainerRun(image=IMAGE, ports=[{"container_port": 80, "host_port": 3}])  # type: ignore[list-item]
    with pytest.raises(NotAllowed, match=f"ports.ranges of the {whose}"):
        submit(web, wanted, actor=by(olga))
    olga.groups.clear()
    if whose == "group":
        assert submit(web, wanted, actor=by(olga)).pk


def test_administrators_keep_to_the_policies_of_host_and_account(
    web: LinuxAccount, sent: Sent
) -> None:
    write(web.host, STRICT, actor=ROOT)
    root = User.objects.create_superuser("root-ish")
    with pytest.raises(NotAllowed):
        submit(web, ContainerRun(image="evil.example/x"), actor=by(root))


def test_other_accounts_are_left_alone(web: LinuxAccount, olga: User, sent: Sent) -> None:
    write(web, STRICT, actor=ROOT)
    other = LinuxAccount.objects.get(key="other")
    assert submit(other, ContainerRun(image="evil.example/x"), actor=by(olga)).pk


def test_a_retry_meets_the_policy_of_today(web: LinuxAccount, olga: User, sent: Sent) -> None:
    operation = submit(web, ContainerRun(image="evil.example/x"), actor=by(olga))
    Operation.objects.filter(pk=operation.pk).update(state=State.FAILED)
    operation.refresh_from_db()
    write(web, STRICT, actor=ROOT)
    with pytest.raises(NotAllowed):
        retry(operation, actor=by(olga))


def test_what_was_queued_before_the_policy_is_refused_by_the_worker(
    web: LinuxAccount, olga: User, sent: Sent
) -> None:
    operation = submit(web, ContainerRun(image="evil.example/x"), actor=by(olga))
    write(web, STRICT, actor=ROOT)
    Operation.objects.filter(pk=operation.pk).update(state=State.RUNNING, fence=1)
    operation.refresh_from_db()
    running.run(operation, resumed=False)
    operation.refresh_from_db()
    assert operation.state == State.FAILED
    assert operation.error["code"] == "policy"
    assert "images.registries" in operation.error["message"]
    event = Event.objects.get(action="policy.refused")
    assert (event.operation, event.actor_name) == (operation.pk, "olga")


@pytest.mark.parametrize("attempt", ATTEMPTS[::20], ids=str)
def test_a_message_in_redis_makes_nothing_run_but_a_row(
    web: LinuxAccount, olga: User, sent: Sent, attempt: Attempt
) -> None:
    """A message is an id. Anything else in one is not an operation."""
    write(web, STRICT, actor=ROOT)
    with pytest.raises(NotAllowed):
        submit(web, parse(attempt.kind, attempt.parameters), actor=by(olga))
    forged: list[Any] = [str(uuid4()), attempt.parameters, [attempt.kind], "", None, "../x"]
    for message in forged:
        tasks.execute(message)
        tasks.cancel(message)
    with pytest.raises(TypeError):
        tasks.execute(attempt.kind, attempt.parameters)  # type: ignore[call-arg]
    assert not Operation.objects.exists()


def test_a_terminal_is_refused_and_audited(web: LinuxAccount, olga: User) -> None:
    query = ContainerTerminal(container="web")
    check_query(web, query, by(olga))
    write(web, "terminal = false", actor=ROOT)
    with pytest.raises(NotAllowed, match=r"rule terminal of the account web"):
        check_query(web, query, by(olga))
    assert Event.objects.get(action="policy.refused").kind == "container.terminal"


def test_the_hosts_file_counts_here_too_and_a_broken_one_allows_nothing(
    web: LinuxAccount, olga: User, sent: Sent, no_file: Path
) -> None:
    no_file.parent.chmod(0o755)
    no_file.write_text('[accounts.web.images]\nregistries = ["quay.example"]')
    no_file.chmod(0o644)
    with pytest.raises(NotAllowed, match=r"images\.registries"):
        submit(web, ContainerRun(image=IMAGE), actor=by(olga))
    no_file.write_text("nonsense")
    with pytest.raises(NotAllowed, match="nothing is allowed"):
        submit(web, ContainerRun(image=IMAGE), actor=by(olga))


def test_a_text_that_cannot_be_read_any_more_allows_nothing(
    web: LinuxAccount, olga: User, sent: Sent
) -> None:
    PolicyVersion.objects.create(account=web, text="gone = 1", writer_name="x")
    with pytest.raises(NotAllowed, match="nothing is allowed"):
        submit(web, ContainerRun(image=IMAGE), actor=by(olga))


def test_changes_are_versions_and_audited(web: LinuxAccount, olga: User) -> None:
    write(web, "containers = 1", actor=by(olga))
    assert write(web, "containers = 1\r\n", actor=by(olga)) is None
    write(web, "containers = 2", actor=by(olga))
    write(web, "", actor=by(olga))
    assert [version.text for version in versions(web)] == ["", "containers = 2", "containers = 1"]
    assert [version.current for version in versions(web)] == [True, False, False]
    found = of(web)
    assert found
    assert found.text == ""
    actions = Event.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["policy.changed", "policy.changed", "policy.removed"]
    with pytest.raises(Unreadable):
        write(web, "container = 2", actor=by(olga))
    assert versions(web).count() == 3
