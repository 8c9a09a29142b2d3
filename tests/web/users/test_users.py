"""Administrators create, change, and remove console users."""

import re

import pytest
from django.test import Client

from consoleapp.accounts.models import User
from consoleapp.audit.models import Event


def test_others_do_not_find_the_pages(as_, owner):
    client = as_(owner)
    for url in (
        "/users/",
        "/users/new/",
        "/users/grants/",
        f"/users/{owner.pk}/",
        "/groups/",
        "/hosts/",
    ):
        assert client.get(url).status_code == 404
    assert Event.objects.filter(action="access.refused", actor=owner).count() == 6


def test_a_new_person_signs_in_with_the_password_that_was_shown_once(as_, admin):
    response = as_(admin).post("/users/new/", {"username": "nils"})
    password = re.search(r'<code id="password">([^<]+)</code>', response.content.decode()).group(1)
    assert "no-store" in response["Cache-Control"]
    browser = Client()
    signed_in = browser.post("/user/login/", {"login": "nils", "password": password})
    assert signed_in.status_code == 302
    event = Event.objects.get(action="user.created")
    assert password not in str(vars(event))


def test_a_taken_name_is_said_at_the_field(as_, admin):
    response = as_(admin).post("/users/new/", {"username": "admin"})
    assert response.status_code == 422
    assert "already exists" in response.content.decode()


def test_disabling_somebody_ends_their_sessions_and_is_audited(as_, admin, operator):
    theirs = as_(operator)
    assert theirs.get("/").status_code == 200
    as_(admin).post(f"/users/{operator.pk}/act/", {"action": "disable"})
    assert theirs.get("/").status_code == 302
    assert Event.objects.get(action="user.changed").parameters == {"is_active": [True, False]}


def test_a_new_password_ends_their_sessions(as_, admin, operator):
    theirs = as_(operator)
    response = as_(admin).post(f"/users/{operator.pk}/act/", {"action": "reset"})
    assert 'id="password"' in response.content.decode()
    assert theirs.get("/").status_code == 302


@pytest.mark.parametrize("action", ["disable", "remove"])
def test_the_last_administrator_stays(as_, admin, action):
    page = as_(admin).post(f"/users/{admin.pk}/act/", {"action": action}, follow=True)
    assert "last active administrator" in page.content.decode()
    admin.refresh_from_db()
    assert admin.is_active


def test_the_last_administrator_stays_administrator(as_, admin):
    response = as_(admin).post(f"/users/{admin.pk}/", {"first_name": "A"})
    assert response.status_code == 422
    admin.refresh_from_db()
    assert admin.is_superuser
    assert admin.first_name == ""


def test_one_of_two_administrators_may_go(as_, admin):
    second = User.objects.create_superuser("second", password="x" * 12)
    as_(admin).post(f"/users/{second.pk}/act/", {"action": "remove"})
    assert not User.objects.filter(username="second").exists()
    assert Event.objects.filter(action="user.removed", target="second").exists()


def test_an_unknown_action_changes_nothing(as_, admin, operator):
    assert as_(admin).post(f"/users/{operator.pk}/act/", {"action": "x"}).status_code == 400


def test_the_matrix_shows_every_grant(as_, admin, owner, viewer, stranger):
    page = as_(admin).get("/users/grants/").content.decode()
    for word in ("olaf", "victor", "stina", "owner", "viewer"):
        assert word in page
