"""Signing in with a real OpenID Connect provider that runs on loopback."""

from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from oidc_provider_mock import run_server_in_thread

from consoleapp.accounts import identity_provider, single_sign_on
from consoleapp.accounts.models import ApiToken, User
from consoleapp.accounts.tokens import authenticate, issue
from consoleapp.audit.models import Event

START = "/user/oidc/sso/login/"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def configure(issuer, tmp_path, settings, db):
    """Write the file that BERTH_OIDC_FILE names, and read it like the settings."""
    cache.clear()

    def write(more="", issuer=issuer):
        (tmp_path / "secret").write_text("a-client-secret\n")
        file = tmp_path / "oidc.toml"
        file.write_text(
            f'name = "Harbour"\nissuer = "{issuer}"\nclient_id = "berth"\n'
            f'client_secret_file = "{tmp_path}/secret"\n{more}\n'
            '[groups]\n"idp-web" = "Web team"\n"idp-ops" = "Operators"\n'
        )
        provider = identity_provider.read(file)
        settings.BERTH_IDENTITY_PROVIDER = provider
        settings.SOCIALACCOUNT_PROVIDERS = provider.allauth()

    write()
    return write


def claims(issuer, sub, **given):
    httpx.put(f"{issuer}/users/{sub}", json=given).raise_for_status()


def go(issuer, sub, client=None, start=START):
    """Do what a browser does, from the button to the last redirect. Return client and response."""
    client = client or Client()
    there = client.get(start)
    assert there.status_code == 302, there.content
    assert there.url.startswith(f"{issuer}/oauth2/authorize")
    assert "code_challenge_method=S256" in there.url
    back = httpx.post(there.url, data={"sub": sub})
    assert back.status_code == 302, back.text
    parts = urlsplit(back.headers["location"])
    return client, client.get(f"{parts.path}?{parts.query}")


def test_the_sign_in_page_offers_it_only_where_it_is_set_up(db, client, settings, configure):
    assert "Continue with Harbour" in client.get("/user/login/").content.decode()
    settings.BERTH_IDENTITY_PROVIDER, settings.SOCIALACCOUNT_PROVIDERS = None, {}
    assert "Harbour" not in client.get("/user/login/").content.decode()
    assert client.get(START).status_code == 404


def test_somebody_new_comes_in_with_the_groups_that_the_provider_names(configure, issuer, team):
    claims(
        issuer,
        "kim-1",
        preferred_username="kim",
        given_name="Kim",
        email="kim@example.org",
        groups=["idp-web", "idp-ops", "idp-other", 7],
    )
    client, answer = go(issuer, "kim-1", start=f"{START}?next=/me/")
    assert answer.url == "/me/"
    assert client.get("/me/").status_code == 200
    kim = User.objects.get(username="kim")
    assert not kim.has_usable_password()
    assert not kim.is_superuser
    assert kim.email == "kim@example.org"
    assert set(kim.groups.values_list("name", flat=True)) == {"Web team", "Operators"}
    events = Event.objects.filter(actor_name="kim").order_by("id").values_list("action", flat=True)
    assert list(events) == [
        "user.created",
        "group.created",
        "group.changed",
        "group.changed",
        "sign-in",
    ]


def test_groups_follow_the_claim_at_each_sign_in_and_others_are_left_alone(configure, issuer, team):
    claims(issuer, "kim-2", preferred_username="kim", groups=["idp-web"])
    go(issuer, "kim-2")
    kim = User.objects.get(username="kim")
    kim.groups.add(Group.objects.create(name="Choir"))
    claims(issuer, "kim-2", preferred_username="other-name", groups="idp-ops")
    go(issuer, "kim-2")
    assert set(kim.groups.values_list("name", flat=True)) == {"Operators", "Choir"}
    claims(issuer, "kim-2", preferred_username="kim")
    go(issuer, "kim-2")
    assert set(kim.groups.values_list("name", flat=True)) == {"Choir"}
    assert User.objects.count() == 1
    last = Event.objects.filter(action="group.changed").order_by("id").last()
    assert (last.target, last.parameters) == ("Operators", {"taken out": "kim"})


