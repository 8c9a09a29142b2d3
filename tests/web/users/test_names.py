"""Nobody can take a name that resembles another's, in any of the ways to get one."""

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from consoleapp.accounts import names
from consoleapp.accounts.models import User
from tests.web.invitations.test_invitations import GIVEN, link  # noqa: F401 - a fixture

LIKE_ADMIN = [
    *("admin", "Admin", "ADMIN", "aDmIn"),
    *("ＡＤＭＩＮ", "ａｄｍｉｎ", "Ａdmin", "𝐚𝐝𝐦𝐢𝐧", "𝔄𝔡𝔪𝔦𝔫", "ⓐⓓⓜⓘⓝ", "ᵃᵈᵐⁱⁿ", "admi\u207f"),
    *(" admin", "admin ", "\u3000admin", "ADMIN\u00a0"),
]
NOT_ALLOWED = [
    # Letters of other alphabets, marks, and invisible characters.
    *("аdmin", "admın", "adm\u0456n", "admi\u0301n", "admin\u200b", "ad\u00admin", "\u202enimda"),
    *("admin\x00", "admin\n", "ad min", "admin\ufe0f", "admin\U000e0061", "ad\u034fmin", "\ud800"),
    *(
        ".admin",
        "-admin",
        "@admin",
        "_admin",
        "+",
        "..",
        "/admin",
        "admin/",
        "<b>",
        "'",
        '"',
        "a,b",
    ),
    *("张伟", "ſystem\u0131", "ﬁ\u2044"),
]
RESERVED = [
    *(
        "system",
        "System",
        "SYSTEM",
        "ｓｙｓｔｅｍ",
        "ſystem",
        "sys-tem",
        "s.y.s.t.e.m",
        "system.",
        "5ystem",
    ),
    *("sy5tem", "syst3m", "berth", "Berth", "everybody", "nobody", "anonymous", "administrators"),
    *("systern", "sys7em", "vvorker", "4dministrator", "scheduIer"),
]
LIKE_THE_TEAM = [
    "webteam",
    "WebTeam",
    "web-team",
    "web_team",
    "Web.Team",
    "w3bteam",
    "ｗｅｂｔｅａｍ",
]
REFUSED = [*LIKE_ADMIN, *NOT_ALLOWED, *RESERVED, *LIKE_THE_TEAM]


@pytest.mark.parametrize("name", REFUSED, ids=ascii)
def test_no_invitee_takes_it_and_the_link_still_works(link, name):  # noqa: F811
    given = GIVEN | {"username": name.encode(errors="replace").decode()}
    answer = Client().post(link, given)
    assert answer.status_code == 422
    assert User.objects.count() == 1
    assert Client().post(link, GIVEN).status_code == 302


def test_who_is_refused_a_name_does_not_lock_its_holder_out(link, admin):  # noqa: F811
    Client().post(link, GIVEN | {"username": "ＡＤＭＩＮ"})
    client = Client()
    client.post("/user/login/", {"login": "admin", "password": "harbour-master-1"})
    assert client.get("/users/").status_code == 200


@pytest.mark.parametrize("name", ["ＡＤＭＩＮ", "аdmin", "system", "web-team"], ids=ascii)
def test_no_page_and_no_command_makes_it(admin, team, as_, name):
    client = as_(admin)
    assert client.post("/users/new/", {"username": name}).status_code == 422
    values = {"name": name, "role": "viewer"}
    assert client.post("/service-accounts/", values).status_code == 422
    with pytest.raises(CommandError):
        call_command("createsuperuser", username=name, email="a@example.org", interactive=False)
    with pytest.raises(ValidationError):
        User.objects.create_user(name)
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", ["ＡＤＭＩＮ", "Admin", "ⓐⓓⓜⓘⓝ"], ids=ascii)
def test_the_database_refuses_it_whoever_writes(admin, name):
    with pytest.raises(IntegrityError), transaction.atomic():
        User(username=name).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(username=name)])
    other = User.objects.create_user("other")
    other.username = name
    with pytest.raises(IntegrityError), transaction.atomic():
        other.save(update_fields=["username"])


@pytest.mark.parametrize(
    "name",
    ["admin", "ADMIN", "ａｄｍｉｎ", "a.d.m.i.n", "system", "Sys tem", "\u200b", "4dmin"]
    + [
        "\u0430dmin",
        "\u0405\u0423\u0405\u0422\u0415\u041c",
        "s\u0443stem",
        "s\u00ffstem",
        "syste\u0301m",
        "b\u03b5rth",
    ],
)
def test_no_group_is_called_like_a_user_or_like_berth(admin, team, as_, name):
    client = as_(admin)
    assert client.post("/groups/", {"name": name}).status_code == 422
    assert client.post(f"/groups/{team.pk}/", {"name": name}).status_code == 422
    assert [group.name for group in Group.objects.all()] == ["Web team"]


@pytest.mark.parametrize("name", ["WEB TEAM", "Ｗｅｂ team", "web  team\u202e"])
def test_no_group_is_called_like_another(admin, team, as_, name):
    assert as_(admin).post("/groups/", {"name": name}).status_code == 422


def test_a_group_keeps_a_name_from_before_the_rules(admin, as_):
    group = Group.objects.create(name="admin")
    assert as_(admin).post(f"/groups/{group.pk}/", {"name": "admin"}).status_code == 302


@pytest.mark.parametrize("spelled", ["admin", "ADMIN", "ａｄｍｉｎ", " admin "])
def test_one_signs_in_by_any_spelling_of_ones_own_name(admin, spelled):
    client = Client()
    client.post("/user/login/", {"login": spelled, "password": "harbour-master-1"})
    assert client.get("/users/").status_code == 200


@pytest.mark.parametrize("name", ["ingrid", "Ingrid", "i.berg", "i_berg+ci@example.org", "9lives"])
def test_ordinary_names_are_taken(link, name):  # noqa: F811
    assert Client().post(link, GIVEN | {"username": name}).status_code == 302
    assert User.objects.filter(username=name).exists()


def test_the_key_of_a_name_is_its_own_key():
    for name in REFUSED:
        assert names.key(names.key(name)) == names.key(name)
