"""Every filter finds exactly what a scan of all events finds, page by page."""

from datetime import UTC, datetime
from itertools import product
from random import Random
from uuid import UUID

import pytest

from consoleapp.audit import chainer
from consoleapp.audit.models import Event, Word
from consoleapp.audit.search import Criteria, matching, newest
from consoleapp.audit.search_index import (
    SPAN,
    Clauses,
    find,
    forget,
    named,
    pack,
    rows,
    split,
    unpack,
    write,
)

pytestmark = pytest.mark.django_db

LONG_AGO, FAR_OFF = datetime(2001, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["chained", "waiting", "half"])
def events(request) -> list[Event]:
    """Write a mix of everything, found whether it is chained yet or not."""
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
    if request.param == "half":
        monkeypatch_at_once(request, 18)
        chainer.chain_pending()
    elif request.param == "chained":
        chainer.chain_all()
    return list(Event.objects.order_by("-pk"))


def monkeypatch_at_once(request, size: int) -> None:
    """Chain `size` events at a time."""
    request.getfixturevalue("monkeypatch").setattr(chainer, "AT_ONCE", size)


def walked(criteria: Criteria, scope: Clauses | None = None) -> list[int]:
    """Return all pages of four rows, one after the other."""
    found: list[int] = []
    before = None
    while True:
        page = newest(scope or [], criteria, before=before, size=4)
        found += [event.pk for event in page.events]
        if page.older is None:
            return found
        before = page.older


CASES = [
    ({}, lambda e: True),
    ({"person": "olga"}, lambda e: e.actor_name == "olga"),
    ({"kinds": ("image.pull",)}, lambda e: e.kind == "image.pull"),
    ({"actions": ("operation",)}, lambda e: e.action.startswith("operation.")),
    ({"actions": ("operation.failed",)}, lambda e: e.action == "operation.failed"),
    ({"actions": ("nothing",)}, lambda e: False),
    ({"account": "web"}, lambda e: e.account_name == "web"),
    ({"targets": ("db-3",)}, lambda e: e.target == "db-3"),
    ({"outcome": "failed"}, lambda e: e.outcome == "failed"),
    (
        {"person": "olga", "kinds": ("image.pull",)},
        lambda e: e.actor_name == "olga" and e.kind == "image.pull",
    ),
    (
        {"account": "web", "actions": ("operation",), "outcome": "failed"},
        lambda e: e.account_name == "web" and e.action == "operation.failed",
    ),
    ({"words": "registry"}, lambda e: e.parameters is not None),
    ({"words": "REGISTRY app"}, lambda e: e.parameters is not None),
    ({"words": "größe 50%"}, lambda e: e.detail != ""),
    ({"kinds": ("container",)}, lambda e: e.kind == "container.run"),
    ({"kinds": ("container", "image.pull")}, lambda e: e.kind != ""),
    ({"targets": ("db-3", "db-4", "x" * 500)}, lambda e: e.target in ("db-3", "db-4")),
    ({"operation": UUID(int=7)}, lambda e: False),
    (
        {"words": "db 3", "person": "olga-2"},
        lambda e: e.target == "db-3" and e.actor_name == "olga-2",
    ),
    ({"words": "egistry"}, lambda e: False),
    ({"words": '" OR * NEAR( :x & | !'}, lambda e: False),
    ({"words": "…"}, lambda e: True),
    ({"since": LONG_AGO}, lambda e: True),
    ({"since": FAR_OFF}, lambda e: False),
    ({"until": LONG_AGO}, lambda e: False),
    ({"words": "registry", "until": FAR_OFF}, lambda e: e.parameters),
]


@pytest.mark.parametrize(("query", "fits"), CASES, ids=[str(query) for query, _ in CASES])
def test_pages_and_exports_have_what_fits_and_no_more(events, query, fits):
    mine = [event.pk for event in events]
    wanted = [event.pk for event in events if fits(event)]
    criteria = Criteria(**query)
    assert [pk for pk in walked(criteria) if pk in mine] == wanted
    assert [event.pk for event in matching([], criteria) if event.pk in mine] == wanted


def test_what_an_owner_may_read_is_in_order(events):
    scope = [[named("account_name", "web"), named("actor_name", "olga")]]
    wanted = [e.pk for e in events if e.account_name == "web" or e.actor_name == "olga"]
    assert walked(Criteria(), scope) == wanted
    failed = [pk for pk in wanted if Event.objects.get(pk=pk).outcome == "failed"]
    assert walked(Criteria(actions=("operation",), outcome="failed"), scope) == failed
    assert walked(Criteria(), [[]]) == []  # somebody who may read nothing


def test_words_are_letters_and_digits():
    assert split("Web-1 a_b ü' OR web") == ["web", "1", "a", "b", "ü", "or"]


def test_a_set_of_events_is_kept_in_the_shorter_form():
    some = Random(1)
    for size in (0, 1, 5, 64, 65, 5000, SPAN):
        events = sum(1 << offset for offset in some.sample(range(SPAN), size))
        assert unpack(pack(events)) == events
        assert len(pack(events)) <= SPAN // 8


def test_the_index_answers_as_sets_do_across_many_spans(monkeypatch):
    some = Random(2)
    last = Event.objects.create(pk=700 * SPAN, source="page", action="test").pk
    words = ["often", "seldom", "a", "b", "c"]
    chances = [0.5, 0.002, 0.1, 0.05, 0.3]
    events = {
        pk: {word for word, chance in zip(words, chances, strict=True) if some.random() < chance}
        for pk in some.sample(range(1, last), 3000)
    }
    half = dict(list(events.items())[:1500])
    write(rows(half))
    write(rows(events))  # known rows do not change
    for clauses in ([["often"]], [["seldom"]], [["a"], ["b"]], [["seldom"], ["a", "b", "c"]],
                    [["often"], ["a", "b"], ["c", "seldom"]], [["never"], ["often"]]):  # fmt: skip
        wanted = sorted(
            (pk for pk, has in events.items() if all(has & set(clause) for clause in clauses)),
            reverse=True,
        )
        assert list(find(clauses, 0, last)) == wanted
        low, high = last // 3, last // 2
        assert list(find(clauses, low, high)) == [pk for pk in wanted if low <= pk <= high]


def test_whole_spans_are_forgotten():
    Event.objects.create(pk=5 * SPAN, source="page", action="test")
    write(rows({pk: {"word"} for pk in (1, SPAN, 2 * SPAN, 2 * SPAN + 5, 3 * SPAN)}))
    forget(2 * SPAN + 7)
    assert list(find([["word"]], 0, 5 * SPAN)) == [3 * SPAN, 2 * SPAN + 5, 2 * SPAN]
    assert not Word.objects.filter(span__lt=2).exists()


def test_long_words_and_names_are_found_whole():
    event = Event.objects.create(source="page", action="test", target="t" * 600, detail="d" * 300)
    Event.objects.create(source="page", action="test", target="t" * 599 + "x", detail="d" * 299)
    chainer.chain_all()
    assert walked(Criteria(targets=("t" * 600,))) == [event.pk]
    assert walked(Criteria(words="d" * 300)) == [event.pk]
