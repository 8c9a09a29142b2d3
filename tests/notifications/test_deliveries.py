"""Webhooks and e-mail: signed, only to permitted addresses, and repeated after failures."""

import ipaddress
import json
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from consoleapp.accounts.models import Grant, LinuxAccount, User
from consoleapp.notifications import queue, sweeping, webhooks
from consoleapp.notifications.models import Delivery, Webhook
from consoleapp.notifications.record import notify
from consoleapp.notifications.sending import send_due
from tests.fixtures.notifications import death, hook, rule
from tests.notifications.receiver import Receiver


@pytest.fixture
def secret(olga: User, receiver: Receiver) -> str:
    """Return the secret of olga's webhook, which her one rule uses."""
    webhook, text = hook(olga, receiver.url)
    rule(olga, webhooks=[webhook], in_page=False)
    return text


def delivery() -> Delivery:
    return Delivery.objects.get()


def time_passes() -> None:
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_receiver_can_verify_who_sent_what_and_when(
    web: LinuxAccount, secret: str, receiver: Receiver
) -> None:
    notify(web, death())
    send_due()
    _, headers, body = receiver.got[0]
    message = Verifier(secret).verify(body, headers)
    assert message["type"] == "container.exited"
    assert message["data"]["account"] == "web"
    assert message["data"]["title"] == "web exited with an error"
    assert delivery().state == "delivered"
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body, headers | {"webhook-timestamp": "1700000000"})


def test_a_failing_receiver_is_told_again_later_by_the_same_id_and_given_up_in_the_end(
    web: LinuxAccount, secret: str, receiver: Receiver
) -> None:
    receiver.status = 500
    notify(web, death())
    send_due()
    assert delivery().error == "It answered 500."
    assert delivery().state == "waiting"
    assert timedelta(seconds=5) < delivery().due_at - timezone.now() <= queue.PAUSES[0]
    send_due()
    assert len(receiver.got) == 1, "not before its time"
    for _ in queue.PAUSES:
        time_passes()
        send_due()
    assert delivery().state == "failed"
    assert delivery().attempts == len(queue.PAUSES) + 1 == len(receiver.got)
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 1
    time_passes()
    send_due()
    assert len(receiver.got) == len(queue.PAUSES) + 1


def test_a_receiver_that_comes_back_gets_it(
    web: LinuxAccount, secret: str, receiver: Receiver, woken: list[bool]
) -> None:
    receiver.status = 503
    notify(web, death())
    send_due()
    receiver.status = 204
    time_passes()
    woken.clear()
    sweeping.send_again()
    assert woken, "the sweeper has it sent again"
    send_due()
    assert delivery().state == "delivered"
    assert delivery().error == ""


def test_a_redirect_is_not_followed_nor_tried_again(
    web: LinuxAccount, secret: str, receiver: Receiver
) -> None:
    receiver.status, receiver.location = 307, f"http://127.0.0.1:{receiver.port}/elsewhere"
    notify(web, death())
    send_due()
    assert [path for path, _, _ in receiver.got] == ["/hook"]
    assert delivery().state == "failed"
    assert "redirects are not followed" in delivery().error


def test_what_is_refused_for_good_is_not_tried_again(
    web: LinuxAccount, secret: str, receiver: Receiver
) -> None:
    receiver.status = 404
    notify(web, death())
    send_due()
    assert delivery().state == "failed"


