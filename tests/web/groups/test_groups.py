"""Groups and their members."""

from consoleapp.accounts.models import Grant
from consoleapp.audit.models import Event


def test_a_grant_to_a_group_is_a_grant_to_its_members(as_, admin, web, team, stranger):
    Grant.objects.create(account=web, group=team, role="viewer")
    client = as_(stranger)
    assert client.get("/accounts/web/").status_code == 404
    as_(admin).post(f"/groups/{team.pk}/members/", {"add": "stina"})
    assert client.get("/accounts/web/").status_code == 200
    as_(admin).post(f"/groups/{team.pk}/members/", {"take_out": "stina"})
    assert client.get("/accounts/web/").status_code == 404
    assert Event.objects.filter(action="group.changed", target="Web team").count() == 2


def test_groups_are_made_renamed_and_removed(as_, admin, team):
    client = as_(admin)
    assert client.post("/groups/", {"name": "Web team"}).status_code == 422
    assert client.post("/groups/", {"name": "Build team"}).status_code == 302
    assert client.post(f"/groups/{team.pk}/", {"name": "Shop team"}).status_code == 302
    team.refresh_from_db()
    assert team.name == "Shop team"
    client.post(f"/groups/{team.pk}/remove/")
    assert set(
        Event.objects.filter(action__startswith="group.")
        .order_by("id")
        .values_list("action", flat=True)
    ) == {
        "group.created",
        "group.changed",
        "group.removed",
    }


def test_somebody_who_does_not_exist_is_said_so(as_, admin, team):
    page = as_(admin).post(f"/groups/{team.pk}/members/", {"add": "ghost"}, follow=True)
    assert "no user named" in page.content.decode()
