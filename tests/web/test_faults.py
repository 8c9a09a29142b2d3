"""A locked database and a full disk are reported as such, and pages can still be read."""

import errno
import re
import secrets
import sqlite3
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from consoleapp.accounts import notes, tokens
from consoleapp.accounts.models import ApiToken
from consoleapp.accounts.sessions import Sessions
from consoleapp.core.faults import BUSY, DATA_FULL, DATABASE_FULL, OTHER_FULL, fault
from consoleapp.snapshots import reader
from tests.fixtures.web import StoredSnapshot, container, snapshot

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite's own locks and limits"),
]
PAGES = ["/", "/accounts/web/containers/", "/accounts/web/images/", "/operations/", "/me/"]
LEFT_OUT = re.compile(r"^/(api|live|user)/")
"""Addresses for programs, streams, and signing in and out."""
WAITS = 20.0
"""The seconds that a write waits for the database."""


@pytest.fixture(autouse=True)
def fresh_notes() -> Iterator[None]:
    notes._failed_at.clear()
    yield
    notes._failed_at.clear()


@pytest.fixture
def locked() -> Iterator[None]:
    """Hold the database's write lock."""
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("begin immediate")
    yield
    other.execute("rollback")
    other.close()


@pytest.fixture
def full() -> Iterator[None]:
    """Leave SQLite no room for another page."""
    with connection.cursor() as cursor:
        cursor.execute("create table filler (text)")
        cursor.execute("pragma max_page_count = 1")  # the minimum
    yield
    with connection.cursor() as cursor:
        cursor.execute("pragma max_page_count = 1073741823")
        cursor.execute("drop table filler")


@pytest.fixture
def browser(as_: Any, operator: Any, snapshots: Any) -> Client:
    snapshots["web"] = StoredSnapshot(snapshot(container("db")))
    client: Client = as_(operator)
    client.raise_request_exception = False
    return client


def fill() -> None:
    with connection.cursor() as cursor:
        cursor.execute("insert into filler values (zeroblob(1000000))")


def remembered() -> Any:
    return Session.objects.get().get_decoded().get("account")


def test_pages_are_read_while_the_database_is_locked(browser: Client, locked: None) -> None:
    began = time.monotonic()
    for address in PAGES:
        assert browser.get(address).status_code == 200, address
    assert time.monotonic() - began < WAITS


def test_the_account_shown_last_is_remembered_and_only_its_change_is_written(
    browser: Client,
) -> None:
    browser.get("/accounts/web/containers/")
    assert remembered() == "web"
    with connection.execute_wrapper(no_writes):
        for address in PAGES:
            assert browser.get(address).status_code == 200, address


def routes(patterns: Any, before: str = "") -> Iterator[str]:
    """Yield the addresses without parameters other than an account's key."""
    for each in patterns:
        route = before + str(each.pattern).removeprefix("^").removesuffix("$")
        if hasattr(each, "url_patterns"):
            yield from routes(each.url_patterns, route)
        elif not set("(<") & set(address := route.replace("<str:account>", "web")):
            yield f"/{address}"


