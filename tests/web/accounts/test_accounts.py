"""The list and the overview of accounts, and their grants."""

from django.contrib.auth.models import Group

from consoleapp.accounts.models import Grant, User
from consoleapp.audit.models import Event
from tests.fixtures.web import StoredSnapshot, container, snapshot


def test_the_overview_says_what_podman_says(as_, web, viewer, snapshots):
    snapshots["web"] = StoredSnapshot(
        snapshot(container("a"), container("b", "exited", exit_code=3))
    )
    page = as_(viewer).get("/accounts/web/").content.decode()
    assert "5.4.2" in page
    assert "31 GB of 64 GB" in page
    assert "exited with code 3" in page


def test_missing_controllers_are_said_with_what_they_mean(as_, web, viewer, snapshots):
    snapshots["web"] = StoredSnapshot(snapshot(cgroup_controllers=["pids"]))
    page = as_(viewer).get("/accounts/web/").content.decode()
    assert "Memory limits are refused" in page
    assert "CPU limits are refused" in page
    assert "number of processes" not in page


def test_an_engine_that_does_not_answer_is_said_with_the_reason(as_, web, viewer, snapshots):
    snapshots["web"] = StoredSnapshot(None, error="No engine answers on its socket.")
    client = as_(viewer)
    for url in ("/accounts/web/", "/accounts/", "/"):
        assert "No engine answers on its socket." in client.get(url).content.decode()


def test_an_account_without_a_grant_does_not_exist(as_, web, stranger):
    client = as_(stranger)
    for url in ("/accounts/web/", "/accounts/web/card/", "/accounts/web/grants/"):
        assert client.get(url).status_code == 404
    assert ">web<" not in client.get("/accounts/").content.decode()


def test_an_owner_lets_somebody_in_changes_the_role_and_takes_it_away(as_, web, owner, stranger):
    client = as_(owner)
    client.post("/accounts/web/grants/", {"holder": f"user-{stranger.pk}", "role": "viewer"})
    grant = Grant.objects.get(account=web, user=stranger)
    assert as_(stranger).get("/accounts/web/").status_code == 200
    client.post(f"/accounts/web/grants/{grant.pk}/", {"role": "operator"})
    grant.refresh_from_db()
    assert grant.role == "operator"
    client.post(f"/accounts/web/grants/{grant.pk}/", {"remove": "yes"})
    assert as_(stranger).get("/accounts/web/").status_code == 404
    actions = list(
        Event.objects.filter(action__startswith="grant.")
        .order_by("id")
        .values_list("action", flat=True)
    )
    assert actions == ["grant.created", "grant.changed", "grant.removed"]


def test_a_group_is_let_in_by_its_number(as_, web, owner, team):
    values = {"holder": f"group-{team.pk}", "role": "viewer"}
    as_(owner).post("/accounts/web/grants/", values)
    assert Grant.objects.get(group=team).account == web


def test_who_is_not_there_or_has_a_grant_is_said_at_the_field(as_, web, owner, viewer):
    client = as_(owner)
    for holder in ("user-999999", "group-999999", "user-x", "", f"user-{viewer.pk}"):
        response = client.post("/accounts/web/grants/", {"holder": holder, "role": "viewer"})
        assert response.status_code == 422
    assert "victor already has a grant" in response.content.decode()


def test_a_user_and_a_group_of_one_name_are_told_apart(as_, web, owner):
    """The group got its name before users could no longer take names of groups."""
    group = Group.objects.create(name="deploy")
    user = User(username="deploy")
    user.save()
    page = as_(owner).get("/accounts/web/grants/").content.decode()
    assert page.index('label="Groups"') < page.index('label="Users"')
    assert f'value="group-{group.pk}"' in page
    assert f'value="user-{user.pk}"' in page
    values = {"holder": "deploy", "role": "operator"}
    assert as_(owner).post("/accounts/web/grants/", values).status_code == 422
    values["holder"] = f"group-{group.pk}"
    as_(owner).post("/accounts/web/grants/", values)
    assert Grant.objects.get(role="operator").group == group


def test_an_operator_may_not_decide_who_else_may(as_, web, operator, viewer):
    grant = Grant.objects.get(user=viewer)
    client = as_(operator)
    assert client.get("/accounts/web/grants/").status_code == 403
    assert client.post(f"/accounts/web/grants/{grant.pk}/", {"role": "owner"}).status_code == 403
    grant.refresh_from_db()
    assert grant.role == "viewer"
    assert Event.objects.filter(action="access.refused", actor=operator).count() == 2


def test_a_role_that_there_is_not_changes_nothing(as_, web, owner, viewer):
    grant = Grant.objects.get(user=viewer)
    as_(owner).post(f"/accounts/web/grants/{grant.pk}/", {"role": "emperor"})
    grant.refresh_from_db()
    assert grant.role == "viewer"
