"""Approvals on pages and in the API."""

from collections.abc import Callable
from typing import Literal
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from consoleapp.accounts.models import ApiToken, LinuxAccount, User
from consoleapp.accounts.tokens import issue
from consoleapp.core.actor import Actor
from consoleapp.operations.models import Operation
from consoleapp.operations.states import State
from consoleapp.policies.versions import write
from engine.schema.containers import ContainerRemove, ContainerReplace
from engine.schema.parameters import Role
from engine.schema.units import UnitWrite
from tests.fixtures.api import Caller
from tests.fixtures.approval import GIB, request, wanted
from tests.fixtures.people import person

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def state(operation: Operation) -> str:
    operation.refresh_from_db()
    return str(operation.state)


def test_the_launch_form_says_beforehand_that_it_would_wait_or_be_refused(
    web: LinuxAccount, olga: User, as_: As
) -> None:
    def preview(memory: str) -> str:
        form = {"image": "localhost/demo:1", "memory": memory}
        answer = as_(olga).post("/accounts/web/containers/launch/preview/", form)
        return answer.content.decode()

    waits = preview("2g")
    assert "This would need approval." in waits
    assert "approval.memory.most" in waits
    assert "This would be refused." in preview("8g")
    fine = preview("1g")
    assert "podman run" in fine
    assert "approval" not in fine


def test_an_approver_sees_what_will_run_and_why_and_approves(
    web: LinuxAccount, olga: User, olaf: User, as_: As
) -> None:
    operation = request(web, olga)
    path = f"/approvals/{operation.pk}/"
    listed = text(as_(olaf), "/approvals/")
    assert path in listed
    assert f'value="{operation.pk}"' in listed
    page = text(as_(olaf), path)
    for words in (
        "podman run",
        "--memory 2",
        "2 GiB is too much memory: at most 1 GiB.",
        "approval.memory.most",
        "the account web",
        "olga",
        operation.approval.fingerprint,
    ):
        assert words in page
    answer = as_(olaf).post(f"{path}approve/", {"comment": "<b>fine</b>"}, follow=True)
    assert "It is approved, and queued." in answer.content.decode()
    assert "&lt;b&gt;fine" in answer.content.decode()
    assert state(operation) != State.AWAITING


def test_a_decline_without_a_word_comes_back_with_the_field_marked(
    web: LinuxAccount, olga: User, olaf: User, as_: As
) -> None:
    operation = request(web, olga)
    answer = as_(olaf).post(f"/approvals/{operation.pk}/decline/", {"comment": " "})
    assert answer.status_code == 422
    assert "Say why it is declined" in answer.content.decode()
    assert state(operation) == State.AWAITING
    as_(olaf).post(f"/approvals/{operation.pk}/decline/", {"comment": "too big"})
    assert state(operation) == State.DECLINED
    assert "olaf declined it: too big" in text(as_(olga), f"/operations/{operation.pk}/")


def test_the_requester_sees_that_it_waits_may_say_why_and_has_no_buttons(
    web: LinuxAccount, olga: User, olaf: User, as_: As
) -> None:
    operation = request(web, olga)
    mine = text(as_(olga), f"/operations/{operation.pk}/")
    for words in ("awaiting approval", "Withdraw", "2 GiB is too much memory", "Reason (optional"):
        assert words in mine
    as_(olga).post(f"/approvals/{operation.pk}/why/", {"note": "the fair\x00"})
    assert "the fair" in text(as_(olaf), f"/approvals/{operation.pk}/")
    as_(olaf).post(f"/approvals/{operation.pk}/why/", {"note": "not mine"})
    operation.approval.refresh_from_db()
    assert operation.approval.note == "the fair"
    page = text(as_(olga), f"/approvals/{operation.pk}/")
    assert "somebody else must decide" in page
    assert "an owner of the account" in page
    assert f"/approvals/{operation.pk}/approve/" not in page
    as_(olga).post(f"/approvals/{operation.pk}/approve/")
    assert state(operation) == State.AWAITING
    for path in ("/operations/", "/operations/activity/", "/approvals/?show=mine"):
        assert "awaiting approval" in text(as_(olga), path)
    as_(olga).post(f"/operations/{operation.pk}/cancel/")
    assert state(operation) == State.CANCELLED
    assert "Withdrawn by olga" in text(as_(olaf), f"/approvals/{operation.pk}/")


def test_many_are_approved_at_once_but_not_ones_own(
    web: LinuxAccount, olga: User, olaf: User, as_: As
) -> None:
    theirs = [request(web, olga, wanted(2 * GIB, f"n{each}")) for each in range(3)]
    own = request(web, olaf)
    chosen = [str(each.pk) for each in (*theirs, own)] + ["nonsense"]
    message = as_(olaf).post("/approvals/approve/", {"operation": chosen}, follow=True)
    assert "3 requests are approved." in message.content.decode()
    assert "somebody else must decide" in message.content.decode()
    assert State.AWAITING not in {state(each) for each in theirs}
    assert state(own) == State.AWAITING


def test_the_menu_counts_what_waits_for_the_reader(
    web: LinuxAccount, olga: User, olaf: User, as_: As
) -> None:
    request(web, olga)
    assert "1 waiting for your decision" in text(as_(olaf), "/approvals/count/")
    assert "hidden" in text(as_(olga), "/approvals/count/").split("hx-get")[0]
    assert 'class="only-counted"' in text(as_(olga), "/")


