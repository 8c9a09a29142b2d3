"""Cancelling and retrying with buttons."""

import json

from consoleapp.audit.models import Event
from consoleapp.operations.models import Operation
from tests.fixtures.web import ended, operation

HTMX = {"HX-Request": "true"}


def test_an_operator_cancels_what_runs(as_, web, operator):
    running = operation(web, operator)
    response = as_(operator).post(f"/operations/{running.pk}/cancel/", headers=HTMX)
    assert response.status_code == 204
    assert "berth:accepted" in response["HX-Trigger"]
    running.refresh_from_db()
    assert running.cancel_requested_at is not None
    assert Event.objects.filter(action="operation.cancel_requested", operation=running.pk).exists()


def test_a_viewer_s_cancel_is_refused_and_audited(as_, web, operator, viewer):
    running = operation(web, operator)
    response = as_(viewer).post(f"/operations/{running.pk}/cancel/", headers=HTMX)
    assert response.status_code == 403
    assert "operator" in json.loads(response["HX-Trigger"])["berth:refused"]["message"]
    running.refresh_from_db()
    assert running.cancel_requested_at is None
    assert Event.objects.filter(action="access.refused", actor=viewer).exists()


def test_cancelling_what_has_ended_says_so(as_, web, operator):
    done = operation(web, operator, **ended())
    response = as_(operator).post(f"/operations/{done.pk}/cancel/", headers=HTMX)
    assert response.status_code == 409


def test_once_more_makes_a_new_operation_and_goes_there(as_, web, operator):
    failed = operation(web, operator, **ended("failed"))
    response = as_(operator).post(f"/operations/{failed.pk}/retry/")
    again = Operation.objects.get(retry_of=failed)
    assert response.url == f"/operations/{again.pk}/"
    assert again.parameters == failed.parameters


def test_what_had_a_secret_is_not_repeated_and_the_page_says_why(as_, web, operator):
    failed = operation(web, operator, **ended("failed", has_secrets=True))
    page = as_(operator).post(f"/operations/{failed.pk}/retry/", follow=True).content.decode()
    assert "secret" in page
    assert not Operation.objects.filter(retry_of=failed).exists()


def test_several_are_cancelled_at_once(as_, web, operator):
    rows = [operation(web, operator) for _ in range(3)]
    chosen = [str(row.pk) for row in rows] + ["nonsense"]
    response = as_(operator).post("/operations/cancel/", {"operation": chosen}, headers=HTMX)
    assert response.status_code == 204
    assert Operation.objects.exclude(cancel_requested_at=None).count() == 3


def test_a_bulk_cancel_touches_nothing_of_other_accounts(as_, web, operator, stranger):
    theirs = operation(web, operator)
    as_(stranger).post("/operations/cancel/", {"operation": [str(theirs.pk)]}, headers=HTMX)
    theirs.refresh_from_db()
    assert theirs.cancel_requested_at is None


def test_only_posts_change_anything(as_, web, operator):
    running = operation(web, operator)
    client = as_(operator)
    assert client.get(f"/operations/{running.pk}/cancel/").status_code == 405
    assert client.get(f"/operations/{running.pk}/retry/").status_code == 405
    assert client.get("/operations/cancel/").status_code == 405
