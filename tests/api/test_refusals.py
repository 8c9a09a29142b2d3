"""Who is refused what; every refusal has the same form."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from consoleapp.accounts.models import ApiToken
from consoleapp.accounts.tokens import issue
from consoleapp.audit.models import Event
from consoleapp.operations.models import Operation

OPERATIONS = "/api/v1/accounts/web/operations"
JSON = "application/json"
LIST = "/api/v1/operations"
STOP = {"kind": "container.stop", "parameters": {"container": "web-1"}}


def the_error(answer):
    assert answer["Content-Type"] == "application/json"
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "fields"}
    assert error["message"]
    return error["code"]


@pytest.mark.parametrize(
    ("name", "scope", "account", "status"),
    [
        ("viewer", "operate", "web", 403),
        ("operator", "read", "web", 403),
        ("admin", "read", "web", 403),
        ("stranger", "operate", "web", 404),
        ("operator", "operate", "mail", 404),
        ("operator", "operate", "nowhere", 404),
        ("operator", "operate", "web", 202),
        ("owner", "operate", "web", 202),
        ("admin", "operate", "mail", 202),
    ],
)
def test_who_may_request_an_operation(caller, name, scope, account, status):
    answer = caller(name, scope).post(f"/accounts/{account}/operations", STOP)
    assert answer.status_code == status
    assert Operation.objects.count() == (status == 202)
    assert Event.objects.filter(action="access.refused").count() == (status == 403)
    if status != 202:
        the_error(answer)


@pytest.mark.parametrize("verb", ["cancel", "retry"])
@pytest.mark.parametrize(
    ("name", "scope", "status"),
    [("viewer", "operate", 403), ("operator", "read", 403), ("stranger", "operate", 404)],
)
def test_who_may_not_cancel_or_retry(caller, verb, name, scope, status):
    place = caller("operator").post("/accounts/web/operations", STOP).json()["id"]
    if verb == "retry":
        caller("operator").post(f"/operations/{place}/cancel")
    before = Operation.objects.values().get(pk=place)
    assert caller(name, scope).post(f"/operations/{place}/{verb}").status_code == status
    assert Operation.objects.values().get() == before


def spoil_nothing(token):
    return None


def revoke(token):
    token.revoked_at = timezone.now()
    token.save()


def expire(token):
    token.expires_at = timezone.now() - timedelta(seconds=1)
    token.save()


def dismiss(token):
    token.user.is_active = False
    token.user.save()


@pytest.mark.parametrize(
    ("spoil", "status"), [(spoil_nothing, 200), (revoke, 401), (expire, 401), (dismiss, 401)]
)
def test_a_token_works_until_it_is_revoked_expires_or_its_user_leaves(caller, spoil, status):
    someone = caller("viewer")
    spoil(ApiToken.objects.get())
    answer = someone.get("/accounts")
    assert answer.status_code == status
    if status == 401:
        assert the_error(answer) == "unauthenticated"
        assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", "Basic YTpi", "Bearer \x80", "berth_abc"]
)
def test_without_a_good_token_nothing_is_told(people, header):
    headers = {} if header is None else {"Authorization": header}
    for path in ("/accounts", "/me", "/operations", "/audit", "/kinds", "/tokens"):
        answer = Client().get(f"/api/v1{path}", headers=headers)
        assert answer.status_code == 401
        the_error(answer)


def test_a_wrong_token_is_not_made_good_by_a_session(people):
    browser = Client()
    browser.force_login(people["admin"])
    answer = browser.get("/api/v1/me", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401


def test_a_browser_that_is_signed_in_needs_the_csrf_token_to_change_something(people):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people["operator"])
    assert browser.get("/api/v1/me").json()["authenticated_by"] == "session"
    url = "/api/v1/accounts/web/operations"
    answer = browser.post(url, STOP, content_type="application/json")
    assert (answer.status_code, the_error(answer)) == (403, "forbidden")
    browser.get("/api/v1/docs")  # sets the cookie
    token = browser.cookies["berth_csrf"].value
    answer = browser.post(
        url, STOP, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert answer.status_code == 202
    assert Client().post(url, STOP, content_type="application/json").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "content", "content_type", "status", "code"),
    [
        ("get", "/api/v1/nothing", None, None, 404, "not_found"),
        ("get", "/api/v1/", None, None, 404, "not_found"),
        ("get", "/api/", None, None, 404, "not_found"),
        ("get", "/api/v2/accounts", None, None, 404, "not_found"),
        ("get", "/api/v1/operations/not-a-uuid", None, None, 422, "invalid"),
        ("get", "/api/v1/accounts/web/containers/no%00thing/top", None, None, 422, "invalid"),
        ("get", "/api/v1/accounts/no%00thing", None, None, 404, "not_found"),
        ("put", "/api/v1/accounts", b"{}", JSON, 405, "method_not_allowed"),
        ("post", "/api/v1/me", b"{}", JSON, 405, "method_not_allowed"),
        ("post", OPERATIONS, b"{", JSON, 400, "malformed"),
        ("post", OPERATIONS, b"\xff", JSON, 400, "malformed"),
        (
            "post",
            OPERATIONS,
            b"[" * 100_000,
            JSON,
            400,
            "malformed",
        ),
        ("post", OPERATIONS, b"", JSON, 422, "invalid"),
        ("post", OPERATIONS, b"null", JSON, 422, "invalid"),
        (
            "post",
            OPERATIONS,
            b"kind=x",
            "text/plain",
            415,
            "unsupported_media_type",
        ),
        (
            "post",
            OPERATIONS,
            b"kind=x",
            "application/x-www-form-urlencoded",
            415,
            "unsupported_media_type",
        ),
        (
            "post",
            OPERATIONS,
            b'"' + b"x" * 2_600_000 + b'"',
            JSON,
            413,
            "too_large",
        ),
        ("get", f"{LIST}?cursor=nonsense", None, None, 422, "invalid"),
        # A time, and a list in place of an id.
        (
            "get",
            f"{LIST}?cursor=WyIyMDIwLTAxLTAxVDAwOjAwOjAwKzAwOjAwIiwgWzFdXQ",
            None,
            None,
            422,
            "invalid",
        ),
        ("get", f"{LIST}?limit=0", None, None, 422, "invalid"),
        ("get", f"{LIST}?state=flying", None, None, 422, "invalid"),
        (
            "get",
            f"{LIST}?requested_after=0001-01-01T00:00:00%2B14:00",
            None,
            None,
            422,
            "invalid",
        ),
        ("get", "/api/v1/audit?operation=x", None, None, 422, "invalid"),
        ("delete", "/api/v1/tokens/999", None, None, 404, "not_found"),
        ("delete", "/api/v1/tokens/99999999999999999999", None, None, 422, "invalid"),
    ],
)
def test_every_error_has_the_same_shape(people, method, path, content, content_type, status, code):
    _, secret = issue(people["operator"], "test", "operate", None)
    extra = {} if content is None else {"data": content, "content_type": content_type}
    client = Client(raise_request_exception=False)
    answer = getattr(client, method)(path, headers={"Authorization": f"Bearer {secret}"}, **extra)
    assert (answer.status_code, the_error(answer)) == (status, code)
    if status == 405:
        assert answer["Allow"] == "GET"


def test_a_fault_of_ours_is_a_500_in_the_same_shape_and_tells_nothing(caller, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("consoleapp.api.accounts.visible_accounts", fails)
    someone = caller("viewer")
    someone.client.raise_request_exception = False
    answer = someone.get("/accounts")
    assert (answer.status_code, the_error(answer)) == (500, "internal")
    assert b"secret detail" not in answer.content


def test_a_wrong_host_header_is_a_400_in_the_same_shape(caller):
    someone = caller("viewer")
    answer = someone.client.get("/api/v1/me", headers={"Host": "evil.example"})
    assert (answer.status_code, the_error(answer)) == (400, "malformed")