def test_a_name_that_is_taken_here_is_somebody_else(configure, issuer, admin):
    claims(issuer, "mallory", preferred_username="admin", groups=["idp-web"])
    go(issuer, "mallory")
    new = SocialAccount.objects.get().user
    assert new != admin
    assert not new.is_superuser
    admin.refresh_from_db()
    assert admin.check_password("harbour-master-1")
    assert not admin.groups.exists()


def test_an_address_links_nothing_unless_said_so(configure, issuer, operator):
    User.objects.filter(pk=operator.pk).update(email="olga@example.org")
    claims(issuer, "olga-1", email="olga@example.org", email_verified=True)
    go(issuer, "olga-1")
    assert SocialAccount.objects.get().user != operator


def test_a_verified_address_links_when_said_so_and_leaves_no_way_in_to_others(
    configure, issuer, operator
):
    configure("link_verified_email = true")
    User.objects.filter(pk=operator.pk).update(email="olga@example.org")
    _, secret = issue(operator, "left behind", "operate", None)
    claims(issuer, "olga-2", email="Olga@example.org", email_verified=True)
    client, _ = go(issuer, "olga-2")
    assert client.get("/me/").context["user"] == operator
    assert SocialAccount.objects.get().user == operator
    operator.refresh_from_db()
    assert not operator.has_usable_password()
    assert authenticate(secret) is None
    assert ApiToken.objects.get().revoked_at
    assert Event.objects.filter(action="user.linked", target="olga").count() == 1
    go(issuer, "olga-2")
    assert Event.objects.filter(action="user.linked").count() == 1


@pytest.mark.parametrize(
    "verified", [False, None, "true", "True", "1", "yes", 1, 1.0, [True], {"true": True}, "false"]
)
def test_an_address_that_the_provider_does_not_vouch_for_never_links(
    configure, issuer, operator, verified
):
    configure("link_verified_email = true")
    User.objects.filter(pk=operator.pk).update(email="olga@example.org")
    claims(issuer, "eve", email="olga@example.org", email_verified=verified)
    go(issuer, "eve")
    assert SocialAccount.objects.get().user != operator
    operator.refresh_from_db()
    assert operator.has_usable_password()


@pytest.mark.parametrize(
    ("userinfo", "id_token", "vouched"),
    [
        ({"email": "o@x.org", "email_verified": True}, {}, True),
        ({"email": "O@X.org", "email_verified": True}, {"email": "o@x.org"}, False),
        ({"email": "o@x.org"}, {"email": "o@x.org", "email_verified": True}, False),
        ({"email": "o@x.org", "email_verified": True}, {"email_verified": False}, False),
        ({"email": "o@x.org", "email_verified": True}, {"email_verified": "true"}, False),
        (
            {"email": "o@x.org", "email_verified": True},
            {"email": "p@x.org", "email_verified": True},
            False,
        ),
        ({"email_verified": True}, {}, False),
        ({"email": ["o@x.org"], "email_verified": True}, {}, False),
        ({}, {}, False),
    ],
)
def test_every_source_that_speaks_of_the_address_has_to_vouch_for_it(userinfo, id_token, vouched):
    values = {"userinfo": {"sub": "o"} | userinfo, "id_token": {"sub": "o"} | id_token}
    assert single_sign_on._vouches_for(values, "o@x.org") is vouched


@pytest.mark.parametrize(
    ("userinfo", "id_token", "same"),
    [("o", "o", True), ("o", "p", False), (7, 7, False), ("7", 7, False), (["o"], ["o"], False)]
    + [(True, True, False), (None, None, False), ("", "", False), ({"a": 1}, "o", False)],
)
def test_a_subject_is_one_string(userinfo, id_token, same):
    values = {"userinfo": {"sub": userinfo}, "id_token": {"sub": id_token}}
    assert single_sign_on._same_subject(values) is same
    assert not single_sign_on._same_subject({"userinfo": None, "id_token": []})


def test_a_provider_on_loopback_is_not_asked_by_way_of_a_proxy(configure, issuer, monkeypatch):
    claims(issuer, "kim-9", preferred_username="kim")
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    # Without a browser, this does its part.
    monkeypatch.setattr(httpx, "post", partial(httpx.post, trust_env=False))
    _, answer = go(issuer, "kim-9")
    assert answer.status_code == 302
    assert User.objects.filter(username="kim").exists()