def test_strangers_find_nothing(web: LinuxAccount, olga: User, as_: As) -> None:
    operation = request(web, olga)
    stranger = User.objects.create(username="stina")
    for end in ("", "approve/", "decline/", "why/"):
        path = f"/approvals/{operation.pk}/{end}"
        client = as_(stranger)
        assert (client.post(path) if end else client.get(path)).status_code == 404
    assert str(operation.pk) not in text(as_(stranger), "/approvals/?show=all")
    assert as_(olga).get(f"/approvals/{uuid4()}/").status_code == 404
    assert text(as_(olga), "/approvals/?show=%00&q=%00&page=x")


def test_the_launch_form_and_what_may_i_do_tell_what_needs_approval(
    web: LinuxAccount, olga: User, as_: As
) -> None:
    message = "Without approval: Memory: a limit, where there is one, is at most 1 GiB."
    assert message in text(as_(olga), "/accounts/web/containers/launch/")
    page = text(as_(olga), "/accounts/web/policy/")
    assert message in page
    assert "These always need approval: container.remove" in page
    assert "Approvers: the owners of the account, and administrators." in page
    judged = as_(olga).get(
        "/accounts/web/policy/check/", {"line": "podman run -d -m 2g registry.example/a/b:1"}
    )
    assert "This would need approval" in judged.content.decode()


def test_a_launch_goes_to_the_page_where_it_waits(web: LinuxAccount, olga: User, as_: As) -> None:
    posted = {"image": "registry.example/a/b:1", "memory": "2g", "name": "big"}
    answer = as_(olga).post("/accounts/web/containers/launch/", posted)
    assert answer.status_code == 303
    operation = Operation.objects.get()
    assert operation.state == State.AWAITING
    assert answer["Location"] == f"/operations/{operation.pk}/"


def _api(user: User, scope: Literal["read", "operate"] = "operate") -> Caller:
    return Caller(issue(user, "t", scope, None)[1], Client())


def test_the_api_asks_lists_decides_and_refuses(web: LinuxAccount, olga: User, olaf: User) -> None:
    asking, deciding, reading = _api(olga), _api(olaf), _api(olaf, "read")
    body = {"kind": "container.remove", "parameters": {"container": "db"}}
    violation = asking.post("/accounts/web/policy/check", body).json()
    assert (violation["outcome"], violation["allowed"]) == ("needs approval", True)
    assert violation["requirements"][0]["rule"] == "approval.kinds"
    answer = asking.post("/accounts/web/operations", body)
    assert (answer.status_code, answer.json()["state"]) == (202, "awaiting")
    identity = answer.json()["id"]
    assert asking.get("/operations?state=awaiting").json()["operations"][0]["id"] == identity
    assert asking.get("/approvals?show=decidable").json()["approvals"] == []
    [listed] = deciding.get("/approvals?show=decidable").json()["approvals"]
    assert listed["mine_to_decide"]
    assert (
        listed["operation"]["command"] == "podman rm --time 10 db" or listed["operation"]["command"]
    )
    assert listed["requirements"][0]["source"] == "the account web"
    path = f"/approvals/{identity}"
    assert asking.post(f"{path}/approve", {}).status_code == 403
    assert reading.post(f"{path}/approve", {}).status_code == 403
    assert deciding.post(f"{path}/decline", {"comment": " "}).status_code == 422
    done = deciding.post(f"{path}/approve", {"comment": "yes"})
    assert done.status_code == 202
    assert deciding.post(f"{path}/decline", {"comment": "no"}).status_code == 409
    read = deciding.get(path).json()
    assert (read["decision"], read["decided_by"], read["comment"]) == ("granted", "olaf", "yes")
    assert deciding.get(f"/approvals/{uuid4()}").status_code == 404
    assert ApiToken.objects.count() == 3


def test_a_viewer_may_look_but_not_decide(web: LinuxAccount, olga: User, as_: As) -> None:
    operation = request(web, olga, ContainerRemove(container="db"))
    victor = person("victor", web, Role.VIEWER)
    assert "You can view this request" in text(as_(victor), f"/approvals/{operation.pk}/")
    as_(victor).post(f"/approvals/{operation.pk}/approve/")
    assert state(operation) == State.AWAITING


def test_of_a_bulk_action_each_waits_and_the_page_says_so(
    web: LinuxAccount, olga: User, as_: As
) -> None:
    answer = as_(olga).post(
        "/accounts/web/containers/act/",
        {"kind": "container.remove", "container": ["a", "b"]},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 204
    assert '"awaits": true' in answer["HX-Trigger"]
    assert set(Operation.objects.values_list("state", flat=True)) == {State.AWAITING}


def test_a_container_in_the_place_of_another_waits_as_well(web: LinuxAccount, olga: User) -> None:
    wanted_now = ContainerReplace(image="registry.example/a/b:2", name="web", memory=2 * GIB)
    assert request(web, olga, wanted_now).state == State.AWAITING


def test_an_editor_says_that_its_file_waits(
    web: LinuxAccount, olga: User, olaf: User, as_: As
) -> None:
    write(web, '[approval]\nkinds = ["unit.*"]', actor=Actor(user=None))
    saving = request(
        web,
        olga,
        UnitWrite(file="containers/systemd/a.container", text="[Container]\nImage=x/y:1\n"),
    )
    page = text(as_(olga), reverse("units:saved", args=["web", saving.pk]))
    assert "awaiting approval" in page
    assert f"sse:operation-{saving.pk}" in page