def test_no_page_writes_when_it_is_read_again(
    as_: Any, admin: Any, web: Any, snapshots: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots["web"] = StoredSnapshot(snapshot(container("db")))
    monkeypatch.setattr(reader, "fresh_sync", lambda account, *_, **__: snapshots["web"])
    browser = as_(admin)
    browser.raise_request_exception = False
    found = [each for each in routes(get_resolver().url_patterns) if not LEFT_OUT.search(each)]
    assert "/accounts/web/containers/" in found
    assert len(found) > 40
    browser.get("/accounts/web/containers/")
    writing = []
    for address in found:
        browser.get(address)  # what is remembered of it is remembered now
        with connection.execute_wrapper(no_writes):
            answer = browser.get(address)
        if answer.status_code >= 500:
            writing.append((address, answer.status_code))
    assert not writing


def no_writes(execute: Any, sql: str, *rest: Any) -> Any:
    assert not sql.lower().startswith(("insert", "update", "delete", "replace")), sql
    return execute(sql, *rest)


def test_a_token_works_while_the_database_is_locked(operator: Any) -> None:
    _, secret = tokens.issue(operator, "t", "read", None)
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("begin immediate")
    assert tokens.authenticate(secret)
    other.execute("rollback")
    other.close()
    assert ApiToken.objects.get().last_used_at is None


def test_a_tokens_use_is_noted_once_in_minutes(operator: Any) -> None:
    _, secret = tokens.issue(operator, "t", "read", None)
    assert tokens.authenticate(secret)
    first = ApiToken.objects.get().last_used_at
    assert first
    assert tokens.authenticate(secret)
    assert ApiToken.objects.get().last_used_at == first
    # A clock that was set back does not stop the recording for hours.
    ApiToken.objects.update(last_used_at=timezone.now() + timedelta(hours=1))
    assert tokens.authenticate(secret)
    assert ApiToken.objects.get().last_used_at < timezone.now() + timedelta(minutes=1)


def test_after_a_note_that_could_not_be_written_none_is_tried_for_a_while(locked: None) -> None:
    tried = []

    def write() -> None:
        tried.append(1)

    assert not notes.note(write)
    assert not notes.note(write)
    assert not tried
    assert len(notes._failed_at) == 1


def test_a_note_leaves_the_usual_patience_of_the_database() -> None:
    def patience() -> int:
        with connection.cursor() as cursor:
            cursor.execute("pragma busy_timeout")
            return int(cursor.fetchone()[0])

    before = patience()
    during = []
    assert notes.note(lambda: during.append(patience()))
    assert (during, patience()) == ([notes.PATIENCE_MS], before)


@pytest.mark.parametrize("address", ["/accounts/web/containers/", "/api/v1/accounts"])
def test_a_full_disk_is_507_and_says_which(
    browser: Client, full: None, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr("consoleapp.accounts.access.visible_accounts", lambda *_: fill())
    monkeypatch.setattr("consoleapp.web.navigation.visible_accounts", lambda *_: fill())
    monkeypatch.setattr("consoleapp.api.accounts.visible_accounts", lambda *_: fill())
    answer = browser.get(address)
    assert answer.status_code == 507
    assert "data directory is full" in answer.content.decode().replace("&#x27;", "'")


def test_a_session_that_cannot_be_saved_says_why(browser: Client, full: None) -> None:
    def changes(request: Any, **_: Any) -> Any:
        request.session["much"] = secrets.token_hex(500_000)  # they are compressed
        return HttpResponse("done")

    middleware = Sessions(changes)
    request = browser.request().wsgi_request
    answer = middleware(request)
    assert answer.status_code == 507
    assert "deleted" not in answer.content.decode()


def sqlite_error(code: int, message: str = "no") -> OperationalError:
    cause = sqlite3.OperationalError(message)
    cause.sqlite_errorcode = code
    error = OperationalError(message)
    error.__cause__ = cause
    return error


class Psycopg(Exception):
    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (sqlite_error(sqlite3.SQLITE_FULL), DATA_FULL),
        (sqlite_error(sqlite3.SQLITE_BUSY), BUSY),
        (sqlite_error(sqlite3.SQLITE_LOCKED), BUSY),
        (sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT), BUSY),
        (sqlite_error(sqlite3.SQLITE_ERROR, "no such table: x"), None),
        (Psycopg("53100"), DATABASE_FULL),
        (Psycopg("55P03"), BUSY),
        (Psycopg("08006"), BUSY),
        (Psycopg("42P01"), None),
        (OSError(errno.ENOSPC, "No space left on device", "/elsewhere/x"), OTHER_FULL),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), OTHER_FULL),
        (OSError(errno.EACCES, "Permission denied"), None),
        (ValueError("no"), None),
        (None, None),
    ],
    ids=repr,
)
def test_what_lies_behind_an_exception_is_found(error: Any, expected: Any) -> None:
    assert fault(error) == expected
    if error is not None:
        outer = RuntimeError("outer")
        outer.__context__ = error
        assert fault(outer) == expected
