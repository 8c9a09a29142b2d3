"""The first page after signing in."""

from django.core.management import call_command

from consoleapp.accounts.models import Grant, LinuxAccount
from consoleapp.catalog.models import LaunchTemplate
from engine.schema.containers import ContainerRun
from tests.fixtures.people import person
from tests.fixtures.web import StoredSnapshot, container, operation, snapshot


def test_it_shows_my_accounts_what_runs_and_what_is_worth_a_look(as_, web, shop, viewer, snapshots):
    snapshots["web"] = StoredSnapshot(
        snapshot(container("good"), container("sick", health="unhealthy"))
    )
    page = as_(viewer).get("/").content.decode()
    assert "<b>2</b> running" in page
    assert "<b>1</b> unhealthy" in page
    assert "fails its health check" in page
    assert "/accounts/shop/" not in page


def test_it_leads_a_newcomer_to_a_running_web_container(as_, web, operator):
    call_command("demo_template", "localhost/berth-demo:latest")
    call_command("demo_template", "localhost/berth-demo:latest")
    template = LaunchTemplate.objects.get()
    page = as_(operator).get("/").content.decode()
    assert f"/catalog/{template.pk}/?account=web" in page
    run = ContainerRun.model_validate(template.contents.run)
    assert run.command_line == ["httpd", "-f", "-p", "8080", "-h", "/www"]
    assert run.ports[0].host_port is None


def test_a_viewer_is_offered_no_launch(as_, web, viewer):
    call_command("demo_template", "localhost/berth-demo:latest")
    assert "/containers/launch/" not in as_(viewer).get("/").content.decode()


def test_somebody_without_any_grant_learns_how_to_get_one(as_, db):
    assert "You have no grants yet" in as_(person("nils")).get("/").content.decode()


def test_it_costs_the_same_with_many_accounts(
    as_, host, web, operator, snapshots, django_assert_max_num_queries
):
    for number in range(30):
        account = LinuxAccount.objects.create(
            host=host, name=f"a{number}", key=f"a{number}", uid=5000 + number, socket="/no"
        )
        Grant.objects.create(account=account, user=operator, role="viewer")
        operation(account, operator)
        snapshots[account.key] = StoredSnapshot(snapshot(container("c")))
    client = as_(operator)
    client.get("/")
    with django_assert_max_num_queries(12):
        assert client.get("/").status_code == 200