def test_a_slow_receiver_counts_as_failed(
    web: LinuxAccount, secret: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT", 0.3)
    receiver.hold.clear()
    notify(web, death())
    send_due()
    assert delivery().state == "waiting"
    assert "did not answer" in delivery().error


def test_nobody_there_is_said(web: LinuxAccount, secret: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        Webhook.objects.update(url=f"http://127.0.0.1:{probe.getsockname()[1]}/")
        notify(web, death())
        send_due()
    assert delivery().state == "waiting"
    assert delivery().error.startswith("No connection")


@pytest.mark.parametrize(
    "place", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]
)
def test_berths_own_network_is_out_of_reach_unless_an_administrator_allows_it(
    web: LinuxAccount, secret: str, receiver: Receiver, settings: Any, place: str
) -> None:
    settings.BERTH_WEBHOOK_NETWORKS = []
    Webhook.objects.update(url=f"http://{place}:{receiver.port}/hook")
    notify(web, death())
    send_due()
    assert not receiver.got
    assert delivery().state == "failed", delivery().error
    assert "An administrator can allow" in delivery().error
    assert place.strip("[]") not in delivery().error


@pytest.mark.parametrize(
    ("address", "encrypted", "allowed"),
    [
        ("192.0.32.7", True, True),
        ("192.0.32.7", False, False),
        ("2600:1901::1", True, True),
        ("10.1.2.3", True, False),
        ("10.9.2.3", True, True),
        ("10.9.2.3", False, True),
        ("172.16.0.1", True, False),
        ("192.168.1.1", True, False),
        ("169.254.169.254", True, False),
        ("100.64.0.1", True, False),
        ("0.0.0.0", True, False),
        ("224.0.0.1", True, False),
        ("255.255.255.255", True, False),
        ("fe80::1", True, False),
        ("fd00::1", True, False),
        ("::1", True, False),
        ("::", True, False),
        ("::ffff:169.254.169.254", True, False),
        ("64:ff9b::7f00:1", True, False),
        ("2002:7f00:1::", True, False),
        ("ff0e::1", True, False),
        ("fec0::1", True, False),
        ("feff::1", True, False),
        ("::7f00:1", True, False),
        ("::169.254.169.254", True, False),
        ("::10.9.2.3", True, False),
        ("::808:808", True, False),
        ("::ffff:7f00:1", True, False),
        ("::ffff:8.8.8.8", True, True),
        ("::ffff:0:127.0.0.1", True, False),
        ("::ffff:0:8.8.8.8", True, False),
        ("64:ff9b::a01:203", True, False),
        ("64:ff9b::808:808", True, True),
        ("64:ff9b:1::7f00:1", True, False),
        ("2002:a01:203::", True, False),
        ("2002:a9fe:a9fe::1", True, False),
        ("2001:0:a01:203:0:0:f5fe:fdfc", True, False),
        ("2600:1901::5efe:10.1.2.3", True, False),
        ("2600:1901::200:5efe:127.0.0.1", True, False),
        ("100::1", True, False),
        ("2001:db8::1", True, False),
        ("3fff::1", True, False),
        ("5f00::1", True, False),
        ("192.88.99.1", True, False),
        ("192.0.0.8", True, False),
        ("198.18.0.1", True, False),
        ("240.0.0.1", True, False),
    ],
)
def test_addresses_that_webhooks_may_go_to(
    settings: Any, address: str, encrypted: bool, allowed: bool
) -> None:
    settings.BERTH_WEBHOOK_NETWORKS = [ipaddress.ip_network("10.9.0.0/16")]
    try:
        webhooks.check(ipaddress.ip_address(address), encrypted=encrypted)
    except webhooks.Forbidden:
        assert not allowed
    else:
        assert allowed


def test_whose_grant_was_withdrawn_gets_nothing(
    web: LinuxAccount, olga: User, secret: str, receiver: Receiver
) -> None:
    notify(web, death())
    Grant.objects.filter(user=olga).delete()
    send_due()
    assert not receiver.got
    assert delivery().state == "withdrawn"


def test_who_was_disabled_gets_nothing(
    web: LinuxAccount, olga: User, secret: str, receiver: Receiver
) -> None:
    notify(web, death())
    User.objects.update(is_active=False)
    send_due()
    assert not receiver.got


def test_a_webhook_that_is_switched_off_gets_nothing(
    web: LinuxAccount, secret: str, receiver: Receiver
) -> None:
    notify(web, death())
    Webhook.objects.update(active=False)
    send_due()
    assert not receiver.got


def test_two_who_send_at_the_same_time_do_not_send_the_same(web: LinuxAccount, secret: str) -> None:
    notify(web, death())
    assert len(queue.claim()) == 1
    assert not queue.claim()
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert len(queue.claim()) == 1, "who took it died: its lease is over"


def test_one_slow_receiver_does_not_hold_up_the_others(
    web: LinuxAccount, olga: User, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT", 0.5)
    silent = socket.create_server(("127.0.0.1", 0))
    slow, _ = hook(olga, f"http://127.0.0.1:{silent.getsockname()[1]}/")
    quick, _ = hook(olga, receiver.url)
    rule(olga, webhooks=[slow, quick])
    notify(web, death())
    send_due()
    silent.close()
    states = dict(Delivery.objects.values_list("webhook__url", "state"))
    assert states == {slow.url: "waiting", quick.url: "delivered"}


def test_an_email_says_what_happened_and_where(
    web: LinuxAccount, olga: User, mailoutbox: list[Any], settings: Any
) -> None:
    settings.BERTH_PUBLIC_URL = "https://console.example"
    olga.email = "olga@harbour.example"
    olga.save()
    rule(olga, email=True)
    notify(web, death())
    send_due()
    mail = mailoutbox[0]
    assert mail.to == ["olga@harbour.example"]
    assert mail.subject == "[Berth] web: web exited with an error"
    assert "exit status 3" in mail.body
    assert "https://console.example/accounts/web/containers/" in mail.body


def test_without_a_mail_server_nothing_is_pretended(
    web: LinuxAccount, olga: User, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    olga.email = "olga@harbour.example"
    olga.save()
    rule(olga, email=True)
    notify(web, death())
    send_due()
    assert delivery().state == "withdrawn"


def test_the_secret_is_not_in_the_database_in_the_clear(secret: str) -> None:
    assert secret not in json.dumps(list(Webhook.objects.values("encrypted_secret", "name", "url")))
