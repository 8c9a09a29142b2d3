"""A newer version of a template replaces a container of an older one."""

import pytest

from consoleapp.catalog import changes, launching
from consoleapp.catalog.definition import parse
from consoleapp.catalog.models import PortAllotment
from consoleapp.core.actor import Actor
from consoleapp.operations.models import Operation
from engine.schema.containers import ContainerReplace, Port
from tests.fixtures.catalog import WEB, template
from tests.fixtures.web import StoredSnapshot, container, ended, snapshot

NEWER = {**WEB, "run": {**WEB["run"], "image": "registry.example/shop:2"}}
TYPED = {"customer": "acme", "size": "128m", "password": "hunter2"}


@pytest.fixture
def old(web, operator, busy, snapshots):
    """Create a template at version 2, and the row of a container of version 1."""
    made = template(operator)
    first = launching.launch(made, web, TYPED, actor=Actor(user=operator))
    ports = [Port(container_port=8080, host_port=20000)]
    row = container("shop-acme", ports=ports, labels=first.parameters["labels"])
    Operation.objects.filter(pk=first.pk).update(**ended(result={"id": row.id}))
    snapshots["web"] = StoredSnapshot(snapshot(row))
    changes.save_version(made, parse(NEWER), actor=Actor(user=operator), note="Faster.")
    return made, row


def test_the_containers_page_says_that_there_is_a_newer_version(as_, web, operator, old):
    page = as_(operator).get("/accounts/web/containers/shop-acme/").content.decode()
    assert "A newer version of" in page
    assert "Faster." in page
    assert "/catalog/relaunch/web/shop-acme/" in page


def test_a_relaunch_keeps_name_port_and_volume_and_asks_for_the_secret_again(
    as_, web, operator, old
):
    client = as_(operator)
    page = client.get("/catalog/relaunch/web/shop-acme/")
    assert not page.context["ready"]
    assert "shop:2</span>" in page.content.decode()
    assert "hunter2" not in page.content.decode()
    assert page.context["form"]["p-customer"].value() == "acme"
    given = {"p-customer": "acme", "p-size": "128m", "p-port": "", "p-password": "again-hunter"}
    assert client.post("/catalog/relaunch/web/shop-acme/", given).status_code == 303
    query = Operation.objects.get(kind="container.replace")
    assert query.parameters["name"] == "shop-acme"
    assert query.parameters["ports"] == [{"container_port": 8080, "host_port": 20000}]
    assert query.parameters["image"] == "registry.example/shop:2"
    assert query.parameters["volumes"][0]["source"] == "shop-acme"
    assert query.parameters["labels"]["berth.template.version"] == "2"
    assert "again-hunter" not in f"{query.parameters}{query.command}"
    assert "--replace" in query.command
    assert PortAllotment.objects.get().operation == query


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {"berth.template": "x"},
        {"berth.template": "1"},
        {"berth.template": "999", "berth.template.version": "1"},
        {"berth.template": "-1", "berth.template.version": "1"},
        {"berth.template": "9" * 40, "berth.template.version": "1"},
        {"berth.template": "1", "berth.template.version": "1", "berth.template.values": "[" * 9000},
        {"berth.template": "1", "berth.template.version": "1", "berth.template.values": '{"a":[]}'},
        {"berth.template": "٣", "berth.template.version": "x"},
    ],
)
def test_labels_that_make_no_sense_break_no_page(as_, web, operator, snapshots, old, labels):
    snapshots["web"] = StoredSnapshot(snapshot(container("odd", labels=labels)))
    page = as_(operator).get("/accounts/web/containers/odd/")
    assert page.status_code == 200
    assert "A newer version of" not in page.content.decode()
    assert as_(operator).get("/catalog/relaunch/web/odd/").status_code == 404


def test_who_may_not_see_the_template_hears_nothing_of_it(as_, web, viewer, operator, old):
    made, _ = old
    share = {"name": "Shop", "public": False, "groups": [], "owners": [operator]}
    changes.share(made, actor=Actor(user=operator), **share)
    page = as_(viewer).get("/accounts/web/containers/shop-acme/").content.decode()
    assert "A newer version of" not in page
    assert as_(viewer).get("/catalog/relaunch/web/shop-acme/").status_code == 403


def test_a_replacement_is_podman_run_with_replace():
    parameters = ContainerReplace(image="a:1", name="web")
    assert parameters.command() == [
        *("podman", "run", "-d", "--replace", "--name", "web", "--", "a:1")
    ]
