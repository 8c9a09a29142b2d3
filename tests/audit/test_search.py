"""Every filter finds what a plain look at all events finds, page by page, and nothing else."""

from datetime import timedelta
from itertools import product

import pytest
from django.db.models import Q
from django.utils import timezone

from consoleapp.audit.models import Event
from consoleapp.audit.search import Criteria, matching, newest, terms

pytestmark = pytest.mark.django_db


@pytest.fixture
def events() -> list[Event]:
    """Some of everything, in a mix."""
    kinds = ["container.run", "image.pull", ""]
    actions = ["operation.requested", "operation.failed", "operationx", "sign-in"]
    people = ["olga", "Olga", "olga-2"]
    Event.objects.bulk_create(
        Event(
            source="page",
            actor_name=person,
            action=action,
            kind=kind,
            account_name="web" if number % 2 else "shop",
            target=f"db-{number % 5}",
            outcome="failed" if action.endswith("failed") else "",
            detail="Größe: 50%" if number % 7 == 0 else "",
            parameters={"image": "registry.example/app:2"} if kind else None,
        )
        for number, (kind, action, person) in enumerate(product(kinds, actions, people))
    )
    return list(Event.objects.order_by("-pk"))


def walked(criteria: Criteria, scope: list[Q] | None = None) -> list[int]:
    """All pages, one after the other, of four rows."""
    found: list[int] = []
    before = None
    while True:
        page = newest(scope or [Q()], criteria, before=before, size=4)
        found += [event.pk for event in page.events]
        if page.older is None:
            return found
        before = page.older


CASES = [
    ({}, lambda e: True),
    ({"person": "olga"}, lambda e: e.actor_name == "olga"),
    ({"kind": "image.pull"}, lambda e: e.kind == "image.pull"),
    ({"action": "operation"}, lambda e: e.action.startswith("operation.")),
    ({"action": "operation.failed"}, lambda e: e.action == "operation.failed"),
    ({"action": "nothing"}, lambda e: False),
    ({"account": "web"}, lambda e: e.account_name == "web"),
    ({"target": "db-3"}, lambda e: e.target == "db-3"),
    ({"outcome": "failed"}, lambda e: e.outcome == "failed"),
    (
        {"person": "olga", "kind": "image.pull"},
        lambda e: e.actor_name == "olga" and e.kind == "image.pull",
    ),
    (
        {"account": "web", "action": "operation", "outcome": "failed"},
        lambda e: e.account_name == "web" and e.action == "operation.failed",
    ),
    ({"words": "registry"}, lambda e: e.parameters is not None),
    ({"words": "REGIS app"}, lambda e: e.parameters is not None),
    ({"words": "grö 50%"}, lambda e: e.detail != ""),
    (
        {"words": "db 3", "person": "olga-2"},
        lambda e: e.target == "db-3" and e.actor_name == "olga-2",
    ),
    ({"words": "egistry"}, lambda e: False),
    ({"words": '" OR * NEAR( :x & | !'}, lambda e: False),
    ({"words": "…"}, lambda e: True),
    ({"since": timezone.now() - timedelta(days=1)}, lambda e: True),
    ({"since": timezone.now() + timedelta(days=1)}, lambda e: False),
    ({"until": timezone.now() - timedelta(days=1)}, lambda e: False),
    ({"words": "registry", "until": timezone.now() + timedelta(days=1)}, lambda e: e.parameters),
]


@pytest.mark.parametrize(("asked", "fits"), CASES, ids=[str(asked) for asked, _ in CASES])
def test_pages_and_exports_have_what_fits_and_no_more(events, asked, fits):
    mine = [event.pk for event in events]
    wanted = [event.pk for event in events if fits(event)]
    criteria = Criteria(**asked)
    assert [pk for pk in walked(criteria) if pk in mine] == wanted
    found = matching(Event.objects.all(), criteria).values_list("pk", flat=True)
    assert [pk for pk in found if pk in mine] == wanted


def test_what_an_owner_may_read_is_merged_in_order(events):
    scope = [Q(account_name="web"), Q(actor_name="olga")]
    wanted = [e.pk for e in events if e.account_name == "web" or e.actor_name == "olga"]
    assert walked(Criteria(), scope) == wanted
    failed = [pk for pk in wanted if Event.objects.get(pk=pk).outcome == "failed"]
    assert walked(Criteria(action="operation", outcome="failed"), scope) == failed
    many = [Q(account_name=f"account-{number}") for number in range(100)]
    assert walked(Criteria(action="operation"), [*scope, *many]) == [
        pk for pk in wanted if Event.objects.get(pk=pk).action.startswith("operation.")
    ]


def test_words_are_letters_and_digits():
    assert terms("Web-1 a_b ü' OR") == ["web", "1", "a", "b", "ü", "or"]
