"""An operation that concerns a second account: the role there is checked twice."""

import pytest

from consoleapp.accounts.models import Grant, Host, LinuxAccount, User
from consoleapp.audit.models import Event
from consoleapp.core.errors import Conflict, Refused
from consoleapp.operations import cross_account
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.operations.submit import cancel, submit
from engine.schema.archives import ImageShare
from engine.schema.parameters import Role
from tests.fixtures.people import by

Sent = list[tuple[str, str]]


def share(source: str = "other") -> ImageShare:
    return ImageShare(source=source, image="localhost/demo:1")


def test_without_the_role_on_the_source_it_is_refused_and_audited_there(
    web: LinuxAccount, other: LinuxAccount, olga: User, sent: Sent
) -> None:
    Grant.objects.create(user=olga, account=other, role=Role.VIEWER)
    with pytest.raises(Refused):
        submit(web, share(), actor=by(olga))
    assert not Operation.objects.exists()
    assert Event.objects.get(action="access.refused").account == other


def test_an_account_that_one_may_not_see_is_as_good_as_none(
    web: LinuxAccount, other: LinuxAccount, olga: User, sent: Sent
) -> None:
    with pytest.raises(Refused) as one:
        submit(web, share(), actor=by(olga))
    with pytest.raises(Refused) as two:
        submit(web, share("nobody"), actor=by(olga))
    assert str(one.value).replace("other", "nobody") == str(two.value)


def test_the_account_itself_and_one_of_another_host_are_refused(
    web: LinuxAccount, admin: User, sent: Sent
) -> None:
    far = Host.objects.create(name="far")
    LinuxAccount.objects.create(host=far, name="f", key="far-f", uid=1, socket="/nowhere")
    for source in ("web", "far-f"):
        with pytest.raises(Conflict):
            submit(web, share(source), actor=by(admin))
    assert not Operation.objects.exists()


def test_the_audit_of_both_accounts_tells_of_the_request_and_of_the_end(
    web: LinuxAccount, other: LinuxAccount, olga: User, sent: Sent
) -> None:
    Grant.objects.create(user=olga, account=other, role=Role.OPERATOR)
    operation = submit(web, share(), actor=by(olga))
    cancel(operation, actor=by(olga))
    for action in ("operation.requested", "operation.cancelled"):
        accounts = Event.objects.filter(action=action).values_list("account__key", flat=True)
        assert sorted(accounts) == ["other", "web"]
    operation.refresh_from_db()
    assert operation.state == State.CANCELLED


def test_a_grant_on_the_source_that_went_away_meanwhile_counts(
    web: LinuxAccount, other: LinuxAccount, olga: User, sent: Sent
) -> None:
    grant = Grant.objects.create(user=olga, account=other, role=Role.OPERATOR)
    assert cross_account.no_longer_allowed(olga, share()) == ""
    grant.delete()
    assert "other" in cross_account.no_longer_allowed(olga, share())
