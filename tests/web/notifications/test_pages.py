"""The pages of notifications: only one's own, secrets shown once, effective settings."""

# ruff: noqa: F811 - a parameter of pytest is the fixture of that name

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consoleapp.accounts.models import Grant, LinuxAccount, User
from consoleapp.audit.models import Event
from consoleapp.notifications.models import Delivery, Notice, Rule, Webhook
from consoleapp.notifications.record import notify
from tests.fixtures.notifications import death, hook, rule, woken  # noqa: F401 - a fixture

Browser = Callable[[User], Client]
RULE = {"event_types": ["container.exited"], "all_accounts": "True", "in_page": "on"}


@pytest.fixture
def notice(web: LinuxAccount, viewer: User) -> Notice:
    """Create a notification of victor, a viewer."""
    rule(viewer)
    notify(web, death())
    return Notice.objects.get()


def test_the_bell_counts_what_was_not_read(as_: Browser, viewer: User, notice: Notice) -> None:
    browser = as_(viewer)
    assert "1 unread" in browser.get("/").content.decode()
    assert "1 unread" in browser.get("/notifications/count/").content.decode()
    browser.post("/notifications/read/", {"notice": notice.pk})
    assert "0 unread" in browser.get("/notifications/count/").content.decode()


def test_following_a_notice_leads_to_what_it_is_about_and_marks_it_read(
    as_: Browser, viewer: User, notice: Notice
) -> None:
    answer = as_(viewer).get(f"/notifications/{notice.pk}/")
    assert answer["Location"] == f"/accounts/web/containers/{'c' * 64}/"
    notice.refresh_from_db()
    assert notice.read_at


def test_all_can_be_marked_as_read_at_once(as_: Browser, viewer: User, notice: Notice) -> None:
    notify(notice.occurrence.account, death("2"))
    as_(viewer).post("/notifications/read/", {"all": 1})
    assert not Notice.objects.filter(read_at=None).exists()


def test_nobody_reads_or_marks_what_others_were_told(
    as_: Browser, admin: User, notice: Notice
) -> None:
    browser = as_(admin)
    assert "web exited with" not in browser.get("/notifications/").content.decode()
    assert browser.get(f"/notifications/{notice.pk}/").status_code == 404
    browser.post("/notifications/read/", {"notice": notice.pk})
    browser.post("/notifications/read/", {"all": 1})
    notice.refresh_from_db()
    assert notice.read_at is None


def test_what_one_may_not_see_any_more_is_not_listed_any_more(
    as_: Browser, viewer: User, notice: Notice
) -> None:
    browser = as_(viewer)
    assert "web exited with an error" in browser.get("/notifications/").content.decode()
    Grant.objects.all().delete()
    assert "web exited with an error" not in browser.get("/notifications/").content.decode()
    assert "0 unread" in browser.get("/notifications/count/").content.decode()


