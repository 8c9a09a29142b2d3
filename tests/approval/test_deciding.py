"""From the request to the decision: one outcome, by somebody else, of exactly the request."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from consoleapp.accounts.models import ApiToken, Grant, LinuxAccount, ServiceAccount, User
from consoleapp.audit.models import Event
from consoleapp.core.actor import Actor
from consoleapp.core.errors import Conflict, Refused
from consoleapp.files import claim, spool
from consoleapp.files.models import Upload
from consoleapp.notifications.models import Notice
from consoleapp.notifications.words import place, title
from consoleapp.operations import queue, secret_parameters
from consoleapp.operations.approval.approvers import approvers_of, decidable
from consoleapp.operations.approval.decisions import Uncommented, approve, decline, expire
from consoleapp.operations.approval.models import Approval
from consoleapp.operations.approval.requirements import requirements_of
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.operations.submit import cancel, retry, submit
from consoleapp.policies.check import NotAllowed
from consoleapp.policies.versions import write
from consoleapp.snapshots import reader
from consoleapp.worker import sweeper, tasks
from consoleapp.worker.engine_session import EngineSession
from engine.policy.rules import Unreadable, read, read_host
from engine.schema.archives import ImageLoad
from engine.schema.containers import ContainerRemove
from engine.schema.parameters import Role
from engine.schema.registries import RegistryLogin
from tests.fixtures.approval import ASKING, GIB, request, wanted
from tests.fixtures.notifications import rule
from tests.fixtures.people import by, person

pytestmark = pytest.mark.django_db
ROOT = Actor(user=None)
Commits = Any


def state(operation: Operation) -> str:
    operation.refresh_from_db()
    return str(operation.state)


def actions(operation: Operation) -> list[str]:
    found = Event.objects.filter(operation=operation.pk).order_by("pk")
    return list(found.values_list("action", flat=True))


def test_over_the_soft_limit_waits_over_the_hard_one_is_refused_and_below_both_runs(
    web: LinuxAccount, olga: User
) -> None:
    assert request(web, olga).state == State.AWAITING
    assert request(web, olga, wanted(GIB, "small")).state != State.AWAITING
    with pytest.raises(NotAllowed, match="rule memory"):
        request(web, olga, wanted(5 * GIB, "huge"))
    remove = request(web, olga, ContainerRemove(container="db"))
    assert remove.state == State.AWAITING
    [requirement] = remove.approval.requirements.all()
    assert requirement.source == "the account web"
    assert requirement.owners
    assert requirement.reasons[0][0] == "approval.kinds"


def test_what_waits_is_not_sent_and_a_message_in_redis_does_not_run_it(
    web: LinuxAccount, olga: User, sent: list[Any], django_capture_on_commit_callbacks: Commits
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        operation = request(web, olga)
    assert sent == []
    tasks.execute(str(operation.pk))
    assert queue.next_ones(web.host) == []
    assert state(operation) == State.AWAITING
    assert actions(operation) == ["operation.requested", "approval.requested"]


def test_an_approval_queues_it_and_is_audited(
    web: LinuxAccount,
    olga: User,
    olaf: User,
    sent: list[Any],
    django_capture_on_commit_callbacks: Commits,
) -> None:
    operation = request(web, olga)
    with django_capture_on_commit_callbacks(execute=True):
        approve(operation, actor=by(olaf), comment="for the fair")
    assert state(operation) == State.QUEUED
    assert sent == [("operations.execute", str(operation.pk))]
    event = Event.objects.get(action="approval.granted")
    assert (event.actor_name, event.detail) == ("olaf", "for the fair")
    assert operation.approval.decided_by == olaf


def test_nobody_decides_what_they_asked_for_nor_does_their_program(
    web: LinuxAccount, olga: User, olaf: User, admin: User, team: Group
) -> None:
    for user in (olaf, admin):
        own = request(web, user)
        with pytest.raises(Refused, match="somebody else"):
            approve(own, actor=by(user))
    robot = person("robot", web, Role.OPERATOR)
    ServiceAccount.objects.create(user=robot, owner=team)
    olaf.groups.add(team)
    of_robot = request(web, robot)
    with pytest.raises(Refused, match="not among"):
        approve(of_robot, actor=by(olaf))
    Grant.objects.filter(user=robot).update(role=Role.OWNER)
    with pytest.raises(Refused, match="not among"):
        approve(request(web, olga), actor=by(robot))
    with pytest.raises(Refused, match="not among"):
        approve(of_robot, actor=by(olga))
    assert Event.objects.filter(action="approval.refused").count() == 5
    approve(of_robot, actor=by(admin))


def test_a_token_that_reads_decides_nothing(web: LinuxAccount, olga: User, olaf: User) -> None:
    token = ApiToken.objects.create(user=olaf, name="r", prefix="p", digest="d", scope="read")
    with pytest.raises(Refused, match="only read"):
        approve(request(web, olga), actor=Actor(user=olaf, token=token, source="api"))


def test_the_first_of_two_approvers_decides(
    web: LinuxAccount, olga: User, olaf: User, admin: User
) -> None:
    operation = request(web, olga)
    as_both_saw_it = Operation.objects.get(pk=operation.pk)
    approve(operation, actor=by(olaf))
    with pytest.raises(Conflict, match="decided already: granted by olaf"):
        decline(as_both_saw_it, actor=by(admin), comment="no")
    assert actions(operation).count("approval.granted") == 1
    assert "approval.declined" not in actions(operation)


def test_between_the_look_and_the_change_somebody_else_may_be_first(
    web: LinuxAccount, olga: User, olaf: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = request(web, olga)
    monkeypatch.setattr("consoleapp.operations.approval.decisions._check", lambda *_: None)
    cancel(Operation.objects.get(pk=operation.pk), actor=by(olga))
    with pytest.raises(Conflict):
        approve(operation, actor=by(olaf))
    assert state(operation) == State.CANCELLED
    assert "approval.granted" not in actions(operation)


def test_a_decline_needs_a_word_and_ends_it_with_it(
    web: LinuxAccount, olga: User, olaf: User
) -> None:
    operation = request(web, olga)
    with pytest.raises(Uncommented):
        decline(operation, actor=by(olaf), comment="  ")
    decline(operation, actor=by(olaf), comment="too big")
    assert state(operation) == State.DECLINED
    assert operation.error["message"] == "olaf declined it: too big"
    assert operation.ended_at


def test_what_was_taken_back_cannot_be_approved(web: LinuxAccount, olga: User, olaf: User) -> None:
    operation = request(web, olga)
    cancel(operation, actor=by(olga))
    assert state(operation) == State.CANCELLED
    assert "approval.withdrawn" in actions(operation)
    with pytest.raises(Conflict, match="withdrawn by olga"):
        approve(operation, actor=by(olaf))


def test_what_expired_cannot_be_approved_even_before_the_sweeper_came(
    web: LinuxAccount, olga: User, olaf: User
) -> None:
    operation = request(web, olga)
    expire(web.host)
    assert state(operation) == State.AWAITING
    Approval.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Conflict, match="not await"):
        approve(operation, actor=by(olaf))
    expire(web.host)
    assert state(operation) == State.EXPIRED
    assert "Nobody approved" in operation.error["message"]
    assert actions(operation)[-1] == "approval.expired"
    with pytest.raises(Conflict, match="decided already: expired"):
        approve(operation, actor=by(olaf))


def test_role_and_policy_are_judged_again_at_the_approval(
    web: LinuxAccount, olga: User, olaf: User
) -> None:
    operation = request(web, olga)
    write(web, ASKING.replace("4g", "1g"), actor=ROOT)
    with pytest.raises(Conflict, match="rule memory"):
        approve(operation, actor=by(olaf))
    write(web, ASKING, actor=ROOT)
    Grant.objects.filter(user=olga).delete()
    with pytest.raises(Conflict, match="olga has no grant any more"):
        approve(operation, actor=by(olaf))
    assert state(operation) == State.AWAITING
    assert actions(operation).count("approval.refused") == 2


def test_only_what_was_shown_to_the_approver_runs(
    web: LinuxAccount, olga: User, olaf: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = []
    monkeypatch.setattr(EngineSession, "__enter__", lambda self: sessions.append(self))
    operation = request(web, olga)
    approve(operation, actor=by(olaf))
    Operation.objects.filter(pk=operation.pk).update(
        parameters=operation.parameters | {"image": "evil.example/x:1"}
    )
    tasks.execute(str(operation.pk))
    assert state(operation) == State.FAILED
    assert "not what was approved of" in operation.error["message"]
    assert sessions == []


def test_a_policy_that_asks_since_then_holds_for_what_is_queued(
    web: LinuxAccount, olga: User
) -> None:
    write(web, "", actor=ROOT)
    operation = request(web, olga)
    write(web, ASKING, actor=ROOT)
    tasks.execute(str(operation.pk))
    assert state(operation) == State.FAILED
    assert "By now it needs approval" in operation.error["message"]


def test_a_policy_that_asks_since_then_holds_for_what_waits(
    web: LinuxAccount, olga: User, olaf: User, team: Group
) -> None:
    operation = request(web, olga)
    asking = '[approval]\nkinds = ["container.run"]\napprovers = ["reviewers"]\n'
    write(web.host, asking, actor=ROOT)
    with pytest.raises(Conflict, match="By now it needs approval"):
        approve(operation, actor=by(olaf))
    assert state(operation) == State.AWAITING


def test_other_approvers_since_then_hold_for_what_was_approved_of(
    web: LinuxAccount, olga: User, olaf: User, team: Group
) -> None:
    operation = request(web, olga)
    approve(operation, actor=by(olaf))
    asking = ASKING.replace("[approval]", '[approval]\napprovers = ["reviewers"]')
    write(web, asking, actor=ROOT)
    tasks.execute(str(operation.pk))
    assert state(operation) == State.FAILED
    assert "By now it needs approval" in operation.error["message"]


def test_a_groups_policy_holds_for_the_service_accounts_that_it_owns(
    web: LinuxAccount, team: Group
) -> None:
    robot = person("robot", web, Role.OPERATOR)
    ServiceAccount.objects.create(user=robot, owner=team)
    write(web, "", actor=ROOT)
    write(team, '[approval]\nkinds = ["container.*"]\n', actor=ROOT)
    assert request(web, robot).state == State.AWAITING


def test_a_retry_needs_approval_again(web: LinuxAccount, olga: User, olaf: User) -> None:
    operation = request(web, olga)
    decline(operation, actor=by(olaf), comment="no")
    assert retry(operation, actor=by(olga)).state == State.AWAITING


def test_secrets_stay_sealed_while_it_waits_and_are_forgotten_at_its_end(
    web: LinuxAccount, olga: User, olaf: User
) -> None:
    login = RegistryLogin(registry="quay.example", username="u", password="hidden-word")
    operation = request(web, olga, login)
    assert "hidden-word" not in f"{operation.parameters}{operation.encrypted}"
    assert secret_parameters.parameters_of(operation) == login
    decline(operation, actor=by(olaf), comment="no")
    assert not Operation.objects.get(pk=operation.pk).encrypted


def test_an_upload_survives_until_it_is_decided(
    web: LinuxAccount, olga: User, olaf: User, settings: Any, tmp_path: Path
) -> None:
    old = timezone.now() - timedelta(days=3)
    upload = Upload.objects.create(
        account=web, sent_by=olga, name="a.tar", size=3, sha256="0" * 64, complete_at=old
    )
    Upload.objects.update(begun_at=old)
    path = spool.upload_path(upload.pk)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"tar")
    try:
        operation = request(web, olga, ImageLoad(archive=upload.pk))
        assert operation.state == State.AWAITING
        claim.sweep()
        assert path.exists()
        decline(operation, actor=by(olaf), comment="no")
        claim.sweep()
        assert not path.exists()
    finally:
        path.unlink(missing_ok=True)


def test_every_policy_that_asks_must_be_satisfied_and_both_ends_say_the_same(
    web: LinuxAccount, olga: User, olaf: User, admin: User, team: Group
) -> None:
    write(web.host, '[approval]\napprovers = ["reviewers"]\nkinds = ["container.*"]', actor=ROOT)
    rita = person("rita", web, Role.VIEWER)
    rita.groups.add(team)
    outside = User.objects.create(username="outside")
    outside.groups.add(team)
    people = [olga, olaf, admin, rita, outside]

    def who(operation: Operation) -> set[str]:
        one = {u.username for u in people if decidable(u).filter(pk=operation.pk).exists()}
        assert one == set(approvers_of(operation).values_list("username", flat=True))
        return one

    assert who(request(web, olga, wanted(GIB))) == {"rita", "admin"}
    both = request(web, olga, wanted(2 * GIB, "two"))
    assert both.approval.requirements.count() == 2
    assert who(both) == {"admin"}
    olaf.groups.add(team)
    assert who(both) == {"admin", "olaf"}
    assert who(request(web, olaf, wanted(2 * GIB, "three"))) == {"admin"}
    team.delete()
    assert who(both) == {"admin"}


def test_an_unknown_number_of_containers_waits_and_a_known_one_is_counted(
    web: LinuxAccount, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(web, "[approval]\ncontainers = 2", actor=ROOT)
    assert requirements_of(olga, web, wanted())
    known = SimpleNamespace(snapshot=SimpleNamespace(containers=[1], images=[]))
    monkeypatch.setattr(reader, "load", lambda *_: known)
    assert not requirements_of(olga, web, wanted())
    known.snapshot.containers.append(2)
    assert "may have 2" in str(requirements_of(olga, web, wanted())[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[approval]\nkinds = ['container.fly']", "no kind of operation is called container.fly"),
        ("[approval]\nexpires_after = 'soon'", "must be a time such as"),
        ("[approval]\nexpires_after = '0m'", "greater than or equal to"),
        ("[approval]\nterminal = false", "cannot wait"),
        ("[approval.disk]\nmost = '1g'", "only the engine measures"),
        ("[approval]\nmemoir = 1", "no such rule"),
        ("[approval]\napprovers = ['nobody']", "no group called nobody"),
        ("[approval.approval]\nkinds = []", "only policies that are kept in the console"),
    ],
)
def test_what_makes_no_sense_is_refused_when_it_is_saved(
    web: LinuxAccount, text: str, message: str
) -> None:
    with pytest.raises(Unreadable, match=message):
        write(web, text, actor=ROOT)


def test_the_hosts_file_cannot_ask_since_engines_know_no_people() -> None:
    with pytest.raises(Unreadable, match="only policies that are kept in the console"):
        read_host("[approval]\nkinds = ['container.*']")
    assert read("[approval]\nexpires_after = '2d'").approval.expires_after == timedelta(days=2)  # type: ignore[union-attr]


def test_the_sweeper_ends_what_expired(web: LinuxAccount, olga: User, settings: Any) -> None:
    settings.BERTH_HOST = web.host.name
    operation = request(web, olga)
    Approval.objects.update(expires_at=timezone.now())
    sweeper.sweep()
    assert state(operation) == State.EXPIRED


def test_a_key_used_before_gives_what_waits(web: LinuxAccount, olga: User) -> None:
    first = submit(web, wanted(), actor=by(olga), idempotency_key="k")
    assert submit(web, wanted(), actor=by(olga), idempotency_key="k").pk == first.pk
    assert Approval.objects.count() == 1
    assert secret_parameters.parameters_of(first) == wanted()


def test_approvers_and_then_the_requester_are_told_and_nobody_else(
    web: LinuxAccount, olga: User, olaf: User
) -> None:
    victor = person("victor", web, Role.VIEWER)
    for user in (olga, olaf, victor):
        rule(user)
    operation = request(web, olga)
    assert [n.user for n in Notice.objects.all()] == [olaf]
    approve(operation, actor=by(olaf), comment="fine")
    answer = Notice.objects.exclude(user=olaf).select_related("occurrence")
    assert [(n.user, n.occurrence.detail) for n in answer] == [(olga, "Approved by olaf. fine")]
    for notice in Notice.objects.all():
        assert "big" in title(notice.occurrence)
        assert place(notice.occurrence) == f"/approvals/{operation.pk}/"
