"""A one-time password is good for choosing one's own, and for nothing else."""

import io
import re

import pytest
from django.core.management import call_command
from django.test import Client

from consoleapp.accounts.models import User
from consoleapp.accounts.tokens import issue
from consoleapp.audit.models import Event

PAGE = "/me/new-password/"
OWN = "a-long-harbour-word"


def handed_over(page: str) -> str:
    found = re.search(r'<code id="password">([^<]+)</code>', page)
    assert found
    return found.group(1)


def signed_in(name: str, password: str) -> Client:
    client = Client()
    client.post("/user/login/", {"login": name, "password": password})
    return client


def choose(client: Client, password: str = OWN, again: str | None = None):
    return client.post(PAGE, {"password1": password, "password2": again or password})


@pytest.fixture
def reset(as_, admin, operator) -> str:
    """Return the password that an administrator got for the operator."""
    answer = as_(admin).post(f"/users/{operator.pk}/act/", {"action": "reset"})
    return handed_over(answer.content.decode())


@pytest.mark.parametrize(
    "page", ["/", "/me/", "/me/tokens/", "/accounts/web/", "/catalog/", "/user/password/change/"]
)
def test_nothing_opens_before_another_is_chosen(reset, page):
    answer = signed_in("olga", reset).get(page)
    assert (answer.status_code, answer.url) == (302, PAGE)


def test_the_page_that_asks_for_another_has_no_other_message(reset):
    page = signed_in("olga", reset).get(PAGE).content.decode()
    assert "Successfully signed in" not in page


def test_nothing_can_be_changed_before_either(reset, operator):
    client = signed_in("olga", reset)
    assert client.post("/me/", {"first_name": "Olga"}).url == PAGE
    operator.refresh_from_db()
    assert operator.first_name == ""
    swapped = client.get("/operations/", headers={"HX-Request": "true"})
    assert swapped["HX-Redirect"] == PAGE
    answer = client.get("/api/v1/accounts")
    assert answer.status_code == 403
    assert "one-time password" in answer.json()["error"]["message"]


def test_the_first_password_of_a_new_user_is_one(as_, admin):
    made = as_(admin).post("/users/new/", {"username": "kim"})
    client = signed_in("kim", handed_over(made.content.decode()))
    assert client.get("/").url == PAGE
    assert choose(client).status_code == 302
    assert client.get("/").status_code == 200


def test_the_chosen_one_opens_everything_and_the_old_one_is_gone(reset, operator):
    client = signed_in("olga", reset)
    other_accounts = signed_in("olga", reset)
    assert choose(client).status_code == 302
    assert client.get("/").status_code == 200
    assert client.get(PAGE).status_code == 302
    assert other_accounts.get("/").url.startswith("/user/login/")
    assert signed_in("olga", reset).get("/").url.startswith("/user/login/")
    assert signed_in("olga", OWN).get("/").status_code == 200
    event = Event.objects.get(action="user.changed", detail="one-time password replaced")
    assert (event.actor_name, event.target) == ("olga", "olga")
    assert OWN not in str(Event.objects.values_list())


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        (OWN, "something-else-12", "match"),
        ("short", "short", "too short"),
        ("password1234", "password1234", "too common"),
        ("", "", "required"),
        (None, None, "one-time password"),
    ],
)
def test_a_bad_choice_is_said_and_changes_nothing(reset, operator, first, second, text):
    client = signed_in("olga", reset)
    answer = choose(client, reset if first is None else first, reset if second is None else second)
    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert client.get("/").url == PAGE
    operator.refresh_from_db()
    assert operator.check_password(reset)


def test_signing_in_again_does_not_get_around_it(reset):
    for _ in range(3):
        assert signed_in("olga", reset).get("/").url == PAGE


def test_tokens_made_before_go_on(operator, as_, admin):
    _, secret = issue(operator, "script", "operate", None)
    as_(admin).post(f"/users/{operator.pk}/act/", {"action": "reset"})
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/accounts", headers=headers).status_code == 200


def test_the_printed_password_of_the_first_administrator_is_one(db, monkeypatch):
    monkeypatch.delenv("BERTH_ADMIN_PASSWORD", raising=False)
    printed = io.StringIO()
    call_command("first_admin", stdout=printed)
    client = signed_in("admin", printed.getvalue().strip())
    assert client.get("/").url == PAGE


def test_a_given_one_is_the_administrators_own(db, monkeypatch):
    monkeypatch.setenv("BERTH_ADMIN_PASSWORD", OWN)
    call_command("first_admin", stdout=io.StringIO())
    assert signed_in("admin", OWN).get("/").status_code == 200


def test_who_owes_a_second_factor_as_well_chooses_the_password_first(
    reset, team, operator, as_, admin
):
    team.user_set.add(operator)
    as_(admin).post(f"/groups/{team.pk}/rules/", {"second_factor": "on"})
    client = signed_in("olga", reset)
    assert client.get("/").url == PAGE
    assert client.get(PAGE).status_code == 200
    choose(client)
    assert client.get("/").url == "/me/second-factor/"


def test_a_password_set_by_the_command_line_is_not_one(operator):
    operator.one_time_password = True
    operator.save()
    operator.set_password(OWN)
    operator.save()
    assert not User.objects.get(pk=operator.pk).one_time_password
    assert signed_in("olga", OWN).get("/").status_code == 200
