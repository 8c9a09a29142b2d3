"""Launch templates."""

import json

from consoleapp.audit.models import Event
from consoleapp.catalog.models import LaunchTemplate
from engine.schema.containers import ContainerRun
from tests.web.conftest import ended, operation

GIVEN = {"name": "Cache", "icon": "database", "parameters": '{"image": "redis:7"}'}


def test_an_operator_makes_changes_and_removes_a_template(as_, web, operator):
    client = as_(operator)
    client.post("/catalog/new/", GIVEN)
    template = LaunchTemplate.objects.get()
    assert template.made_by == operator
    client.post(f"/catalog/{template.pk}/", GIVEN | {"name": "Big cache"})
    client.post(f"/catalog/{template.pk}/remove/")
    assert not LaunchTemplate.objects.exists()
    actions = list(
        Event.objects.filter(action__startswith="template.")
        .order_by("id")
        .values_list("action", flat=True)
    )
    assert actions == ["template.created", "template.changed", "template.removed"]


def test_parameters_that_podman_run_would_not_take_are_refused_at_the_field(as_, web, operator):
    for text in (
        "nonsense",
        "[]",
        "null",
        '{"image": "--evil"}',
        '{"image": "a", "what": 1}',
        "{}",
    ):
        response = as_(operator).post("/catalog/new/", GIVEN | {"parameters": text})
        assert response.status_code == 422
    assert not LaunchTemplate.objects.exists()


def test_a_template_holds_no_secret(as_, web, operator):
    secret = {"image": "redis:7", "environment": {"DB_PASSWORD": "hunter2"}}
    client = as_(operator)
    response = client.post("/catalog/new/", GIVEN | {"parameters": json.dumps(secret)})
    assert response.status_code == 422
    launched = operation(web, operator, ContainerRun(**secret, name="c"), **ended())
    page = client.get(f"/catalog/new/?from={launched.pk}").content.decode()
    assert "redis:7" in page
    assert "DB_PASSWORD" not in page


def test_a_viewer_reads_the_catalogue_and_changes_nothing(as_, web, viewer, operator):
    as_(operator).post("/catalog/new/", GIVEN)
    template = LaunchTemplate.objects.get()
    client = as_(viewer)
    assert "Cache" in client.get("/catalog/").content.decode()
    assert client.post("/catalog/new/", GIVEN | {"name": "x"}).status_code == 403
    assert client.post(f"/catalog/{template.pk}/remove/").status_code == 403
    assert Event.objects.filter(action="access.refused", actor=viewer).count() == 2


def test_only_the_maker_and_administrators_change_a_template(as_, web, operator, owner, admin):
    as_(operator).post("/catalog/new/", GIVEN)
    template = LaunchTemplate.objects.get()
    assert as_(owner).get(f"/catalog/{template.pk}/").status_code == 403
    assert as_(admin).get(f"/catalog/{template.pk}/").status_code == 200
