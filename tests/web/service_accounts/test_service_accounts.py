"""Service accounts: programs with their own tokens and Linux accounts."""

import re

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory

from consoleapp.accounts import service
from consoleapp.accounts.models import ApiToken, Grant, ServiceAccount, User
from consoleapp.accounts.sign_in import Adapter
from consoleapp.audit.models import Event
from consoleapp.operations.models import Operation


@pytest.fixture
def ci(admin, team, web, as_):
    """Create ci-web: an operator of the account web, owned by the team."""
    values = {
        "name": "ci-web",
        "purpose": "deploys the shop",
        "owner": team.pk,
        "accounts": [web.pk],
        "role": "operator",
    }
    assert as_(admin).post("/service-accounts/", values).status_code == 302
    return ServiceAccount.objects.get(user__username="ci-web")


def token(client, ci, scope="operate", days="30"):
    given = {"name": "pipeline", "scope": scope, "days": days}
    page = client.post(f"/service-accounts/{ci.pk}/", given).content.decode()
    return re.search(r'<code id="secret">([^<]+)</code>', page).group(1)


def api(secret):
    return Client(headers={"authorization": f"Bearer {secret}"})


def keys(secret):
    return [each["key"] for each in api(secret).get("/api/v1/accounts").json()["accounts"]]


def test_its_token_sees_and_changes_its_linux_accounts_and_no_others(ci, admin, as_, web, shop):
    secret = token(as_(admin), ci)
    assert keys(secret) == ["web"]
    stop = {"kind": "container.stop", "parameters": {"container": "db"}}
    client = api(secret)
    answer = client.post("/api/v1/accounts/web/operations", stop, content_type="application/json")
    assert answer.status_code == 202, answer.content
    assert Operation.objects.get().actor_name == "ci-web"
    other_accounts = client.post(
        "/api/v1/accounts/shop/operations", stop, content_type="application/json"
    )
    assert other_accounts.status_code == 404


def test_a_token_that_reads_only_reads(ci, admin, as_):
    secret = token(as_(admin), ci, scope="read")
    assert keys(secret) == ["web"]
    stop = {"kind": "container.stop", "parameters": {"container": "db"}}
    answer = api(secret).post(
        "/api/v1/accounts/web/operations", stop, content_type="application/json"
    )
    assert answer.status_code == 403
    assert not Operation.objects.exists()


def test_a_token_ends_when_it_is_revoked_or_its_account_is_disabled(ci, admin, as_):
    client = as_(admin)
    first, second = token(client, ci), token(client, ci)
    row = ApiToken.objects.order_by("pk").first()
    client.post(f"/service-accounts/{ci.pk}/tokens/{row.pk}/revoke/")
    assert api(first).get("/api/v1/accounts").status_code == 401
    assert keys(second) == ["web"]
    client.post(f"/service-accounts/{ci.pk}/act/", {"action": "disable"})
    assert api(second).get("/api/v1/accounts").status_code == 401
    client.post(f"/service-accounts/{ci.pk}/act/", {"action": "enable"})
    assert keys(second) == ["web"]


def test_it_never_signs_in_whichever_way(ci, client):
    client.post("/user/login/", {"login": "ci-web", "password": ""})
    client.post("/user/login/", {"login": "ci-web", "password": "!"})
    assert client.get("/").status_code == 302
    assert not ci.user.has_usable_password()
    with pytest.raises(PermissionDenied):
        Adapter().pre_login(RequestFactory().get("/"), ci.user)


def test_no_page_gives_it_a_password_or_a_group(ci, admin, as_, team):
    client = as_(admin)
    assert client.get(f"/users/{ci.pk}/").status_code == 404
    assert client.post(f"/users/{ci.pk}/act/", {"action": "reset"}).status_code == 404
    assert "ci-web" not in client.get("/users/").content.decode()
    client.post(f"/groups/{team.pk}/members/", {"add": "ci-web"})
    assert not ci.user.groups.exists()


