"""Whatever the names of objects, the address of each leads to it."""

import re
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from consoleapp.web.addresses import WORDS
from tests.fixtures.web import StoredSnapshot, container, snapshot

OTHERS = (
    "logs", "terminal", "history", "panels", "inspect", "units", "images", "networks", "templates",
    "containers", "rows", "a.b_c-d", "Launch",
)  # fmt: skip
_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")


def routes(resolver: URLResolver, before: str = "", spaces: tuple[str, ...] = ()) -> Iterator[
    tuple[str, str]
]:  # fmt: skip
    """Yield every address of the console with its name."""
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLPattern):
            if each.name:
                yield route, ":".join([*spaces, each.name])
        else:
            inside = (*spaces, each.namespace) if each.namespace else spaces
            yield from routes(each, route, inside)


EVERY = [
    (route, name)
    for route, name in routes(get_resolver())
    if not route.startswith(("api/", "user/", "^"))
]
FREE = [(route, name) for route, name in EVERY if re.search(r"<(str|object):", route)]


def words_beside(route: str) -> set[str]:
    """Return Berth's own words in other addresses where this one has a name."""
    parts = route.split("/")
    found = set()
    for at, part in enumerate(parts):
        if not re.fullmatch(r"<(str|object):\w+>", part):
            continue
        before = [_PARAMETER.sub("<>", each) for each in parts[:at]]
        for other, _ in EVERY:
            others = other.split("/")
            same = [_PARAMETER.sub("<>", each) for each in others[:at]] == before
            if same and len(others) > at and others[at] and not _PARAMETER.search(others[at]):
                found.add(others[at])
    return found


def test_the_words_are_all_that_stand_where_a_name_could() -> None:
    found = {word for route, _ in FREE for word in words_beside(route)}
    assert {word for word in found if not word.startswith("~")} <= WORDS
    # No word of Berth's that starts with a tilde is mistaken for a name.
    assert not {word.removeprefix("~") for word in found if word.startswith("~")} & WORDS


@pytest.mark.parametrize(("route", "name"), FREE, ids=[name for _, name in FREE])
def test_an_address_leads_to_what_it_was_made_for(route: str, name: str) -> None:
    for called in (*WORDS, *OTHERS):
        values = {"int": 7, "slug": "status", "uuid": "7d0bd6f0-64a0-4c94-b0b1-d5a9ee5f6e1d"}
        given = {word: values.get(kind, called) for kind, word in _PARAMETER.findall(route)}
        found = resolve(reverse(name, kwargs=given))
        assert found.view_name == name, called
        assert {key: str(found.kwargs[key]) for key in given} == {
            key: str(value) for key, value in given.items()
        }


@pytest.mark.parametrize("called", sorted(WORDS))
def test_a_container_of_any_name_has_a_page_and_links_that_lead_there(
    as_, operator, web, snapshots, called
):
    """The input of the bug report: a container named `launch`."""
    row = container(called)
    snapshots["web"] = StoredSnapshot(snapshot(row))
    page = as_(operator).get(reverse("containers:detail", args=["web", called]))
    assert page.status_code == 200
    assert page.context["row"].id == row.id