def test_the_list_takes_no_query_per_row(as_: Browser, web: LinuxAccount, viewer: User) -> None:
    rule(viewer)
    browser = as_(viewer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as known:
            assert browser.get("/notifications/").status_code == 200
        return len(known)

    notify(web, death("0", container="0" * 64))
    queries()  # the first visit of a session is recorded
    few = queries()
    for number in range(1, 30):
        notify(web, death(str(number), container=str(number).zfill(64)))
    assert queries() == few


def test_the_list_is_narrowed(as_: Browser, viewer: User, notice: Notice) -> None:
    browser = as_(viewer)

    def lists(query: str) -> bool:
        return "web exited with" in browser.get(f"/notifications/?{query}").content.decode()

    assert lists("event_type=container.exited&account=web&unread=1")
    assert not lists("event_type=disk.full")
    assert lists("event_type=nonsense&account=nonsense&page=99")
    browser.get(f"/notifications/{notice.pk}/")
    assert not lists("unread=1")


def test_a_rule_is_made_changed_and_removed_with_its_audit(
    as_: Browser, web: LinuxAccount, viewer: User
) -> None:
    browser = as_(viewer)
    assert browser.post("/notifications/rules/new/", RULE).status_code == 302
    made = Rule.objects.get()
    assert (made.user, made.observed, made.all_accounts) == (viewer, True, True)
    changed = {**RULE, "event_types": ["operation.failed"], "all_accounts": "False"}
    browser.post(f"/notifications/rules/{made.pk}/", {**changed, "accounts": [web.pk]})
    made.refresh_from_db()
    assert (made.observed, list(made.accounts.all())) == (False, [web])
    browser.post(f"/notifications/rules/{made.pk}/remove/")
    assert not Rule.objects.exists()
    events = Event.objects.filter(actor=viewer, action__startswith="notification.").order_by("pk")
    words = [each.partition("_")[2] for each in events.values_list("action", flat=True)]
    assert words == ["added", "changed", "removed"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"event_types": []}, "required"),
        ({"event_types": ["everything"]}, "not one of the available choices"),
        ({"in_page": ""}, "Choose at least one way."),
        ({"all_accounts": "False"}, "Choose at least one account"),
        ({"email": "on"}, "e-mail address"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_at_the_field(
    as_: Browser, viewer: User, fields: dict[str, object], text: str
) -> None:
    answer = as_(viewer).post("/notifications/rules/new/", {**RULE, **fields})
    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert not Rule.objects.exists()


def test_a_rule_takes_neither_others_accounts_nor_others_webhooks(
    as_: Browser, shop: LinuxAccount, viewer: User, owner: User
) -> None:
    theirs, _ = hook(owner, "https://hook.example/")
    browser = as_(viewer)
    fields = {**RULE, "all_accounts": "False", "accounts": [shop.pk]}
    assert browser.post("/notifications/rules/new/", fields).status_code == 422
    assert (
        browser.post("/notifications/rules/new/", {**RULE, "webhooks": [theirs.pk]}).status_code
        == 422
    )


def test_others_rules_and_webhooks_do_not_exist(as_: Browser, viewer: User, owner: User) -> None:
    webhook, _ = hook(owner, "https://hook.example/")
    theirs = rule(owner)
    browser = as_(viewer)
    for path in (f"rules/{theirs.pk}/", f"webhooks/{webhook.pk}/"):
        assert browser.get(f"/notifications/{path}").status_code == 404
    for path in (f"rules/{theirs.pk}/remove/", f"webhooks/{webhook.pk}/act/"):
        assert browser.post(f"/notifications/{path}", {"action": "remove"}).status_code == 404
    assert Rule.objects.exists()
    assert Webhook.objects.exists()


def test_a_webhooks_secret_is_shown_once(as_: Browser, viewer: User) -> None:
    browser = as_(viewer)
    fields = {"name": "Chat", "url": "https://chat.example/hook", "active": "on"}
    answer = browser.post("/notifications/webhooks/new/", fields)
    assert "whsec_" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    webhook = Webhook.objects.get()
    assert "whsec_" not in browser.get(f"/notifications/webhooks/{webhook.pk}/").content.decode()
    again = browser.post(f"/notifications/webhooks/{webhook.pk}/act/", {"action": "secret"})
    assert "whsec_" in again.content.decode()
    encrypted_secret = webhook.encrypted_secret
    webhook.refresh_from_db()
    assert webhook.encrypted_secret != encrypted_secret
    assert not Event.objects.filter(parameters__icontains="whsec_").exists()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://chat.example/",
        "https://",
        "chat.example/hook",
        "https://user:word@chat.example/",
        "https://chat.example:99999/",
        "http://127.0.0.1:8000/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "http://192.0.32.7/",
        "https://chat.example/ä",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_cannot_be_one_is_refused_at_the_field(
    as_: Browser, viewer: User, url: str
) -> None:
    fields = {"name": "Chat", "url": url, "active": "on"}
    answer = as_(viewer).post("/notifications/webhooks/new/", fields)
    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert not Webhook.objects.exists()


def test_a_test_goes_the_way_of_everything_but_not_too_often(
    as_: Browser, viewer: User, woken: list[bool], django_capture_on_commit_callbacks: object
) -> None:
    webhook, _ = hook(viewer, "https://chat.example/hook")
    browser = as_(viewer)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        for _ in range(9):
            browser.post(f"/notifications/webhooks/{webhook.pk}/act/", {"action": "test"})
    assert Delivery.objects.filter(webhook=webhook, occurrence=None).count() == 5
    assert len(woken) == 5


def test_what_was_sent_is_listed_with_its_last_error(
    as_: Browser, viewer: User, owner: User
) -> None:
    webhook, _ = hook(viewer, "https://chat.example/hook")
    now = timezone.now()
    fields = {"user": viewer, "webhook": webhook, "due_at": now, "ended_at": now}
    Delivery.objects.create(state="failed", error="It answered <b>500</b>.", attempts=7, **fields)
    browser = as_(viewer)
    for path in ("deliveries/", "deliveries/?state=failed", f"webhooks/{webhook.pk}/"):
        assert "It answered &lt;b&gt;500" in browser.get(f"/notifications/{path}").content.decode()
    assert (
        "&lt;b&gt;500"
        not in browser.get("/notifications/deliveries/?state=waiting").content.decode()
    )
    assert "&lt;b&gt;500" not in as_(owner).get("/notifications/deliveries/").content.decode()


def test_an_email_can_be_tested_where_there_is_a_mail_server(
    as_: Browser, viewer: User, settings: object
) -> None:
    browser = as_(viewer)
    browser.post("/notifications/email/test/")
    assert not Delivery.objects.exists()
    viewer.email = "victor@harbour.example"
    viewer.save()
    assert "Send a test" in browser.get("/notifications/settings/").content.decode()
    browser.post("/notifications/email/test/")
    assert Delivery.objects.get().webhook is None


@pytest.mark.parametrize("path", ["", "count/", "settings/", "deliveries/", "rules/new/"])
def test_who_is_not_signed_in_is_sent_to_sign_in(path: str, db: None) -> None:
    assert "/user/login/" in Client().get(f"/notifications/{path}")["Location"]


def test_hostile_names_are_text(as_: Browser, web: LinuxAccount, viewer: User) -> None:
    rule(viewer)
    known = death(at=timezone.now() - timedelta(seconds=1))
    notify(web, type(known)(known.event_type, "k", "x", "<script>alert(1)</script>", known.at))
    page = as_(viewer).get("/notifications/").content.decode()
    assert "<script>alert" not in page
