"""The list of an account's units, and actions on them."""

import pytest
from django.urls import reverse

from consoleapp.operations.models import Operation
from tests.fixtures.web import StoredSnapshot, snapshot
from tests.fixtures.web_units import unit, with_units

LIST = "/accounts/web/units/"
HTMX = {"HX-Request": "true"}


def test_all_are_listed_with_state_drift_and_container(as_, viewer, several):
    page = as_(viewer).get(LIST).content.decode()
    for text in ("front.service", "exit-code", "(3)", "file changed", "stale container"):
        assert text in page
    assert 'href="/accounts/web/containers/front/"' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=failed", {"batch"}),
        ("state=drift", {"db", "old"}),
        ("kind=generate-classic", {"old"}),
        ("q=SHOP", {"front"}),
        ("state=nonsense&sort=worse&page=-4", {"front", "batch", "db", "old"}),
    ],
)
def test_the_address_says_what_is_shown(as_, viewer, several, query, found):
    page = as_(viewer).get(f"{LIST}?{query}")
    assert {row.unit.removesuffix(".service") for row in page.context["page"]} == found


def test_the_failed_come_first_by_state(as_, viewer, several):
    page = as_(viewer).get(f"{LIST}?sort=state")
    assert next(iter(page.context["page"])).unit == "batch.service"


def test_none_yet_explains_what_a_unit_is_for(as_, operator, snapshots):
    snapshots["web"] = StoredSnapshot(with_units())
    assert "tells systemd to run a container" in as_(operator).get(LIST).content.decode()


def test_without_a_user_manager_it_says_so_and_why(as_, operator, snapshots):
    snapshots["web"] = StoredSnapshot(
        snapshot(no_systemd="This machine was not booted by systemd.")
    )
    page = as_(operator).get(LIST).content.decode()
    assert "not booted by systemd" in page
    assert "New file" not in page


def test_lingering_that_is_off_is_said_with_its_remedy(as_, operator, viewer, snapshots):
    snapshots["web"] = StoredSnapshot(with_units(unit("front"), linger=False))
    assert "linger.enable" in as_(operator).get(LIST).content.decode()
    page = as_(viewer).get(LIST).content.decode()
    assert "Lingering is off" in page
    assert "linger.enable" not in page


def test_hostile_words_are_shown_and_not_run(as_, operator, snapshots):
    bad = "<script>alert(1)</script>"
    snapshots["web"] = StoredSnapshot(
        with_units(unit("x", description=bad, problem=bad, warnings=[bad]))
    )
    assert bad not in as_(operator).get(LIST).content.decode()
    assert bad not in as_(operator).get(f"{LIST}x.service/").content.decode()


def test_a_label_that_names_no_possible_unit_breaks_no_page(as_, operator, snapshots):
    shot = with_units(unit("front"))
    row = shot.containers[0].model_copy(update={"unit": "../../etc/x.service"})
    snapshots["web"] = StoredSnapshot(shot.model_copy(update={"containers": [row], "units": []}))
    assert as_(operator).get(f"/accounts/web/containers/{row.id}/").status_code == 200
    assert as_(operator).get("/accounts/web/containers/").status_code == 200


def test_many_rows_cost_no_query_each(as_, operator, snapshots, django_assert_max_num_queries):
    snapshots["web"] = StoredSnapshot(with_units(*(unit(f"u{number}") for number in range(300))))
    client = as_(operator)
    client.get(LIST)
    with django_assert_max_num_queries(10):
        assert len(client.get(LIST).context["page"]) == 100


def test_one_action_on_several_is_one_operation_each(as_, operator, several):
    values = {"kind": "unit.restart", "unit": ["front.service", "db.service"]}
    assert as_(operator).post(f"{LIST}act/", values, headers=HTMX).status_code == 204
    done = Operation.objects.order_by("target").values_list("kind", "target")
    assert list(done) == [("unit.restart", "db.service"), ("unit.restart", "front.service")]


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "unit.start"},
        {"kind": "unit.start", "unit": "--now.service"},
        {"kind": "unit.start", "unit": "a/b.service"},
        {"kind": "unit.write", "file": "systemd/user/x.service"},
        {"kind": "container.remove", "container": "x"},
        {"kind": "unit.delete", "file": "../.bashrc"},
        {"kind": "unit.restore", "file": "systemd/user/x.service", "version": "../x"},
        {"kind": "unit.convert", "unit": "x.service", "style": "magic"},
        {"kind": "unit.start", "unit": [f"u{n}.service" for n in range(300)]},
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_asked_for(as_, operator, several, query):
    assert as_(operator).post(f"{LIST}act/", query, headers=HTMX).status_code == 400
    assert not Operation.objects.exists()


