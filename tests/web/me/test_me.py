"""The user's own pages."""

import re

from consoleapp.accounts.models import ApiToken
from consoleapp.accounts.tokens import authenticate
from consoleapp.audit.models import Event


def test_a_token_is_shown_once_and_works_until_it_is_revoked(as_, operator):
    client = as_(operator)
    made = client.post("/me/tokens/", {"name": "backup", "scope": "read", "days": "30"})
    secret = re.search(r'<code id="secret">([^<]+)</code>', made.content.decode()).group(1)
    token = authenticate(secret)
    assert token is not None
    assert secret not in client.get("/me/tokens/").content.decode()
    client.post(f"/me/tokens/{token.pk}/revoke/")
    assert authenticate(secret) is None
    actions = list(
        Event.objects.filter(action__startswith="token.")
        .order_by("id")
        .values_list("action", flat=True)
    )
    assert actions == ["token.created", "token.revoked"]
    assert secret not in str(list(Event.objects.values()))


def test_nonsense_makes_no_token(as_, operator):
    response = as_(operator).post("/me/tokens/", {"name": "", "scope": "all", "days": "-1"})
    assert response.status_code == 422
    assert not ApiToken.objects.exists()


def test_others_tokens_cannot_be_revoked(as_, operator, viewer):
    as_(operator).post("/me/tokens/", {"name": "backup", "scope": "read", "days": "0"})
    token = ApiToken.objects.get()
    assert as_(viewer).post(f"/me/tokens/{token.pk}/revoke/").status_code == 404


def test_the_profile_shows_my_grants_and_takes_my_name(as_, operator):
    client = as_(operator)
    assert "operator" in client.get("/me/").content.decode()
    client.post("/me/", {"first_name": "Olga", "is_superuser": "on", "username": "admin"})
    operator.refresh_from_db()
    assert operator.first_name == "Olga"
    assert not operator.is_superuser
    assert operator.username == "olga"


def test_other_sessions_end_and_this_one_stays(as_, operator):
    here, other_accounts = as_(operator), as_(operator)
    here.post("/me/sessions/end/")
    assert other_accounts.get("/me/").status_code == 302
    assert here.get("/me/").status_code == 200


def test_the_sign_in_pages_wear_the_console_s_look(as_, client, operator):
    for url in ("/user/login/", "/nothing/"):
        assert "css/berth.css" in client.get(url).content.decode()
    for url in ("/user/2fa/", "/user/password/change/", "/user/logout/"):
        assert "css/berth.css" in as_(operator).get(url).content.decode()


def test_signing_in_goes_on_to_where_one_wanted_but_never_to_another_site(client, operator):
    given = {"login": "olga", "password": "harbour-master-1"}
    assert client.post("/user/login/", given | {"next": "/me/"}).url == "/me/"
    client.logout()
    assert client.post("/user/login/", given | {"next": "https://evil.example/"}).url == "/"
