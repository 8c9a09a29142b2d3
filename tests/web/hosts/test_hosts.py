"""Hosts and the Linux accounts on them."""

from consoleapp.audit.models import Event


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
