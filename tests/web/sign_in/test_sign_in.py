"""Sign-in: a name and a password, a limit on guesses, and a code if one was set up."""

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core.cache import cache
from django.test import Client

from consoleapp.accounts.models import User
from consoleapp.audit.models import Event

PASSWORD = "harbour-master-1"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def _no_earlier_failures(db: None) -> None:
    cache.clear()


def sign_in(client: Client, name: str, password: str) -> int:
    answer = client.post("/user/login/", {"login": name, "password": password})
    return int(answer.status_code)


def events(action: str) -> list[Event]:
    return list(Event.objects.filter(action=action))


def test_the_right_password_gets_in_and_is_in_the_audit_log(client: Client, operator: User) -> None:
    assert sign_in(client, "olga", PASSWORD) == 302
    assert client.get("/").status_code == 200
    [event] = events("sign-in")
    assert (event.actor_name, event.ip, event.outcome) == ("olga", "127.0.0.1", "succeeded")


def test_a_wrong_password_is_refused_and_the_event_does_not_hold_it(
    client: Client, operator: User
) -> None:
    assert sign_in(client, "olga", "not-this-one") == 200
    [event] = events("sign-in.failed")
    assert (event.actor_name, event.outcome) == ("olga", "failed")
    assert "not-this-one" not in str(Event.objects.values_list())


def test_five_failures_lock_the_name_out_for_the_right_password_too(
    client: Client, operator: User
) -> None:
    for _ in range(5):
        sign_in(client, "olga", "not-this-one")
    sign_in(client, "olga", PASSWORD)
    assert client.get("/").status_code == 302
    assert [event.target for event in events("lockout")] == ["olga"]


def test_a_lockout_of_one_name_leaves_others_alone(
    client: Client, operator: User, viewer: User
) -> None:
    for _ in range(6):
        sign_in(client, "olga", "not-this-one")
    assert sign_in(client, "victor", PASSWORD) == 302
    assert client.get("/").status_code == 200


def test_with_a_second_factor_the_password_alone_is_not_enough(
    client: Client, operator: User
) -> None:
    encrypted = get_adapter().encrypt(SECRET)
    Authenticator.objects.create(user=operator, type="totp", data={"secret": encrypted})
    assert sign_in(client, "olga", PASSWORD) == 302
    assert client.get("/").status_code == 302
    client.post("/user/2fa/authenticate/", {"code": "000000"})
    assert client.get("/").status_code == 302
    counter = next(iter(yield_hotp_counters_from_time()))
    code = format_hotp_value(hotp_value(SECRET, counter))
    client.post("/user/2fa/authenticate/", {"code": code})
    assert client.get("/").status_code == 200


def test_nobody_signs_up_by_themselves(client: Client, db: None) -> None:
    assert client.get("/user/signup/").status_code == 404
    assert client.get("/user/password/reset/").status_code == 404


def test_a_person_who_was_switched_off_does_not_get_in(client: Client, operator: User) -> None:
    operator.is_active = False
    operator.save()
    sign_in(client, "olga", PASSWORD)
    assert client.get("/").status_code == 302