def test_who_only_looks_cannot_act(as_, viewer, stranger, several):
    values = {"kind": "unit.stop", "unit": "front.service"}
    assert as_(viewer).post(f"{LIST}act/", values).status_code == 403
    assert as_(stranger).post(f"{LIST}act/", values).status_code == 404
    assert not Operation.objects.exists()


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_a_plain_form_never_leads_elsewhere(as_, operator, several, next_):
    values = {"kind": "unit.stop", "unit": "front.service", "next": next_}
    assert as_(operator).post(f"{LIST}act/", values)["Location"] == LIST


BUS = "The session bus does not answer."


def test_units_that_cannot_be_read_are_no_empty_list(as_, operator, snapshots):
    snapshots["web"] = StoredSnapshot(with_units(units_unread=BUS))
    page = as_(operator).get(LIST).content.decode()
    assert "The units cannot be read." in page
    assert BUS in page
    assert "No units yet" not in page
    answer = as_(operator).get("/accounts/web/units/front.service/")
    assert answer.status_code == 503
    assert BUS in answer.content.decode()


def test_units_that_cannot_be_read_now_are_those_of_before(as_, operator, snapshots):
    snapshots["web"] = StoredSnapshot(with_units(unit("front"), units_unread=BUS))
    page = as_(operator).get(LIST).content.decode()
    assert BUS in page
    assert "front.service" in page
    assert as_(operator).get("/accounts/web/units/front.service/").status_code == 200


@pytest.mark.parametrize(
    "facts",
    [
        {"unit": "a b.service", "problem": "systemd does not take it.", "readable": False},
        {"unit": "x\\xff.service", "problem": "It is a link, where nothing is.", "readable": False},
        {"unit": "foo\\x2dbar.service", "file": "systemd/user/foo\\x2dbar.service"},
        {"unit": "containers-systemd.folder", "problem": "It is a link.", "readable": False},
        {"unit": "<b>.service", "problem": "systemd does not take it.", "readable": False},
        {"unit": "worker@.service", "template": True, "active": "inactive", "load": "template"},
        {"unit": "worker@1.service", "file": "systemd/user/worker@.service"},
        {"unit": "..service", "problem": "odd", "readable": False},
    ],
)
def test_an_odd_unit_has_a_row_and_pages(as_, operator, snapshots, facts):
    odd = unit("odd", style="other", kind="service", **facts)
    snapshots["web"] = StoredSnapshot(with_units(unit("front"), odd))
    page = as_(operator).get(LIST)
    assert {row.unit for row in page.context["page"]} == {"front.service", odd.unit}
    for tab in ("", "journal/", "file/", "convert/"):
        url = reverse("units:detail", args=["web", odd.unit]) + tab
        shown = as_(operator).get(url)
        assert shown.status_code == 200, url
        assert ("unit.start" in shown.content.decode()) is False


def test_a_status_of_what_can_be_no_unit_says_so(as_, operator, snapshots):
    odd = unit("odd", unit="a b.service", problem="It has a space.", readable=False)
    snapshots["web"] = StoredSnapshot(with_units(odd))
    url = reverse("units:panel", args=["web", odd.unit, "status"])
    assert "This is not a valid unit name" in as_(operator).get(url).content.decode()


def test_images_that_cannot_be_listed_are_no_empty_list(as_, operator, snapshots):
    shot = snapshot()
    info = shot.info.model_copy(update={"images_unread": "layer not known"})
    snapshots["web"] = StoredSnapshot(shot.model_copy(update={"images": [], "info": info}))
    page = as_(operator).get("/accounts/web/images/").content.decode()
    assert "Podman cannot list the images." in page
    assert "No images yet" not in page


@pytest.mark.parametrize("name", ["a b.service", "x\\xff.service", "<b>.service", "..service"])
def test_nothing_is_done_to_what_can_be_no_unit_and_no_page_breaks(as_, operator, snapshots, name):
    odd = unit("odd", unit=name, file=f"systemd/user/{name}", problem="odd", readable=False)
    snapshots["web"] = StoredSnapshot(with_units(odd))
    query = as_(operator).post(f"{LIST}act/", {"kind": "unit.start", "unit": name})
    assert query.status_code < 500
    for url in (f"{LIST}edit/", f"{LIST}edit/text/", f"{LIST}new/"):
        assert as_(operator).get(url, {"file": odd.file}).status_code < 500
    if name != "x\\xff.service":  # which is a name that systemd accepts
        assert not Operation.objects.exists()
