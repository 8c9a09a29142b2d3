"""The catalog's pages: who sees, launches, and changes what."""

import pytest
from django.db import DatabaseError, connection, transaction

from consoleapp.audit.models import Event
from consoleapp.catalog import changes
from consoleapp.catalog.definition import parse
from consoleapp.catalog.models import LaunchTemplate, PortAllotment, TemplateVersion
from consoleapp.operations.models import Operation
from engine.schema.containers import ContainerRun
from tests.fixtures.catalog import WEB, template
from tests.fixtures.web import ended, operation

GIVEN = {
    "template_name": "Cache",
    "icon": "database",
    "description": "A cache.\n\n<script>alert(1)</script>",
    "image": "redis:${tag}",
    "parameter-name": ["tag", ""],
    "parameter-type": ["text", "text"],
    "parameter-label": ["Tag", ""],
    "parameter-rule": ["[0-9.]+", ""],
    "parameter-default": ["7", ""],
    "parameter-required": ["yes", "yes"],
    "parameter-help": ["<b>which</b>", ""],
}


def test_an_operator_makes_changes_and_removes_a_template(as_, web, operator):
    client = as_(operator)
    assert client.post("/catalog/new/", GIVEN).status_code == 302
    made = LaunchTemplate.objects.get()
    assert list(made.owners.all()) == [operator]
    assert made.contents.run == {"image": "redis:${tag}"}
    client.post(f"/catalog/{made.pk}/edit/", GIVEN | {"description": "Another", "note": "better"})
    assert made.versions.count() == 2
    client.post(f"/catalog/{made.pk}/edit/", GIVEN | {"description": "Another"})
    assert made.versions.count() == 2  # nothing differed
    client.post(f"/catalog/{made.pk}/remove/")
    assert not LaunchTemplate.objects.exists()
    actions = Event.objects.filter(action__startswith="template.").order_by("id")
    assert [each.action for each in actions] == [
        "template.created",
        "template.changed",
        "template.removed",
    ]


