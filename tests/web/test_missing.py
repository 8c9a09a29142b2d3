"""A page about an unknown object has the observer look for it, and loads again by itself."""

import pytest

from consoleapp.snapshots import reader
from tests.fixtures.web import StoredSnapshot, container, snapshot

AGAIN = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TRIGGER": "look-again"}
PAGES = {
    "container": "/accounts/web/containers/db/",
    "image": f"/accounts/web/images/{'f' * 12}/",
    "unit": "/accounts/web/units/db.service/",
}


@pytest.fixture
def refreshed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the accounts that the observer was asked to reread."""
    keys: list[str] = []
    monkeypatch.setattr(reader, "refresh", lambda account: keys.append(account.key))
    monkeypatch.setattr(reader, "fresh_sync", lambda account, **_: reader.load(account))
    return keys


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_it_has_the_observer_look_and_asks_again(as_, viewer, snapshots, refreshed, page):
    snapshots["web"] = StoredSnapshot(snapshot().model_copy(update={"images": []}))
    answer = as_(viewer).get(page)
    assert answer.status_code == 404
    assert refreshed == ["web"]
    assert 'id="look-again"' in answer.content.decode()
    again = as_(viewer).get(page, **AGAIN)
    assert (again.status_code, again.content) == (204, b"")


def test_an_account_of_which_nothing_is_known_is_looked_at_too(as_, viewer, refreshed):
    answer = as_(viewer).get(PAGES["image"])
    assert answer.status_code == 503
    assert refreshed == ["web"]
    assert 'id="look-again"' in answer.content.decode()


@pytest.mark.parametrize("what", ["container", "image"])
def test_when_it_is_there_the_page_loads_anew(as_, viewer, snapshots, refreshed, what):
    snapshots["web"] = StoredSnapshot(snapshot(container("db")))
    answer = as_(viewer).get(PAGES[what], **AGAIN)
    assert answer.headers["HX-Refresh"] == "true"
    assert not refreshed
    assert as_(viewer).get(PAGES[what]).status_code == 200