def test_administrators_and_shared_addresses_are_never_linked(configure, issuer, admin, operator):
    configure("link_verified_email = true")
    User.objects.filter(pk=admin.pk).update(email="admin@example.org")
    claims(issuer, "root", email="admin@example.org", email_verified=True)
    go(issuer, "root")
    assert not SocialAccount.objects.filter(user=admin).exists()
    assert admin.has_usable_password()


def test_where_people_are_made_by_administrators_only_nobody_new_comes_in(configure, issuer):
    configure("create_people = false")
    claims(issuer, "new", preferred_username="new")
    client, answer = go(issuer, "new")
    assert "closed" in answer.content.decode()
    assert client.get("/").status_code == 302
    assert not User.objects.exists()


def test_somebody_who_was_disabled_here_stays_out(configure, issuer):
    claims(issuer, "kim-3", preferred_username="kim")
    go(issuer, "kim-3")
    User.objects.filter(username="kim").update(is_active=False)
    client, _ = go(issuer, "kim-3")
    assert client.get("/").status_code == 302


def test_an_answer_nobody_asked_for_and_one_with_anothers_code_are_refused(configure, issuer):
    claims(issuer, "kim-4", preferred_username="kim")
    client = Client()
    there = client.get(START).url
    back = httpx.post(there, data={"sub": "kim-4"}).headers["location"]
    parts = urlsplit(back)
    other = Client()
    other.get(START)
    refused = other.get(f"{parts.path}?{parts.query}")
    assert "Not signed in" in refused.content.decode()
    assert other.get("/").status_code == 302
    assert not User.objects.exists()
    assert Event.objects.filter(action="sign-in.failed", detail__contains="single").exists()


def test_cancelling_at_the_provider_is_said_so(configure, issuer):
    client = Client()
    there = client.get(START).url
    back = urlsplit(httpx.post(there, data={"action": "deny"}).headers["location"])
    answer = client.get(f"{back.path}?{back.query}", follow=True)
    assert "Not signed in" in answer.content.decode()


def test_an_identity_is_never_added_to_an_account_by_a_link(configure, issuer, operator, as_):
    claims(issuer, "mallory-2", preferred_username="mallory")
    _, answer = go(issuer, "mallory-2", client=as_(operator), start=f"{START}?process=connect")
    assert answer.status_code == 403
    assert not SocialAccount.objects.exists()


def test_a_provider_that_does_not_answer_is_said_so(configure, client):
    configure(issuer="http://localhost:1")
    answer = client.get(START)
    assert answer.status_code == 502
    assert "does not answer" in answer.content.decode()


def test_local_administrators_still_sign_in_with_their_password(configure, admin):
    client = Client()
    client.post("/user/login/", {"login": "admin", "password": "harbour-master-1"})
    assert client.get("/users/").status_code == 200


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "issuer"),
        ('issuer = "http://login.example"\nclient_id = "b"\nclient_secret_file = "/x"', "https"),
        ('issuer = "https://x"\nclient_id = ""\nclient_secret_file = "/x"', "client_id"),
        ('issuer = "https://x"\nclient_id = "b"\nclient_secret_file = "/x"\nadmin = 1', "admin"),
        ("issuer = ", "TOML"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path, text, message):
    file = tmp_path / "oidc.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        identity_provider.read(file)


def test_a_missing_file_is_explained(tmp_path):
    with pytest.raises(ValueError, match="No such file"):
        identity_provider.read(tmp_path / "none.toml")


def test_nobody_signs_up_at_allauths_own_pages(configure, client, operator, as_):
    assert client.get("/user/3rdparty/signup/").status_code == 404
    assert as_(operator).get("/user/3rdparty/").status_code == 404


def test_who_may_be_linked_by_an_address_does_not_choose_it(configure, operator, as_):
    configure("link_verified_email = true")
    as_(operator).post("/me/", {"first_name": "Olga", "email": "admin@example.org"})
    operator.refresh_from_db()
    assert (operator.first_name, operator.email) == ("Olga", "")