def test_it_is_no_owner(ci, admin, as_, web):
    client = as_(admin)
    given = {"holder": f"user-{ci.user.pk}", "role": "owner"}
    grant = Grant.objects.get(user=ci.user)
    client.post(f"/accounts/web/grants/{grant.pk}/", {"role": "owner"})
    grant.refresh_from_db()
    assert grant.role == "operator"
    grant.delete()
    assert client.post("/accounts/web/grants/", given).status_code == 422
    bad = client.post(f"/service-accounts/{ci.pk}/change/", {"role": "owner"})
    assert bad.status_code == 422
    assert not Grant.objects.filter(user=ci.user).exists()


def test_members_of_its_group_make_and_revoke_tokens_and_change_nothing_else(
    ci, team, viewer, stranger, as_, web
):
    team.user_set.add(viewer)
    client = as_(viewer)
    assert "ci-web" in client.get("/service-accounts/").content.decode()
    assert "/service-accounts/" in client.get("/me/").content.decode()
    assert keys(token(client, ci)) == ["web"]
    row = ApiToken.objects.get()
    assert client.post(f"/service-accounts/{ci.pk}/change/", {"role": "viewer"}).status_code == 404
    assert client.post(f"/service-accounts/{ci.pk}/act/", {"action": "remove"}).status_code == 404
    assert client.post("/service-accounts/", {"name": "x", "role": "viewer"}).status_code == 404
    client.post(f"/service-accounts/{ci.pk}/tokens/{row.pk}/revoke/")
    row.refresh_from_db()
    assert row.revoked_at
    other = as_(stranger)
    assert other.get(f"/service-accounts/{ci.pk}/").status_code == 404
    assert "ci-web" not in other.get("/service-accounts/").content.decode()


def test_nobody_revokes_tokens_of_people_through_it(ci, admin, operator, as_):
    as_(operator).post("/me/tokens/", {"name": "mine", "scope": "read", "days": "0"})
    row = ApiToken.objects.get()
    answer = as_(admin).post(f"/service-accounts/{ci.pk}/tokens/{row.pk}/revoke/")
    assert answer.status_code == 404


def test_its_accounts_and_role_change_and_each_change_is_audited(ci, admin, as_, web, shop):
    client = as_(admin)
    form = {"purpose": "", "owner": "", "accounts": [shop.pk], "role": "viewer"}
    assert client.post(f"/service-accounts/{ci.pk}/change/", form).status_code == 302
    assert list(Grant.objects.filter(user=ci.user).values_list("account__key", "role")) == [
        ("shop", "viewer")
    ]
    events = Event.objects.filter(target="service account ci-web").order_by("id")
    assert list(events.values_list("action", "account_name")) == [
        ("grant.created", "web"),
        ("grant.removed", "web"),
        ("grant.created", "shop"),
    ]
    assert Event.objects.filter(action="service.changed").count() == 1


@pytest.mark.parametrize("name", ["", "OLGA", "no spaces", "x" * 151, "<b>"])
def test_a_wrong_name_makes_nothing(admin, as_, operator, name):
    answer = as_(admin).post("/service-accounts/", {"name": name, "role": "viewer"})
    assert answer.status_code == 422
    assert not ServiceAccount.objects.exists()


def test_removing_it_keeps_its_name_in_the_history(ci, admin, as_):
    secret = token(as_(admin), ci)
    as_(admin).post(f"/service-accounts/{ci.pk}/act/", {"action": "remove"})
    assert api(secret).get("/api/v1/accounts").status_code == 401
    assert not User.objects.filter(username="ci-web").exists()
    actions = Event.objects.filter(target__contains="ci-web").values_list("action", flat=True)
    assert {"service.created", "token.created", "service.removed"} <= set(actions)
    assert secret not in str(list(Event.objects.values()) + list(ApiToken.objects.values()))


def test_who_looks_after_none_sees_none(operator):
    assert not service.managed_by(operator).exists()
