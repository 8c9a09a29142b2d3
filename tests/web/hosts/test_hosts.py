"""Hosts and the Linux accounts on them."""

from consoleapp.audit.models import Event
from engine.schema.version import version
from tests.fixtures.web import StoredSnapshot, snapshot


def test_an_unlinked_account_disappears_and_comes_back(as_, admin, web, owner):
    browser = as_(owner)
    assert browser.get("/accounts/web/").status_code == 200
    as_(admin).post(f"/hosts/accounts/{web.pk}/", {"active": "no"})
    assert browser.get("/accounts/web/").status_code == 404
    as_(admin).post(f"/hosts/accounts/{web.pk}/", {"active": "yes"})
    assert browser.get("/accounts/web/").status_code == 200
    actions = list(
        Event.objects.filter(account=web).order_by("id").values_list("action", flat=True)
    )
    assert actions == ["account.unlinked", "account.linked"]


def test_the_page_lists_every_account_with_its_uid(as_, admin, web, shop):
    page = as_(admin).get("/hosts/").content.decode()
    assert "4242" in page
    assert "4243" in page


def test_it_is_told_which_version_each_engine_has(as_, admin, web, shop, owner, snapshots):
    snapshots["web"] = StoredSnapshot(snapshot(engine_version=version()))
    snapshots["shop"] = StoredSnapshot(snapshot(engine_version="0.0.9+12345678"))
    page = as_(admin).get("/hosts/").content.decode()
    assert page.count(version()) == 2  # the console's and that of web
    assert "0.0.9+12345678" in page
    assert page.count("differs from the console") == 1
    assert version() in as_(owner).get("/accounts/web/").content.decode()
    snapshots["web"] = StoredSnapshot(snapshot())
    page = as_(owner).get("/accounts/web/").content.decode()
    assert "older than 0.1.0" in page
    assert "differs from the console" in page
