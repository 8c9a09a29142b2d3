"""A group that requires a second factor from its members."""

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client

from consoleapp.accounts import second_factor
from consoleapp.accounts.tokens import issue
from consoleapp.audit.models import Event

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "harbour-master-1"


@pytest.fixture
def strict(team, operator, admin, as_):
    """Require one from the team, which the operator is a member of."""
    team.user_set.add(operator)
    as_(admin).post(f"/groups/{team.pk}/rules/", {"second_factor": "on"})
    return team


def authenticator_app(user):
    data = {"secret": get_adapter().encrypt(SECRET)}
    return Authenticator.objects.create(user=user, type="totp", data=data)


def signed_in(name):
    client = Client()
    client.post("/user/login/", {"login": name, "password": PASSWORD})
    return client


def code():
    return format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time()))))


@pytest.mark.parametrize(
    "page", ["/", "/me/", "/me/tokens/", "/accounts/web/", "/live/", "/catalog/"]
)
def test_a_member_without_one_is_led_to_set_it_up_before_anything_else(strict, page):
    answer = signed_in("olga").get(page)
    assert answer.status_code in (302, 404)
    if answer.status_code == 302:
        assert answer.url == "/me/second-factor/"


def test_the_page_says_which_group_asks_and_offers_both_ways(strict):
    text = signed_in("olga").get("/", follow=True).content.decode()
    assert "Web team" in text
    assert "/user/2fa/totp/activate/" in text
    assert "/user/2fa/webauthn/add/" in text


def test_what_changes_something_waits_as_well(strict, operator):
    client = signed_in("olga")
    assert client.post("/me/", {"first_name": "Olga"}).url == "/me/second-factor/"
    operator.refresh_from_db()
    assert operator.first_name == ""
    swapped = client.get("/operations/", headers={"HX-Request": "true"})
    assert swapped["HX-Redirect"] == "/me/second-factor/"


def test_setting_up_an_authenticator_app_opens_everything(
    strict, django_capture_on_commit_callbacks
):
    client = signed_in("olga")
    client.post("/user/reauthenticate/", {"password": PASSWORD})
    form = client.get("/user/2fa/totp/activate/")
    assert form.status_code == 200
    secret = client.session["mfa.totp.secret"]
    counter = next(iter(yield_hotp_counters_from_time()))
    with django_capture_on_commit_callbacks(execute=True):
        client.post(
            "/user/2fa/totp/activate/", {"code": format_hotp_value(hotp_value(secret, counter))}
        )
    assert client.get("/").status_code == 200
    [event] = Event.objects.filter(action="second-factor.added", parameters__factor="totp")
    assert event.actor_name == "olga"
    row = Authenticator.objects.get(type="totp")
    assert secret not in str(row.data)
    assert secret not in str(list(Event.objects.values()))


def test_tokens_and_the_session_are_refused_by_the_api_with_the_reason(strict, operator):
    _, secret = issue(operator, "script", "operate", None)
    for client, headers in (
        (Client(), {"Authorization": f"Bearer {secret}"}),
        (signed_in("olga"), {}),
    ):
        answer = client.get("/api/v1/accounts", headers=headers)
        assert answer.status_code == 403
        assert "second factor" in answer.json()["error"]["message"]
    authenticator_app(operator)
    works = Client().get("/api/v1/accounts", headers={"Authorization": f"Bearer {secret}"})
    assert works.status_code == 200


def test_recovery_codes_alone_are_not_one(strict, operator):
    Authenticator.objects.create(user=operator, type="recovery_codes", data={"seed": "x"})
    assert second_factor.missing(operator)


def test_the_last_one_cannot_be_removed_while_a_group_demands_it(strict, operator):
    row = authenticator_app(operator)
    client = signed_in("olga")
    client.post("/user/2fa/authenticate/", {"code": code()})
    assert client.get("/").status_code == 200
    client.post("/user/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(pk=row.pk).exists()


def test_others_are_not_asked(strict, viewer, as_):
    assert as_(viewer).get("/").status_code == 200


def test_a_demand_is_audited_and_can_be_taken_back(strict, operator, admin, as_):
    client = as_(admin)
    assert "Without one now: olga" in client.get(f"/groups/{strict.pk}/").content.decode()
    client.post(f"/groups/{strict.pk}/rules/", {})
    client.post(f"/groups/{strict.pk}/rules/", {})
    assert as_(operator).get("/").status_code == 200
    changes = [
        event.parameters for event in Event.objects.filter(action="group.changed").order_by("id")
    ]
    assert changes == [{"second_factor": [False, True]}, {"second_factor": [True, False]}]


def test_only_administrators_demand(team, operator, as_):
    as_(operator).post(f"/groups/{team.pk}/rules/", {"second_factor": "on"})
    assert not second_factor.demanded_by(team)


def test_an_administrator_helps_who_lost_theirs(operator, admin, as_):
    authenticator_app(operator)
    as_(admin).post(f"/users/{operator.pk}/act/", {"action": "forget-factors"})
    assert not Authenticator.objects.filter(user=operator).exists()
    [event] = Event.objects.filter(action="second-factor.forgotten")
    assert (event.actor_name, event.target) == ("admin", "olga")


def test_a_wrong_code_is_audited(operator):
    authenticator_app(operator)
    client = signed_in("olga")
    client.post("/user/2fa/authenticate/", {"code": "000000"})
    [event] = Event.objects.filter(action="sign-in.failed")
    assert (event.target, event.detail) == ("olga", "second factor")
    assert client.get("/").status_code == 302


def test_a_secret_from_before_they_were_encrypted_still_works(operator):
    Authenticator.objects.create(user=operator, type="totp", data={"secret": SECRET})
    client = signed_in("olga")
    client.post("/user/2fa/authenticate/", {"code": code()})
    assert client.get("/").status_code == 200
