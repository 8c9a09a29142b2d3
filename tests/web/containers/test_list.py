"""The list of an account's containers, and actions on them."""

import pytest

from consoleapp.operations.models import Operation
from tests.fixtures.web import StoredSnapshot, container, snapshot

LIST = "/accounts/web/containers/"


@pytest.fixture
def many(snapshots):
    """Set three containers: one running, one ended, one unhealthy."""
    snapshots["web"] = StoredSnapshot(
        snapshot(
            container("front"),
            container("batch", "exited", exit_code=3),
            container("shop", health="unhealthy", labels={"team": "sales"}),
        )
    )


def test_all_are_listed_with_their_states(as_, viewer, many):
    page = as_(viewer).get(LIST).content.decode()
    for text in ("front", "batch", "shop", "exited (3)", "unhealthy"):
        assert text in page


def test_what_ran_out_of_memory_says_so_in_the_list(as_, viewer, snapshots):
    killed = container("hungry", "exited", exit_code=137, oom_killed=True)
    snapshots["web"] = StoredSnapshot(
        snapshot(killed, container("stopped", "exited", exit_code=137))
    )
    page = as_(viewer).get(LIST).content.decode()
    assert "exited (out of memory)" in page
    assert "exited (137)" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=running", {"front", "shop"}),
        ("state=exited", {"batch"}),
        ("state=unhealthy", {"shop"}),
        ("q=sales", {"shop"}),
        ("q=FRONT", {"front"}),
        ("state=nonsense&sort=worse&rows=1e9&page=-4", {"front", "batch", "shop"}),
    ],
)
def test_the_address_says_what_is_shown(as_, viewer, many, query, found):
    page = as_(viewer).get(f"{LIST}?{query}")
    assert {row.name for row in page.context["page"]} == found


def test_without_a_snapshot_it_says_that_it_asks(as_, viewer, snapshots):
    assert "Loading containers" in as_(viewer).get(LIST).content.decode()


def test_an_engine_that_does_not_answer_is_said(as_, viewer, snapshots):
    snapshots["web"] = StoredSnapshot(None, live=False, error="It sleeps.")
    assert "It sleeps." in as_(viewer).get(LIST).content.decode()


def test_none_yet_offers_a_launch_to_who_may(as_, operator, viewer, snapshots):
    snapshots["web"] = StoredSnapshot(snapshot())
    assert "/containers/launch/" in as_(operator).get(LIST).content.decode()
    assert "/containers/launch/" not in as_(viewer).get(LIST).content.decode()


def test_a_thousand_rows_cost_no_query_each(
    as_, operator, snapshots, django_assert_max_num_queries
):
    snapshots["web"] = StoredSnapshot(
        snapshot(*(container(f"c{number}") for number in range(1000)))
    )
    client = as_(operator)
    client.get(LIST)
    with django_assert_max_num_queries(10):
        assert len(client.get(f"{LIST}?rows=500").context["page"]) == 500


def test_hostile_names_are_shown_and_not_run(as_, operator, snapshots):
    row = container("x").model_copy(update={"image": "<script>alert(1)</script>"})
    snapshots["web"] = StoredSnapshot(snapshot(row))
    assert "<script>alert(1)" not in as_(operator).get(LIST).content.decode()


def test_one_action_on_several_is_one_operation_each(as_, operator, many):
    values = {"kind": "container.stop", "container": ["front", "shop"], "timeout": "3"}
    assert (
        as_(operator).post(f"{LIST}act/", values, headers={"HX-Request": "true"}).status_code == 204
    )
    stops = Operation.objects.order_by("target")
    assert [(each.target, each.parameters["timeout"]) for each in stops] == [
        ("front", 3),
        ("shop", 3),
    ]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"kind": "container.stop"},
        {"kind": "image.remove", "container": "front"},
        {"kind": "container.run", "container": "front"},
        {"kind": "container.stop", "container": ["front", "--all"]},
        {"kind": "container.stop", "container": "front", "timeout": "soon"},
        {"kind": "container.kill", "container": "front", "signal": "; reboot"},
        {"kind": "container.rename", "container": "front", "name": "../x"},
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_begins(as_, operator, many, query):
    answer = as_(operator).post(f"{LIST}act/", query, headers={"HX-Request": "true"})
    assert answer.status_code == 400
    assert "berth:refused" in answer.headers["HX-Trigger"]
    assert not Operation.objects.exists()


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"timeout": "soon"}, "timeout: Must be a whole number."),
        ({"timeout": "9999"}, "timeout: Must be 3600 or less."),
        ({"container": "--all"}, "container: These characters are not allowed here."),
    ],
)
def test_a_wrong_value_is_named_in_a_sentence_for_its_reader(as_, operator, many, value, sentence):
    values = {"kind": "container.stop", "container": "front", **value}
    answer = as_(operator).post(f"{LIST}act/", values, headers={"HX-Request": "true"})
    assert sentence in answer.headers["HX-Trigger"]


def test_a_viewer_is_refused_and_a_stranger_finds_nothing(as_, viewer, stranger, many):
    values = {"kind": "container.stop", "container": "front"}
    assert as_(viewer).post(f"{LIST}act/", values).status_code == 403
    for url in (LIST, f"{LIST}launch/", f"{LIST}prune/"):
        assert as_(stranger).get(url).status_code == 404
    assert not Operation.objects.exists()
