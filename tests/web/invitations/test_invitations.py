"""Invitations by a link that works once."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from consoleapp.accounts.models import Grant, Invitation, User
from consoleapp.audit.models import Event

GIVEN = {
    "username": "ingrid",
    "first_name": "Ingrid",
    "last_name": "",
    "password1": "a-long-harbour-word",
    "password2": "a-long-harbour-word",
}


@pytest.fixture
def link(admin, team, web, as_):
    """Return the path of an invitation to the team, which is a viewer of the account web."""
    Grant.objects.create(account=web, group=team, role="viewer")
    values = {"email": "ingrid@example.org", "groups": [team.pk], "days": "7"}
    page = as_(admin).post("/users/invitations/", values).content.decode()
    return re.search(r'<code id="link">http://testserver([^<]+)</code>', page).group(1)


def test_an_invitee_chooses_name_and_password_and_is_in_with_the_groups_grants(link):
    client = Client()
    assert "Web team" in client.get(link).content.decode()
    assert client.post(link, GIVEN).status_code == 302
    assert client.get("/accounts/web/").status_code == 200
    ingrid = User.objects.get(username="ingrid")
    assert ingrid.email == "ingrid@example.org"
    assert ingrid.check_password("a-long-harbour-word")
    assert not ingrid.is_superuser
    actions = Event.objects.filter(actor_name="ingrid").order_by("id")
    assert list(actions.values_list("action", flat=True)) == [
        "invitation.accepted",
        "user.created",
        "sign-in",
    ]


def test_the_link_is_in_no_row_and_works_once(link, admin, as_):
    secret = link.split("/")[-2]
    rows = [*Invitation.objects.values(), *Event.objects.values()]
    assert secret not in str(rows)
    assert secret not in as_(admin).get("/users/invitations/").content.decode()
    Client().post(link, GIVEN)
    again = Client().post(link, GIVEN | {"username": "second"})
    assert again.status_code == 404
    assert not User.objects.filter(username="second").exists()


def test_looking_at_the_link_does_not_use_it_up(link):
    for _ in range(3):
        assert Client().get(link).status_code == 200
    assert Client().post(link, GIVEN).status_code == 302


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"username": ""}, "required"),
        ({"username": "Admin"}, "taken"),
        ({"username": "no spaces"}, "valid username"),
        ({"password2": "something-else-1"}, "match"),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"username": "a-long-harbour-wor"}, "similar"),
        ({"is_superuser": "on", "password2": ""}, "required"),
    ],
)
def test_nonsense_is_said_at_its_field_and_leaves_the_link_alone(link, wrong, text):
    answer = Client().post(link, GIVEN | wrong)
    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert not User.objects.filter(username="ingrid").exists()
    assert Client().post(link, GIVEN).status_code == 302


def test_nobody_makes_themselves_an_administrator(link):
    Client().post(link, GIVEN | {"is_superuser": "on", "is_staff": "on", "groups": "1"})
    assert not User.objects.get(username="ingrid").is_superuser


def test_a_cancelled_link_does_not_work_and_that_is_audited(link, admin, as_):
    row = Invitation.objects.get()
    as_(admin).post(f"/users/invitations/{row.pk}/cancel/")
    assert Client().get(link).status_code == 404
    assert Client().post(link, GIVEN).status_code == 404
    [event] = Event.objects.filter(action="invitation.cancelled")
    assert (event.actor_name, event.target) == ("admin", "ingrid@example.org")


def test_an_expired_link_does_not_work(link):
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().post(link, GIVEN).status_code == 404
    assert not User.objects.filter(username="ingrid").exists()


def test_an_accepted_one_cannot_be_cancelled(link, admin, as_):
    Client().post(link, GIVEN)
    row = Invitation.objects.get()
    page = as_(admin).post(f"/users/invitations/{row.pk}/cancel/", follow=True)
    assert "Disable the person instead" in page.content.decode()
    assert Invitation.objects.get().state == "accepted"


def test_a_made_up_link_does_not_work(db):
    assert Client().get("/invitation/abc/").status_code == 404


def test_who_is_signed_in_does_not_use_it_up(link, operator, as_):
    assert as_(operator).post(link, GIVEN).status_code == 409
    assert Client().get(link).status_code == 200


def test_only_administrators_invite(operator, as_):
    client = as_(operator)
    assert client.get("/users/invitations/").status_code == 404
    assert client.post("/users/invitations/", {"days": "7"}).status_code == 404
    assert not Invitation.objects.exists()


def test_mail_is_offered_only_where_a_server_is_set_up(admin, as_, settings, mailoutbox):
    client = as_(admin)
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert "by e-mail" not in client.get("/users/invitations/").content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    values = {"email": "", "days": "7", "send": "on"}
    assert client.post("/users/invitations/", values).status_code == 422
    client.post("/users/invitations/", values | {"email": "ingrid@example.org"})
    [mail] = mailoutbox
    assert mail.to == ["ingrid@example.org"]
    link = re.search(r"http://testserver(/invitation/\S+)", mail.body).group(1)
    assert Client().get(link).status_code == 200


def test_a_mail_that_fails_leaves_the_link_to_hand_over(admin, as_, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    values = {"email": "ingrid@example.org", "days": "7", "send": "on"}
    text = as_(admin).post("/users/invitations/", values).content.decode()
    assert "was not sent" in text
    assert 'id="link"' in text
