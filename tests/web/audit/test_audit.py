"""Who reads and exports which events."""

import csv
import io
import json
import re

import pytest
from django.core.management import call_command

from consoleapp.audit import chainer
from consoleapp.audit.checkpoints import sign_checkpoint
from consoleapp.audit.models import Event
from consoleapp.audit.record import record
from consoleapp.core.actor import Actor


@pytest.fixture
def events(web, shop, operator, stranger):
    record(
        "operation.requested",
        actor=Actor(operator),
        account=web,
        kind="container.run",
        target="web-1",
    )
    record(
        "operation.requested",
        actor=Actor(stranger),
        account=shop,
        kind="image.pull",
        target="shop-1",
    )
    record("sign-in.failed", actor=Actor(None, label="mallory"), target="mallory", outcome="failed")


def targets(response):
    return {event.target for event in response.context["page"].events}


def test_administrators_read_everything(as_, admin, events):
    assert {"web-1", "shop-1", "mallory"} <= targets(as_(admin).get("/audit/"))


def test_an_owner_reads_the_events_of_the_account_and_no_others(as_, owner, events):
    found = targets(as_(owner).get("/audit/"))
    assert "web-1" in found
    assert not {"shop-1", "mallory"} & found


def test_an_operator_reads_only_their_own(as_, operator, viewer, events):
    assert "web-1" in targets(as_(operator).get("/audit/"))
    assert "web-1" not in targets(as_(viewer).get("/audit/"))


def test_an_event_that_one_may_not_read_does_not_exist(as_, viewer, admin, events):
    event = Event.objects.get(target="web-1")
    assert as_(viewer).get(f"/audit/{event.pk}/").status_code == 404
    assert as_(admin).get(f"/audit/{event.pk}/").status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=shop", {"shop-1"}),
        ("action=operation", {"web-1", "shop-1"}),
        ("kind=image.pull", {"shop-1"}),
        ("user=olga", {"web-1"}),
        ("account=web", {"web-1"}),
        ("outcome=failed", {"mallory"}),
        ("since=2999-01-01", set()),
        ("action=nonsense&since=nonsense", {"web-1", "shop-1", "mallory"}),
    ],
)
def test_filters_narrow_the_list(as_, admin, events, query, found):
    shown = targets(as_(admin).get(f"/audit/?{query}"))
    assert shown & {"web-1", "shop-1", "mallory"} == found


def test_the_csv_has_all_that_match_and_no_formulas(as_, admin, events, web):
    record("user.changed", actor=Actor(admin), target='=HYPERLINK("http://evil")', detail="+1")
    response = as_(admin).get("/audit/?action=user&export=csv")
    assert response["Content-Disposition"].startswith("attachment")
    [row] = csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode()))
    assert row["target"] == '\'=HYPERLINK("http://evil")'
    assert row["detail"] == "'+1"


def test_json_lines_keep_the_text_as_it_is(as_, admin, events):
    body = b"".join(as_(admin).get("/audit/?account=web&export=jsonl").streaming_content).decode()
    lines = [json.loads(line) for line in body.splitlines()]
    assert [line["target"] for line in lines] == ["web-1"]
    assert lines[0]["kind"] == "container.run"


def test_an_export_holds_nothing_that_one_may_not_read(as_, operator, events):
    body = b"".join(as_(operator).get("/audit/?export=jsonl").streaming_content).decode()
    assert "shop-1" not in body
    assert "mallory" not in body


def test_an_unknown_export_does_not_exist(as_, admin):
    assert as_(admin).get("/audit/?export=exe").status_code == 404


def test_older_events_are_a_link_away(as_, admin):
    for number in range(120):
        record("template.changed", actor=Actor(admin), target=f"t-{number:03}")
    found, address = [], "/audit/?action=template"
    while address:
        page = as_(admin).get(address).context["page"]
        found += [event.target for event in page.events]
        address = page.older and f"/audit/?action=template&before={page.older}"
    assert found == [f"t-{number:03}" for number in reversed(range(120))]


@pytest.mark.parametrize("before", ["", "x", "-1", "9" * 40, "１"])
def test_a_place_that_makes_no_sense_is_the_beginning_or_empty(as_, admin, events, before):
    assert as_(admin).get("/audit/", {"before": before}).status_code == 200


def test_the_page_says_how_the_chain_stands(as_, admin, events, tmp_path, settings):
    settings.BERTH_AUDIT_KEY, settings.BERTH_AUDIT_CHECKPOINTS = tmp_path / "key", ""
    assert "nothing is chained yet" in as_(admin).get("/audit/").content.decode()
    chainer.chain_all()
    sign_checkpoint()
    call_command("verify_audit")
    page = as_(admin).get("/audit/").content.decode()
    assert "events chained, the last" in page
    assert re.search(r">\s*intact\s*</span>", page)
    event = Event.objects.get(target="web-1")
    assert event.link.hex in as_(admin).get(f"/audit/{event.pk}/").content.decode()
