"""Responses that depend on the user are in no cache, whichever page it is."""

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.fixtures.web import StoredSnapshot, container, operation, snapshot


def routes(resolver=None, before=""):
    """Yield every route of the console without arguments other than an account."""
    for each in (resolver or get_resolver()).url_patterns:
        path = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each, path)
        elif isinstance(each, URLPattern):
            yield path


PLAIN = sorted(
    {
        "/" + path.replace("<str:account>", "web")
        for path in routes()
        if "<" not in path.replace("<str:account>", "") and "(" not in path and "^" not in path
    }
    - {"/healthz", "/live/", "/live/accounts/web/"}
)


@pytest.fixture
def everything(snapshots, web, operator):
    snapshots["web"] = StoredSnapshot(snapshot(container("db")))
    return operation(web, operator)


@pytest.mark.parametrize("path", PLAIN)
def test_no_page_is_kept_by_a_cache(as_, admin, everything, path):
    for client in (as_(admin), Client()):
        answer = client.get(path)
        kept = answer.headers.get("Cache-Control", "")
        assert "no-store" in kept or "immutable" in kept, (path, answer.status_code, kept)


def test_pages_about_one_thing_are_not_kept_either(as_, admin, everything):
    client = as_(admin)
    for path in (
        *(f"/operations/{everything.pk}/", f"/api/v1/operations/{everything.pk}"),
        *(f"/users/{admin.pk}/", "/accounts/web/containers/db/", "/no/such/page", "/api/v1/x"),
    ):
        assert "no-store" in client.get(path)["Cache-Control"]
