"""The activity drawer, its counter, and toasts."""

from django.template.loader import render_to_string

from engine.schema.containers import ContainerStart
from tests.fixtures.web import ended, operation


def test_the_drawer_has_what_i_asked_for_and_not_what_others_did(as_, web, operator, viewer):
    operation(web, operator, ContainerStart(container="mine"))
    operation(web, operator, ContainerStart(container="done"), **ended())
    operation(web, viewer, ContainerStart(container="other"))
    page = as_(operator).get("/operations/activity/").content.decode()
    assert "mine" in page
    assert "done" in page
    assert "other" not in page


def test_the_counter_counts_mine_that_have_not_ended(as_, web, operator, viewer):
    operation(web, operator)
    operation(web, operator, **ended())
    operation(web, viewer)
    assert ">1</span>" in as_(operator).get("/operations/activity/count/").content.decode()


def test_a_toast_says_what_ended_how_and_what_to_do(web, operator):
    error = {"code": "conflict", "message": "name is taken", "remedy": "Choose another."}
    failed = operation(web, operator, **ended("failed", error=error))
    toast = render_to_string("operations/_toast.html", {"operation": failed})
    assert "name is taken" in toast
    assert "Choose another." in toast
    assert str(failed.pk) in toast