def test_a_version_never_changes(web, operator):
    made = template(operator)
    with pytest.raises(DatabaseError), transaction.atomic():
        TemplateVersion.objects.filter(template=made).update(note="other")
    with pytest.raises(DatabaseError), connection.cursor() as cursor, transaction.atomic():
        cursor.execute("UPDATE catalog_templateversion SET number = 7")


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"image": "--evil${tag}"}, "characters are not allowed"),
        ({"image": "redis:7"}, "Nothing uses it"),
        ({"image": "redis:${other}"}, "There is no parameter"),
        ({"parameter-rule": ["(", ""]}, "no regular expression"),
        ({"icon": "<b>"}, "characters are not allowed"),
        ({"template_name": ""}, "Enter a name of 1 to 100"),
        ({"volumes-source": "/srv/${tag}", "volumes-target": "/x", "volumes-mode": "",
          "volumes-selinux": ""}, "cannot be part of a path on the host"),
        ({"environment-name": "PASSWORD", "environment-value": "hunter2"}, "looks like a secret"),
        ({"environment-name": "PASSWORD", "environment-value": "${tag}"}, "looks like a secret"),
        ({"labels-name": "berth.operation", "labels-value": "x"}, "own"),
        ({"health_command": "echo ${tag}"}, "cannot stand here"),
        ({"command_line": "sh -c 'echo ${tag}'"}, "whole argument"),
        ({"command_line": "sh -c '${tag}'"}, "read by a shell"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_at_its_field(as_, web, operator, more, text):
    answer = as_(operator).post("/catalog/new/", GIVEN | more)
    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert not LaunchTemplate.objects.exists()


def test_a_taken_name_is_refused_at_the_field(as_, web, operator):
    client = as_(operator)
    client.post("/catalog/new/", GIVEN)
    answer = client.post("/catalog/new/", GIVEN)
    assert answer.status_code == 422
    assert "Another template has this name" in answer.content.decode()


def test_a_template_of_a_launch_has_no_secret_of_it(as_, web, operator):
    run = ContainerRun(image="redis:7", name="c", environment={"DB_PASSWORD": "hunter2", "A": "b"})
    launched = operation(web, operator, run, **ended())
    page = as_(operator).get(f"/catalog/new/?from={launched.pk}").content.decode()
    assert "redis:7" in page
    assert "hunter2" not in page
    assert "${db_password}" in page


def test_a_viewer_reads_the_catalogue_and_changes_nothing(as_, web, viewer, operator):
    made = template(operator)
    client = as_(viewer)
    assert "Shop" in client.get("/catalog/").content.decode()
    assert (
        "You are not an operator of any account"
        in client.get(f"/catalog/{made.pk}/").content.decode()
    )
    assert client.post("/catalog/new/", GIVEN).status_code == 403
    assert client.post("/catalog/import/", {"text": "x"}).status_code == 403
    assert client.post(f"/catalog/{made.pk}/remove/").status_code == 403
    answer = client.post(f"/catalog/{made.pk}/", {"account": "web", "p-customer": "acme"})
    assert answer.status_code == 422
    assert not Operation.objects.exists()
    assert Event.objects.filter(action="access.refused", actor=viewer).count() == 3


def test_only_owners_and_administrators_change_a_template(as_, web, operator, owner, admin):
    made = template(operator)
    for path in ("edit", "sharing", "remove"):
        assert as_(owner).post(f"/catalog/{made.pk}/{path}/", GIVEN).status_code == 403
    assert as_(admin).get(f"/catalog/{made.pk}/edit/").status_code == 200
    wanted = {"name": "Shop", "public": "on", "owners": [owner.pk]}
    assert as_(admin).post(f"/catalog/{made.pk}/sharing/", wanted).status_code == 302
    assert as_(owner).get(f"/catalog/{made.pk}/edit/").status_code == 200
    assert as_(operator).get(f"/catalog/{made.pk}/edit/").status_code == 403


def test_a_template_for_chosen_groups_does_not_exist_for_others(
    as_, web, operator, viewer, stranger, team
):
    made = template(operator)
    stranger.groups.add(team)
    wanted = {"name": "Shop", "groups": [team.pk], "owners": [operator.pk]}
    as_(operator).post(f"/catalog/{made.pk}/sharing/", wanted)
    for person, status in ((operator, 200), (stranger, 200), (viewer, 404)):
        for path in ("", "versions/", "export/"):
            assert as_(person).get(f"/catalog/{made.pk}/{path}").status_code == status
    assert "Shop" not in as_(viewer).get("/catalog/").content.decode()


def test_a_person_fills_the_parameters_and_it_is_launched(as_, web, operator, busy):
    busy.add(20000)
    made = template(operator)
    answer = as_(operator).post(
        f"/catalog/{made.pk}/",
        {"account": "web", "p-customer": "acme", "p-size": "128m", "p-port": "",
         "p-password": "hunter2-and-more"},
    )  # fmt: skip
    assert answer.status_code == 303
    query = Operation.objects.get()
    assert query.kind == "container.run"
    assert query.parameters["name"] == "shop-acme"
    assert query.parameters["memory"] == 128 * 1024**2
    assert query.parameters["ports"] == [{"container_port": 8080, "host_port": 20001}]
    assert query.parameters["labels"]["berth.template"] == str(made.pk)
    assert "hunter2" not in f"{query.parameters} {query.command} {Event.objects.values()}"
    assert PortAllotment.objects.get().port == 20001


def test_what_is_filled_in_wrong_is_said_at_its_field_and_nothing_begins(as_, web, operator, busy):
    made = template(operator)
    for more in (
        {"p-customer": ""},
        {"p-customer": "../x"},
        {"p-size": "999g"},
        {"p-port": "http"},
        {"p-port": "99999"},
        {"account": "shop"},
    ):
        given = {"account": "web", "p-customer": "acme", "p-size": "64m", "p-port": ""}
        answer = as_(operator).post(f"/catalog/{made.pk}/", given | more)
        assert answer.status_code == 422, more
        assert "errorlist" in answer.content.decode()
    assert not Operation.objects.exists()
    assert not PortAllotment.objects.exists()


def test_a_description_is_rendered_without_harm(as_, web, operator):
    text = (
        "<script>alert(1)</script> [x](javascript:alert(1)) [y](https://good.example) "
        "![p](https://spy.example/p.png) **bold**"
    )
    made = template(operator, WEB | {"description": text})
    page = as_(operator).get(f"/catalog/{made.pk}/").content.decode()
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert '<img src="https://spy' not in page
    assert 'href="https://good.example" rel="noreferrer noopener nofollow"' in page
    assert "<strong>bold</strong>" in page


def test_the_help_of_a_parameter_is_text(as_, web, operator):
    as_(operator).post("/catalog/new/", GIVEN)
    page = as_(operator).get(f"/catalog/{LaunchTemplate.objects.get().pk}/").content.decode()
    assert "&lt;b&gt;which" in page
    assert "<b>which" not in page


def test_the_difference_of_two_versions_is_shown(as_, web, operator):
    made = template(operator)
    changed = {**WEB, "run": {**WEB["run"], "image": "registry.example/shop:2"}}
    from consoleapp.core.actor import Actor

    changes.save_version(made, parse(changed), actor=Actor(user=operator), note="Newer shop")
    page = as_(operator).get(f"/catalog/{made.pk}/versions/").content.decode()
    assert '<span class="diff-removed">-  image: registry.example/shop:1</span>' in page
    assert '<span class="diff-added">+  image: registry.example/shop:2</span>' in page
    assert as_(operator).get(f"/catalog/{made.pk}/versions/?from=x&to=99").status_code == 200


def test_the_preview_shows_the_form_and_the_command_line(as_, web, operator):
    page = as_(operator).post("/catalog/preview/", GIVEN).content.decode()
    assert "redis:7" in page
    assert "Tag" in page
    unfinished = as_(operator).post("/catalog/preview/", GIVEN | {"image": ""})
    assert unfinished.status_code == 200
    assert "when the template is complete" in unfinished.content.decode()


def test_search_finds_by_name_description_and_image(as_, web, operator):
    template(operator)
    client = as_(operator)
    for words in ("shop", "customer", "registry.example", "nothing-like-it"):
        found = words != "nothing-like-it"
        page = client.get(f"/catalog/?q={words}", headers={"HX-Request": "true"}).content.decode()
        assert ("Launch Shop" in page) is found
